import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { contentsOf, messagesOf, Talk } from "../support/conversation.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { until } from "../support/until.js";

/** Segments so small that the talk fills many. */
const CONFIG = { journal: { segmentBytes: 65_536 } };
const MESSAGES = 400;
const LENGTH = 1_000;

async function talkingDaemon(): Promise<{ readonly daemon: TestDaemon; readonly talk: Talk }> {
  const daemon = await daemonForTest({ config: CONFIG });
  const peer = await daemon.peer();
  const talk = await Talk.open(peer);
  await talk.say(peer, MESSAGES, LENGTH);
  return { daemon, talk };
}

async function snapshotsIn({ dataDir }: TestDaemon): Promise<string[]> {
  return readdir(join(dataDir, "snapshots"));
}

describe("a stop in order", () => {
  it("takes a snapshot, so that the next start replays nothing and everything is there", async () => {
    const { daemon, talk } = await talkingDaemon();
    expect(await snapshotsIn(daemon)).toEqual([]);
    expect(await daemon.restart()).toMatchObject({ records: 0 });
    const peer = await daemon.peer();
    const { sessionId } = talk.session;
    expect(contentsOf(await messagesOf(peer, sessionId))).toEqual(talk.said);
    // After little more there is nothing that it would be worth for.
    await talk.say(peer, 3);
    expect(await daemon.restart()).toMatchObject({ records: 3 });
    expect(await snapshotsIn(daemon)).toHaveLength(1);
    expect(contentsOf(await messagesOf(await daemon.peer(), sessionId))).toEqual(talk.said);
  });
});

describe("damage in what the journal keeps for subscribers", () => {
  it("is told by health and log behind a start that goes on, and ends whoever reads it", async () => {
    const { daemon, talk } = await talkingDaemon();
    await daemon.stop();
    const journal = join(daemon.dataDir, "journal");
    const [first = ""] = (await readdir(journal)).filter((name) => name.endsWith(".jsonl")).sort();
    const text = await readFile(join(journal, first), "utf8");
    const at = text.indexOf("message/appended");
    await writeFile(join(journal, first), `${text.slice(0, at)}message/appendeD${text.slice(at + 16)}`);
    await daemon.start();
    const peer = await daemon.peer();
    await until("the damage to be noticed", async () => {
      return (await peer.call("daemon/health")).status === "degraded";
    });
    const { checks } = await peer.call("daemon/health");
    const check = checks.find(({ name }) => name === "journal");
    expect(check?.detail).toContain(`${first}, offset`);
    expect(check?.detail).toContain("sessiond journal repair");
    expect((await daemon.log()).filter(({ event }) => event === "journal.damaged")).toHaveLength(1);
    const { sessionId } = talk.session;
    expect(contentsOf(await messagesOf(peer, sessionId))).toEqual(talk.said);
    await talk.say(peer, 1);
    const reader = await daemon.peer();
    await reader.call("event/subscribe", { sinceSeq: 0 });
    await reader.whenGone();
    const broken = (await daemon.log()).find(({ msg }) => msg === "A subscription broke off");
    expect(JSON.stringify(broken)).toContain("sessiond journal repair");
  });
});
