import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
  await shell.run("call", "session/create", '{"name":"kept"}');
});
afterAll(() => shell.close());

const namesOf = async (...args: string[]): Promise<(string | undefined)[]> =>
  (await shell.json<{ items: { name?: string }[] }>("list", ...args)).items.map(({ name }) => name);

describe("sessiond backup", () => {
  it("S0.14 has the daemon copy everything to a folder that is named from here", async () => {
    expect(await shell.run("backup", "safe")).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(
        /^Everything up to event 1 is in \/.*\/safe: 3 files, .* in .*\.\n$/,
      ) as string,
    });
    const again = await shell.run("backup", "safe");
    expect(again).toMatchObject({ exitCode: 2, out: "" });
    expect(again.err).toMatch(/safe cannot take a backup: there is something in it/);
    const result = await shell.json<object>("backup", "second");
    expect(result).toMatchObject({ path: join(shell.folder, "second"), seq: 1, fileCount: 3 });
    expect(await shell.run("backup", "data/inside")).toMatchObject({ exitCode: 2 });
    const failed = await shell.run("backup", "--json", "/proc/none");
    expect(failed.exitCode).toBe(1);
    expect(JSON.parse(failed.err)).toMatchObject({ error: { type: "backup_failed" } });
  });
});

describe("sessiond restore", () => {
  it("S0.14 is refused while a daemon has the folder", async () => {
    const refused = await shell.run("restore", "safe", "--replace");
    expect(refused).toMatchObject({ exitCode: 75, out: "" });
    expect(refused.err).toMatch(/The data folder .* is in use by process \d+/);
  });

  it("S0.14 names what is wrong with a backup, and touches nothing", async () => {
    const at = ["--data-dir", join(shell.folder, "elsewhere")];
    for (const name of (await readdir(join(shell.folder, "second"), { recursive: true })).toSorted()) {
      if (!name.includes(".")) continue;
      const path = join(shell.folder, "second", name);
      const bytes = await readFile(path);
      const flipped = Buffer.from(bytes);
      flipped[20] = (flipped[20] ?? 0) ^ 1;
      flipped[5] = (flipped[5] ?? 0) ^ 1;
      await writeFile(path, flipped);
      const refused = await shell.run("restore", "second", ...at);
      expect(refused).toMatchObject({ exitCode: 1, out: "" });
      expect(refused.err).toContain(path);
      await writeFile(path, bytes);
    }
    const incomplete = await shell.run("restore", "home", "--json", ...at);
    expect(incomplete.exitCode).toBe(1);
    expect(JSON.parse(incomplete.err)).toMatchObject({ error: { type: "backup_incomplete" } });
    expect(await shell.json("restore", "second", "--dry-run", ...at)).toMatchObject({
      isRestored: false,
      seq: 1,
    });
    expect(await readdir(shell.folder)).not.toContain("elsewhere");
  });

  it("S0.14 makes it the state of a new folder, or of one whose state it moves aside", async () => {
    await shell.run("call", "session/create", '{"name":"later"}');
    await shell.run("stop");
    const absent = await shell.run("backup", "third");
    expect(absent.exitCode).toBe(69);
    expect(absent.err).toMatch(
      /it is the daemon that makes the backup\.\n {2}hint: start it with: sessiond start/,
    );

    const elsewhere = join(shell.folder, "elsewhere");
    const fresh = await shell.run("restore", "safe", "--data-dir", elsewhere);
    expect(fresh).toMatchObject({ exitCode: 0 });
    expect(fresh.out).toMatch(/^Restored the state of event 1, of .*\nStart it with: sessiond start\n$/);
    expect((await shell.run("journal", "verify", "--data-dir", elsewhere)).exitCode).toBe(0);

    const refused = await shell.run("restore", "safe");
    expect(refused).toMatchObject({ exitCode: 1, out: "" });
    expect(refused.err).toContain("Nothing was changed.\n  hint: to move them aside, give --replace");
    const dry = await shell.run("restore", "safe", "--replace", "--dry-run");
    expect(dry.out).toMatch(/safe is whole: the state of event 1, .* It can be restored to .*data\.\n$/);
    const replaced = await shell.run("restore", "safe", "--replace");
    const [, aside = ""] = /What was there is kept in (\S+)\.\n/.exec(replaced.out) ?? [];
    expect(aside).toMatch(/data\.before-restore-\w+$/);

    await shell.run("start", "--detach");
    expect(await namesOf()).toEqual(["kept"]);
    await shell.run("stop");
    await shell.run("start", "--detach", "--data-dir", aside);
    try {
      expect(await namesOf("--data-dir", aside)).toEqual(["later", "kept"]);
    } finally {
      await shell.run("stop", "--data-dir", aside);
    }
  });
});
