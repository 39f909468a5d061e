import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Params } from "../../src/protocol/types.js";
import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { passing, until } from "../support/until.js";

const daemon = daemonForSuite();

type Config = NonNullable<Params<"session/create">["config"]>;

/** Does a bit of everything in a session of its own, and answers its id. */
async function doThings(peer: Peer, config: Config): Promise<string> {
  const { sessionId } = await peer.call("session/create", { config });
  await peer.call("session/record", { sessionId, action: "look around" });
  await peer.call("metadata/set", { sessionId, key: "k", value: "v" });
  await peer.call("command/run", { sessionId, argv: ["false"] });
  await peer.call("session/end", { sessionId });
  return sessionId;
}

/** The lines of the log about a session, once a session that came later is in it too: the log is written in order. */
async function linesOf(peer: Peer, sessionId: string): Promise<Record<string, unknown>[]> {
  const { sessionId: marker } = await peer.call("session/create");
  return until("the log", async () => {
    const lines = await daemon().log();
    const isWritten = lines.some((line) => line["sessionId"] === marker);
    return isWritten && lines.filter((line) => line["sessionId"] === sessionId);
  });
}

describe("what is logged of a session", () => {
  it("S0.1 logging.enabled: each of its lines is there, or none", async () => {
    const peer = await daemon().peer();
    const loud = await linesOf(peer, await doThings(peer, {}));
    const events = [
      "session.created",
      "command.accepted",
      "command.started",
      "command.ended",
      "session.ended",
    ];
    expect(loud.map((line) => line["event"])).toEqual(events);
    const silent = await doThings(peer, { logging: { enabled: false } });
    expect(await linesOf(peer, silent)).toEqual([]);
    expect(await readFile(daemon().logFile, "utf8")).not.toContain(silent);
  });

  it("S0.1 logging.level: debug says more, warn less", async () => {
    const peer = await daemon().peer();
    const linesAt = async (level: "debug" | "info" | "warn" | "error"): Promise<unknown[]> => {
      const lines = await linesOf(peer, await doThings(peer, { logging: { level } }));
      return lines.map((line) => line["event"]);
    };
    const debug = await linesAt("debug");
    const info = await linesAt("info");
    expect(debug).toContain("activity.recorded");
    expect(debug).toContain("metadata.set");
    expect(debug.filter((event) => info.includes(event))).toEqual(info);
    expect(await linesAt("warn")).toEqual(["command.ended"]);
    expect(await linesAt("error")).toEqual([]);
  });

  it("S0.1 it can be changed while the session goes on", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { config: { logging: { enabled: false } } });
    await peer.call("session/pause", { sessionId });
    await peer.call("session/update", { sessionId, config: { logging: { enabled: true } } });
    await peer.call("session/resume", { sessionId });
    expect((await linesOf(peer, sessionId)).map((line) => line["event"])).toEqual(["session.resumed"]);
  });

  it("S0.1 neither values nor secrets are logged, at any level", async () => {
    const peer = await daemon().peer();
    const config = { logging: { level: "trace" as const } };
    const environment = { API_KEY: "hush-1" };
    const { sessionId } = await peer.call("session/create", {
      config,
      environment,
      metadata: { a: "hush-2" },
    });
    await peer.call("metadata/set", { sessionId, key: "k", value: "hush-3" });
    await peer.call("session/record", { sessionId, action: "a", details: "hush-4" });
    const env = { TOKEN: "hush-5", PATH: process.env["PATH"] ?? "" };
    await peer.call("command/run", { sessionId, argv: ["true", "hush-6"], env, stdin: "hush-7" });
    expect((await linesOf(peer, sessionId)).length).toBeGreaterThan(4);
    expect(await readFile(daemon().logFile, "utf8")).not.toContain("hush");
  });
});

describe("other settings of a session", () => {
  it("S0.1 autoSaveIntervalMs: soon means soon, and late means later", async () => {
    const peer = await daemon().peer();
    const record = async (autoSaveIntervalMs: number): Promise<() => Promise<number>> => {
      const session = await peer.call("session/create", { config: { autoSaveIntervalMs } });
      const { sessionId, createdSeq } = session;
      await peer.call("session/record", { sessionId, action: "x" });
      const file = join(daemon().dataDir, "content", `${sessionId}~${createdSeq}`, "activities.jsonl");
      return async () => (await readFile(file, "utf8").catch(() => "")).length;
    };
    const [late, soon] = [await record(600_000), await record(100)];
    await until("the save of the first", async () => (await soon()) > 0);
    await passing(1_200);
    expect(await late()).toBe(0);
    // It is no less safe for it: the journal has it.
    await daemon().crash();
  });

  it("S0.1 every setting comes back as it was given, the others from the daemon's own", async () => {
    const commands = { startToCloseMs: 7_000, graceMs: 70, maxOutputBytes: 700, maxRunningPerSession: 7 };
    const sessions = { idleTimeoutMs: 1_000_000, lifetimeMs: 2_000_000, autoSaveIntervalMs: 700 };
    const own = await daemonForTest({ config: { sessions, commands, log: { level: "warn" } } });
    const peer = await own.peer();
    const { config } = await peer.call("session/create");
    expect(config).toMatchObject({
      idleTimeoutMs: 1_000_000,
      lifetimeMs: 2_000_000,
      autoSaveIntervalMs: 700,
      heartbeatTimeoutMs: 0,
      logging: { enabled: true, level: "warn" },
      startToCloseMs: 7_000,
      graceMs: 70,
      maxOutputBytes: 700,
      maxRunningCommands: 7,
      retry: { maxAttempts: 1 },
    });
    const given = {
      idleTimeoutMs: 5_000,
      heartbeatTimeoutMs: 600_000,
      logging: { level: "error" as const },
      retry: { maxAttempts: 9, nonRetryableExitCodes: [3] },
    };
    const changed = await peer.call("session/create", { config: given });
    expect(changed.config).toEqual({
      ...config,
      ...given,
      logging: { enabled: true, level: "error" },
      retry: { ...config.retry, ...given.retry },
    });
  });
});
