import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

describe("sessiond import", () => {
  it("S1.10 takes over a folder that is named from here, and says what it did not take", async () => {
    await mkdir(join(shell.folder, "old"));
    const session = { session_id: "a", created_at: "2025-11-08T10:30:00", status: "ended", color: "red" };
    await writeFile(join(shell.folder, "old", "session_a.json"), JSON.stringify(session));
    expect(await shell.run("import", "old")).toMatchObject({
      exitCode: 0,
      out: "imported a, without color\n",
    });
    const taken = await shell.run("import", "old");
    expect(taken).toMatchObject({ exitCode: 1, out: "" });
    expect(taken.err).toContain("Nothing was imported.");
    expect(taken.err).toContain("--on-conflict rename");
    // That is what an import can be told, and nothing else.
    const made = await shell.run("call", "session/create", '{"sessionId":"a"}');
    expect(made.err).toContain('A session "a" exists already.');
    expect(made.err).not.toContain("--on-conflict");
    await writeFile(join(shell.folder, "old", "session_b.json"), "{}");
    const renamed = await shell.run("import", "old", "--on-conflict", "rename");
    expect(renamed.exitCode).toBe(1);
    expect(renamed.out).toMatch(
      /^imported a-2 \(was a\), without color\nskipped session_b\.json: session_id: /,
    );
  });
});
