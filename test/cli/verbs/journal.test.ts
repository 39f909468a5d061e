import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Shell } from "../shell.js";

let shell: Shell;
/** A copy of the data folder of a daemon that was stopped. */
let sound: string;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
  const create = { name: "first", environment: { API_TOKEN: "hush" }, idempotencyKey: "once" };
  await shell.run("call", "session/create", JSON.stringify(create));
  await shell.run("run", "--name", "second", "--", "echo", "hi");
  await shell.run("call", "session/create", '{"name":"third"}');
});
afterAll(() => shell.close());

/** A copy with one changed bit in the record of a session's creation. */
async function damaged(name: string, inRecordOf: string): Promise<string> {
  const folder = join(shell.folder, name);
  await cp(sound, folder, { recursive: true });
  const path = await lastSegment(folder);
  const bytes = await readFile(path);
  const at = bytes.indexOf(`"name":"${inRecordOf}"`) + 8;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
  return folder;
}

async function lastSegment(folder: string): Promise<string> {
  const names = (await readdir(join(folder, "journal"))).filter((name) => name.endsWith(".jsonl")).sort();
  return join(folder, "journal", names.at(-1) ?? "");
}

const parse = (out: string): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("while a daemon runs", () => {
  it("verify and dump read, and repair is refused", async () => {
    expect((await shell.run("journal", "verify")).out).toMatch(
      /1 segment, \d+ records .*\nThe journal is sound/,
    );
    const refused = await shell.run("journal", "repair", "--dry-run");
    expect(refused).toMatchObject({ exitCode: 75, out: "" });
    expect(refused.err).toMatch(/The data folder .* is in use by process \d+/);
    expect((await shell.run("journal", "dump")).exitCode).toBe(0);
    await shell.run("stop");
    sound = join(shell.folder, "sound");
    await cp(shell.dataDir, sound, { recursive: true });
  });
});

describe("journal dump", () => {
  it("prints records as lines, and nothing secret", async () => {
    const { out, exitCode } = await shell.run("journal", "dump", "--data-dir", sound);
    expect(exitCode).toBe(0);
    const lines = parse(out);
    expect(lines[0]).toMatchObject({
      seq: 1,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      key: { idempotencyKey: "once", method: "session/create" },
      events: [
        { type: "session/created", data: { name: "first", environment: { API_TOKEN: "[redacted]" } } },
      ],
    });
    expect(Object.keys(lines[0]?.["key"] as object)).toEqual(["idempotencyKey", "method"]);
    expect(out).toContain('"token":"[redacted]"');
    expect(out).not.toContain("hush");
    const some = await shell.run("journal", "dump", "--data-dir", sound, "--since", "1", "--until", "3");
    expect(parse(some.out).map(({ seq }) => seq)).toEqual([2, 3]);
  });

  it("ends quietly when nobody reads on", async () => {
    const running = shell.start(["journal", "dump", "--data-dir", sound]);
    running.child.stdout?.destroy();
    expect(await running.ended).toMatchObject({ exitCode: 141, err: "" });
  });
});

describe("a damaged journal", () => {
  it("is shown by verify, and does not keep dump from going on", async () => {
    const folder = await damaged("shown", "second");
    const verified = await shell.run("journal", "verify", "--data-dir", folder);
    expect(verified.exitCode).toBe(1);
    expect(verified.out).toMatch(
      /\.jsonl, offset \d+, after event 1: .*\n {2}damage\n1 segment, .*\nThe journal is damaged/,
    );
    const asJson = await shell.run("journal", "verify", "--json", "--data-dir", folder);
    expect(JSON.parse(asJson.out)).toMatchObject({
      verdict: "damaged",
      faults: [{ kind: "damage", afterSeq: 1 }],
    });
    const lines = parse((await shell.run("journal", "dump", "--data-dir", folder)).out);
    expect(lines.slice(1, 4)).toMatchObject([
      { fault: { kind: "damage", afterSeq: 1 } },
      { unchecked: true, seq: 2 },
      { missing: { fromSeq: 2, toSeq: 2 } },
    ]);
    expect(JSON.stringify(lines.at(-1))).toContain('"name":"third"');
  });

  it("is repaired when that is asked for, and starts", async () => {
    const folder = await damaged("repaired", "second");
    const before = await readFile(await lastSegment(folder));
    const at = ["--data-dir", folder];
    const refused = await shell.run("journal", "repair", ...at);
    expect(refused).toMatchObject({ exitCode: 1, out: "" });
    expect(refused.err).toMatch(
      /would lose events 2 to \d+, .* Nothing was changed\.\n {2}hint: .* journal dump --data-dir '.*' --since 1; /,
    );
    const dry = await shell.run("journal", "repair", "--dry-run", ...at);
    expect(dry.exitCode).toBe(0);
    expect(dry.out).toMatch(
      /^Would keep the state up to event 1; event 1 can be read\.\nWould lose events 2 to /,
    );
    expect(await readFile(await lastSegment(folder))).toEqual(before);

    const repaired = await shell.run("journal", "repair", "--yes", ...at);
    expect(repaired.exitCode).toBe(0);
    const [, copies = ""] = /Copied to (\S+), and then/.exec(repaired.out) ?? [];
    expect(await readFile(await lastSegment(copies))).toEqual(before);
    expect((await shell.run("journal", "verify", ...at)).exitCode).toBe(0);
    const left = await shell.run("journal", "dump", "--data-dir", copies, "--since", "1");
    expect(left.out).toContain('"name":"third"');
    expect(await shell.json("journal", "repair", ...at)).toEqual({ verdict: "sound", isRepaired: false });

    await shell.run("start", "--detach", ...at);
    try {
      const { items } = await shell.json<{ items: { name: string }[] }>("list", ...at);
      expect(items.map(({ name }) => name)).toEqual(["first"]);
    } finally {
      await shell.run("stop", ...at);
    }
  });

  it("is repaired unasked where nothing is lost", async () => {
    const folder = join(shell.folder, "header");
    await cp(sound, folder, { recursive: true });
    const path = await lastSegment(folder);
    const before = await readFile(path, "utf8");
    await writeFile(path, before.replace('"journal"', '"jourmal"'));
    const { out, exitCode } = await shell.run("journal", "repair", "--data-dir", folder);
    expect(exitCode).toBe(0);
    expect(out).toContain("Lost nothing that was acknowledged.");
    expect(await readFile(path, "utf8")).toBe(before);
    expect((await shell.run("journal", "repair", "--data-dir", folder)).out).toContain(
      "There is nothing to repair",
    );
  });
});

describe("a call that is wrong", () => {
  it.each([
    [["mend"], 2, "there is no 'mend' for a journal: it is verify, dump or repair"],
    [["verify", "--since", "3"], 2, "'journal verify' takes no --since"],
    [["dump", "--yes"], 2, "'journal dump' takes no --yes"],
    [["verify", "--data-dir", "nowhere"], 1, "There is no journal in"],
    [["repair", "--data-dir", "nowhere"], 1, "There is no journal in"],
  ])("%j is refused", async (args, exitCode, said) => {
    const ran = await shell.run("journal", ...args);
    expect(ran).toMatchObject({ exitCode, out: "" });
    expect(ran.err).toContain(said);
    expect(await readdir(shell.folder)).not.toContain("nowhere");
  });
});
