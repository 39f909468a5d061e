import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { SessionFolder } from "../../src/content/sessionFolder.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
let path: string;
let folder: SessionFolder;
beforeEach(async () => {
  path = join(await newFolder(), "sessions");
  folder = await SessionFolder.open(path);
});

const names = async (): Promise<string[]> => (await readdir(path, { recursive: true })).toSorted();

describe("the folder with the files for people", () => {
  it("S1.5 has a session's file in one place at a time", async () => {
    await folder.write("s", "{}", "sessions");
    expect(await names()).toEqual(["archive", "session_s.json"]);
    await folder.write("s", '{"a":1}', "archive");
    expect(await names()).toEqual(["archive", "archive/session_s.json.gz"]);
    expect(await folder.read(folder.pathOf("s", "archive"))).toEqual({ value: { a: 1 } });
    await folder.write("s", "{}", "sessions");
    expect(await names()).toEqual(["archive", "session_s.json"]);
    await folder.remove("s");
    await folder.remove("s");
    expect(await names()).toEqual(["archive"]);
    expect(await folder.read(folder.pathOf("s", "sessions"))).toEqual({ isMissing: true });
  });

  it("S1.5 lists what is there, and removes what a crash left half written", async () => {
    await folder.write("s", "{}", "sessions");
    await writeFile(join(path, "session_s.json.0123456789ab.tmp"), "{");
    await writeFile(join(path, "archive", "session_t.json.gz.0123456789ab.tmp"), "{");
    expect([...(await folder.list("sessions"))].toSorted()).toEqual(["archive", "session_s.json"]);
    expect([...(await folder.list("archive"))]).toEqual([]);
    expect(await names()).toEqual(["archive", "session_s.json"]);
  });

  it("S1.8 sets aside under a name that says when", async () => {
    await folder.write("s", "{}", "sessions");
    const aside = await folder.setAside(folder.pathOf("s", "sessions"), Date.UTC(2026, 1, 3, 4, 5, 6, 7));
    expect(aside).toBe(join(path, "session_s.json.damaged-2026-02-03T04-05-06.007Z"));
    expect(await readFile(aside, "utf8")).toBe("{}");
  });

  it("S1.8 looks at a registry again when somebody else has written it", async () => {
    expect(await folder.faultOfRegistry()).toBeUndefined();
    await folder.writeRegistry(["damaged from the ", "beginning"]);
    expect(await folder.faultOfRegistry()).toBeUndefined();
    await writeFile(folder.registryPath, "[]");
    expect(await folder.faultOfRegistry()).toBe('it has no object "sessions"');
    await folder.sync();
  });

  it("is not opened where it is not the user's own", async () => {
    const link = `${path}-link`;
    await symlink(path, link);
    await expect(SessionFolder.open(link)).rejects.toThrow("is a symbolic link");
    const open = `${path}-open`;
    await mkdir(join(open, "archive"), { recursive: true });
    await chmod(join(open, "archive"), 0o777);
    await expect(SessionFolder.open(open)).rejects.toThrow("can be written by other users");
  });
});
