import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

describe("sessiond cleanup", () => {
  it("S0.10 says what would go and how large it is, what went, and that nothing is due", async () => {
    await shell.run("call", "session/create", '{"sessionId":"a"}');
    await shell.run("end", "a");
    expect(await shell.run("cleanup")).toMatchObject({ exitCode: 0, out: "Nothing is due.\n" });
    const archive = ["cleanup", "--archive-after", "1ms"];
    expect((await shell.run(...archive, "--dry-run")).out).toMatch(
      /^SESSION  WOULD BE +SIZE  BY\na        archived +[1-9][\d.]* k?B  retention\.archiveAfterMs\n1 session with [1-9][\d.]* k?B\n$/,
    );
    expect((await shell.run(...archive)).out).toMatch(/^SESSION  WAS +SIZE  BY\na        archived +[1-9]/);
    const remove = ["cleanup", "--archive-after", "never", "--delete-after", "1ms"];
    expect((await shell.run(...remove, "--dry-run")).out).toMatch(
      /\n1 session with ([1-9].*B), \1 of them deleted\n$/,
    );
    const sizeBytes = expect.any(Number) as number;
    expect(await shell.json(...remove)).toEqual({
      sessions: [{ sessionId: "a", action: "delete", reason: "retention.deleteAfterMs", sizeBytes }],
      archivedCount: 0,
      trashedCount: 0,
      deletedCount: 1,
      totalBytes: sizeBytes,
      deletedBytes: sizeBytes,
      dryRun: false,
    });
    expect(await shell.run("cleanup", "--delete-after", "0")).toMatchObject({ exitCode: 2 });
  });

  it("B.7 empties the trash", async () => {
    await shell.run("call", "session/create", '{"sessionId":"b"}');
    await shell.run("end", "b");
    await shell.run("trash", "b");
    expect((await shell.run("cleanup", "--trash-after", "1ms")).out).toContain("b        deleted");
  });
});

describe("the verbs that say where a session is kept", () => {
  it("B.7 put it there and bring it back, by a name or the beginning of an id", async () => {
    await shell.run("call", "session/create", '{"sessionId":"session-one","name":"one"}');
    await shell.run("call", "session/create", '{"sessionId":"session-two"}');
    expect(await shell.run("archive", "one")).toMatchObject({ exitCode: 1, out: "" });
    await shell.run("end", "one");
    await shell.run("end", "session-t");
    const statusOf = async (): Promise<string> =>
      (await shell.run("show", "session-one")).out.split("\n")[2] ?? "";
    for (const [verb, said, shown] of [
      ["pin", "pinned", "completed, pinned"],
      ["archive", "archived", "completed, archived, pinned"],
      ["trash", "in the trash", "completed, archived, in the trash, pinned"],
      ["untrash", "out of the trash", "completed, archived, pinned"],
      ["unarchive", "back from the archive", "completed, pinned"],
      ["unpin", "no longer pinned", "completed"],
    ] as const) {
      expect(await shell.run(verb, "one")).toMatchObject({ exitCode: 0, out: `session-one is ${said}\n` });
      expect((await statusOf()).replace(/^status\s+/, "")).toBe(shown);
    }
    const both = await shell.json("trash", "session-o", "session-two", "session-two");
    expect(both).toMatchObject([{ sessionId: "session-one" }, { sessionId: "session-two" }]);
    expect((await shell.run("list", "--all")).out).not.toContain("session-one");
    expect((await shell.run("list", "--status", "trashed")).out).toContain("in the trash");
    // Where one is not found, none is touched.
    expect(await shell.run("untrash", "session-one", "session-three")).toMatchObject({
      exitCode: 1,
      out: "",
    });
    expect((await shell.run("show", "session-one")).out).toContain("in the trash");
  });
});
