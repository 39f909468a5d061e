import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForSuite } from "../support/daemon.js";
import { exported, type Line, linesOf, ran, writeLines } from "../support/portableFile.js";

const suite = daemonForSuite({ inProcess: true });
const elsewhere = daemonForSuite({ inProcess: true });

let files = 0;

/** A path that nothing lies at. */
const newPath = (): string => join(suite().folder, `file-${(files += 1)}.jsonl`);

describe("a file with everything of a session", () => {
  it("S2.2 a file that somebody made up is refused with what is wrong, and nothing is left of it", async () => {
    const peer = await suite().peer();
    const sessionId = "hostile";
    await peer.call("session/create", { sessionId });
    await peer.call("message/append", { sessionId, role: "user", content: "one" });
    await peer.call("checkpoint/create", { sessionId });
    await ran(peer, sessionId, "head -c 300000 /dev/zero", "c");
    const lines = (await linesOf(await exported(peer, sessionId, newPath()))).slice(0, -1);
    const kinds = lines.map(({ line }) => line);
    expect(kinds).toEqual([undefined, "session", "message", "checkpoint", "command", "output", "output"]);
    const [checkpoint = {}, command = {}, first = {}, second = {}] = lines.slice(3);
    const front = lines.slice(0, 3);
    const value = checkpoint["value"] as Line;
    const changed = (changes: Line): Line => ({ ...checkpoint, value: { ...value, ...changes } });
    const id = (index: number): string => `00000000-0000-7000-8000-${String(index).padStart(12, "0")}`;
    const many = Array.from({ length: 101 }, (_, index) => ({ ...checkpoint, checkpointId: id(index) }));
    const talk = (appended: number, count: number, hidden: unknown): Line =>
      changed({ conversation: { appended, count, hidden } });
    const cases: readonly (readonly [lines: readonly Line[], reason: RegExp])[] = [
      [[{ ...checkpoint, checkpointId: "../../../escaped" }], /^line 4: checkpointId: /],
      [[{ ...checkpoint, checkpointId: String(checkpoint["checkpointId"]).toUpperCase() }], /^line 4: check/],
      [[checkpoint, checkpoint], /^line 5: checkpointId: .* was in another line/],
      [many, /^line 104: automatic: there are 100/],
      [[changed({ status: "completed" })], /^line 4: value.endedAt/],
      [[changed({ metadata: { k: "x".repeat(70_000) } })], /^line 4: metadata "k" has/],
      [[talk(2, 1, [])], /^line 4: value.conversation.appended/],
      [[talk(1, 2, [])], /^line 4: value.conversation.count/],
      [[talk(1, 0, [[1, 1], [1, 1]])], /^line 4: value.conversation.hidden: these/], // prettier-ignore
      [
        [
          talk(
            1,
            0,
            Array.from({ length: 10_001 }, () => [1, 1]),
          ),
        ],
        /^line 4: value.conversation.hidden: there are too many/,
      ],
      [[{ ...command, commandId: "../c" }], /^line 4: commandId: /],
      [[{ ...command, commandId: "a/b" }], /^line 4: commandId: /],
      [[{ ...command, argv: [] }], /^line 4: argv: /],
      [[{ ...command, token: "t" }], /^line 4: /],
      [[{ ...command, endedAt: undefined }], /^line 4: endedAt/],
      [[command, command], /^line 5: commandId: "c" was in another line/],
      [[first], /^line 4: commandId: there is no command "c"/],
      [[command, { ...first, commandId: "../../d" }], /^line 5: commandId: /],
      [[command, second], /^line 5: from: it is 262144, and 0 bytes came before/],
      [[command, first, first], /^line 6: from: /],
      [[command, { ...first, stream: "stderr" }, first], /^line 6: stream: .* comes too late/],
      [[command, { ...first, base64: "%%%" }], /^line 5: base64: it is none/],
      [[command, { ...first, base64: "x".repeat(600_000) }], /^line 5: base64: /],
      [[command, checkpoint], /^line 5: a line of kind "checkpoint" comes too late/],
    ];
    const other = await elsewhere().peer();
    for (const [rest, reason] of cases) {
      const result = await other.call("session/import", {
        path: await writeLines(newPath(), [...front, ...rest]),
      });
      expect(result).toMatchObject({ imported: [], skipped: [{ reason: expect.stringMatching(reason) }] });
    }
    for (const place of ["content", "checkpoints"])
      expect(await readdir(join(elsewhere().dataDir, place, ".staged")).catch(() => [])).toEqual([]);
  });
});
