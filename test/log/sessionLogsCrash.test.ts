import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";

import type { SessionLogs } from "../../src/log/sessionLogs.js";
import type { LogOwner } from "../../src/log/sessionLogPlaces.js";
import { type LogsFolder, logsFolderForTest } from "../support/sessionLogs.js";

let dir: LogsFolder["dir"];
let complaints: LogsFolder["complaints"];
let open: LogsFolder["open"];
beforeEach(() => {
  ({ dir, complaints, open } = logsFolderForTest());
});

const a: LogOwner = { sessionId: "a", createdSeq: 1 };
const say = (logs: SessionLogs, owner: LogOwner, message: string): void =>
  logs.write(owner, { level: "info", message, fields: {} });

describe("logs", () => {
  it("are archived once where a crash came between the two steps of that", async () => {
    const logs = open();
    say(logs, a, "first");
    await logs.settled(a);
    const folder = join(dir, "sessions", "a~1");
    const [name = ""] = readdirSync(folder);
    const live = readFileSync(join(folder, name));
    await logs.archive(a);
    const archive = join(dir, "archive", "a~1");
    writeFileSync(join(archive, "0002.log.gz.0123456789ab.tmp"), "half");
    // As if it had not been removed, and then written to by the next daemon.
    mkdirSync(folder);
    writeFileSync(join(folder, name), Buffer.concat([live, live]));
    await logs.archive(a);
    expect(gunzipSync(readFileSync(join(archive, "0001.log.gz")))).toEqual(Buffer.concat([live, live]));
    say(logs, a, "second");
    await logs.settled(a);
    await logs.archive(a);
    expect(readdirSync(archive).toSorted()).toEqual(["0001.log.gz", "0002.log.gz"]);
    expect(complaints).toEqual([]);
  });

  it("of deleted sessions go at the next start where a crash came between", async () => {
    const logs = open();
    const others = ["b", "c"].map((sessionId, at) => ({ sessionId, createdSeq: at + 2 }));
    for (const owner of [a, ...others]) say(logs, owner, "said");
    await logs.close();
    const next = open();
    await next.archive(a);
    await next.removeLeft([]);
    await next.removeLeft([a, ...others.slice(0, 1), { sessionId: "never written", createdSeq: 9 }]);
    expect(readdirSync(join(dir, "archive"))).toEqual([]);
    expect(readdirSync(join(dir, "sessions"))).toEqual(["c~3"]);
    expect(readdirSync(dir).toSorted()).toEqual(["archive", "session_c.log", "sessions"]);
  });
});
