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

  it("S2.2 writes everything where the name of the file says so, and import takes it over", async () => {
    await shell.run("call", "message/append", '{"sessionId":"task","role":"user","content":"hello"}');
    const shape = await shell.run("export", "task", "shape.json");
    expect(shape.out).toContain(
      "1 message of its conversation is not in it: name a file that ends in .jsonl",
    );
    const whole = await shell.run("export", "task", "task.jsonl.gz", "--secrets");
    expect(whole.out).toMatch(/^exported to \/.*\/task\.jsonl\.gz: 1 activity, 1 message, .* k?B\n$/);
    const taken = await shell.run("import", "task.jsonl.gz", "--on-conflict", "rename");
    expect(taken).toMatchObject({ exitCode: 0, out: "imported task-2 (was task)\n" });
    const shown = await shell.json<Result<"message/list">>("call", "message/list", '{"sessionId":"task-2"}');
    expect(shown.items).toMatchObject([{ content: "hello" }]);
  });

  it("S2.2 clones a session, up to a message that is named by its id or its number", async () => {
    await shell.run("call", "session/create", '{"sessionId":"talk"}');
    for (const content of ["one", "two", "three"])
      await shell.run("call", "message/append", JSON.stringify({ sessionId: "talk", role: "user", content }));
    const all = await shell.run("clone", "talk");
    expect(all.out).toMatch(/^cloned talk as [0-9a-f-]{36}, with 3 messages\n$/);
    const part = await shell.json<Result<"session/clone">>(
      "clone",
      "talk",
      "--through",
      "2",
      "--name",
      "try",
    );
    expect(part).toMatchObject({ parentId: "talk", name: "try", messages: 2 });
    const { items } = await shell.json<Result<"message/list">>(
      "call",
      "message/list",
      '{"sessionId":"talk"}',
    );
    const [first] = items.map((item) => ("messageId" in item ? item.messageId : ""));
    expect(await shell.json("clone", "talk", "--through", first ?? "")).toMatchObject({ messages: 1 });
    expect(await shell.run("clone", "talk", "--through", "9")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("no message of index 9"),
    });
  });
});
