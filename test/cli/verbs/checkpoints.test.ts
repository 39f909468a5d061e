import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Result } from "../../../client/index.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
  await shell.run("call", "session/create", '{"sessionId":"a","name":"build","purpose":"first"}');
});
afterAll(() => shell.close());

const made = (...args: string[]): Promise<Result<"checkpoint/create">> =>
  shell.json("checkpoint", "a", ...args);
const listed = (): Promise<Result<"checkpoint/list">> => shell.json("checkpoints", "a");
const purpose = async (): Promise<string | undefined> =>
  (await shell.json<Result<"session/get">>("call", "session/get", '{"sessionId":"a"}')).purpose;

async function rename(to: string): Promise<void> {
  await shell.run("call", "session/update", JSON.stringify({ sessionId: "a", purpose: to }));
}

describe("checkpoints on the command line", () => {
  it("says what to do when there is none", async () => {
    expect((await shell.run("checkpoints", "build")).out).toBe(
      "Session a has no checkpoints. Make one with: sessiond checkpoint a\n",
    );
    expect(await listed()).toEqual({ items: [], total: 0 });
    const { exitCode, err } = await shell.run("rollback", "a");
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^sessiond: Session "a" has no checkpoint\.\n {2}hint: /);
  });

  it("makes one, lists it, goes back to it, and undoes that", async () => {
    expect((await shell.run("checkpoint", "build", "before it")).out).toMatch(
      /^made checkpoint [0-9a-f-]{36}\n$/,
    );
    await rename("second");
    const back = await shell.run("rollback", "a");
    const [kept] = (await listed()).items.filter(({ automatic }) => !automatic);
    const [, undo = ""] = /sessiond rollback a ([0-9a-f-]{36})\n$/.exec(back.out) ?? [];
    expect(back.out).toBe(
      `a is back at checkpoint ${kept?.checkpointId}: active, 0 messages\nto undo this: sessiond rollback a ${undo}\n`,
    );
    expect(await purpose()).toBe("first");
    const [title, ...rows] = (await shell.run("checkpoints", "a")).out.trimEnd().split("\n");
    expect(title).toMatch(/^ID +LABEL +STATUS +MESSAGES +MADE +SIZE$/);
    expect(rows[0]).toMatch(/^[0-9a-f-]{36} +before restoring before it +active +0 .* B$/);
    expect(rows[1]).toMatch(/^[0-9a-f-]{36} +before it +active +0 .* B$/);
    await shell.run("rollback", "a", undo);
    expect(await purpose()).toBe("second");
  });

  it("takes an id, its beginning, or a label, and nothing that could mean two", async () => {
    const { checkpointId } = await made("by label");
    await made();
    await rename("third");
    await shell.run("rollback", "a", "by label");
    expect(await purpose()).toBe("second");
    await rename("third");
    expect(await shell.json("rollback", "a", checkpointId)).toMatchObject({ restored: checkpointId });
    // Ids of one minute begin alike.
    const many = await shell.run("rollback", "a", checkpointId.slice(0, 4));
    expect(many.err).toContain("More than one checkpoint of session a begins with");
    const none = await shell.run("rollback", "a", "nothing");
    expect(none.err).toContain('Session a has no checkpoint "nothing".');
    expect([many.exitCode, none.exitCode]).toEqual([1, 1]);
    await shell.run("call", "session/create", '{"sessionId":"one"}');
    const only = await shell.json<Result<"checkpoint/create">>("checkpoint", "one");
    const short = await shell.json("rollback", "one", only.checkpointId.slice(0, 9));
    expect(short).toMatchObject({ restored: only.checkpointId });
  });
});
