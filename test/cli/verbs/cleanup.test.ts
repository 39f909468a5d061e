import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

describe("sessiond cleanup", () => {
  it("S0.10 says what would go, what went, and that nothing is old enough", async () => {
    await shell.run("call", "session/create", '{"sessionId":"a"}');
    await shell.run("end", "a");
    expect(await shell.run("cleanup")).toMatchObject({ exitCode: 0, out: "Nothing is old enough.\n" });
    const archive = ["cleanup", "--archive-after", "1ms"];
    expect((await shell.run(...archive, "--dry-run")).out).toBe("would archive a\n");
    expect((await shell.run(...archive)).out).toBe("archived a\n");
    const remove = ["cleanup", "--archive-after", "never", "--delete-after", "1ms"];
    expect((await shell.run(...remove, "--dry-run")).out).toBe("would delete a\n");
    expect(await shell.json(...remove)).toEqual({
      archived: [],
      archivedCount: 0,
      deleted: ["a"],
      deletedCount: 1,
      dryRun: false,
    });
    expect(await shell.run("cleanup", "--delete-after", "0")).toMatchObject({ exitCode: 2 });
  });
});
