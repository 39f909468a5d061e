import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Result } from "../../../client/index.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
  await shell.run("call", "session/create", '{"sessionId":"task","name":"the task"}');
  await shell.run("call", "session/record", '{"sessionId":"task","action":"begun"}');
});
afterAll(() => shell.close());

describe("sessiond export", () => {
  it("S0.10 writes a session into a file that is named from here, and nothing over", async () => {
    const done = await shell.run("export", "the task");
    expect(done.exitCode).toBe(0);
    expect(done.out).toMatch(/^exported to \/.*\/session_task\.json: 1 activity, .* k?B\n$/);
    const file = JSON.parse(await readFile(join(shell.folder, "session_task.json"), "utf8")) as object;
    expect(file).toMatchObject({ session_id: "task", activity_log: [{ action: "begun" }] });
    const again = await shell.run("export", "task");
    expect(again).toMatchObject({ exitCode: 2, out: "" });
    expect(again.err).toContain("is there already");
    const named = await shell.json<Result<"session/export">>("export", "task", "other.json");
    expect(named).toMatchObject({ activities: 1, damaged: 0 });
    expect(named.path.endsWith("/other.json")).toBe(true);
    expect(await readFile(named.path, "utf8")).toHaveLength(named.sizeBytes);
    expect((await shell.run("export", "nobody")).err).toContain('There is no session "nobody".');
  });
});
