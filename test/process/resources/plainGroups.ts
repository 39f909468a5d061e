import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

import type { CgroupFolders } from "../../../src/process/resources/cgroupFiles.js";

const FILES = [
  "cgroup.procs",
  "cgroup.subtree_control",
  "cgroup.type",
  "cgroup.kill",
  "memory.max",
  "memory.swap.max",
  "memory.oom.group",
  "memory.events",
  "pids.max",
  "pids.events",
  "cpu.max",
];

/** A folder that looks like one of cgroup v2, for what is read and written there; nobody is held by it. */
export class PlainGroups implements CgroupFolders {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async open(controllers = "cpuset cpu io memory hugetlb pids"): Promise<PlainGroups> {
    const folder = await mkdtemp(join(tmpdir(), "sessiond-test-cgroup-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const groups = new PlainGroups(join(folder, "group"));
    await groups.make(groups.root);
    await writeFile(join(groups.root, "cgroup.controllers"), `${controllers}\n`);
    return groups;
  }

  readonly make = async (folder: string): Promise<void> => {
    // The files are there with the folder, at once.
    const made = await mkdtemp(join(tmpdir(), "sessiond-test-group-"));
    for (const name of FILES) await writeFile(join(made, name), name === "cgroup.type" ? "domain\n" : "");
    await rename(made, folder).catch(async (error: NodeJS.ErrnoException) => {
      await rm(made, { recursive: true });
      throw Object.assign(error, error.code === "ENOTEMPTY" ? { code: "EEXIST", message: "EEXIST" } : {});
    });
  };

  /** As the kernel: refused while there are processes or groups in it. */
  readonly remove = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    const isBusy =
      entries.some((entry) => entry.isDirectory()) || (await this.read(folder, "cgroup.procs")) !== "";
    if (isBusy) throw Object.assign(new Error("EBUSY"), { code: "EBUSY" });
    await rm(folder, { recursive: true });
  };

  read(folder: string, name: string): Promise<string> {
    return readFile(join(folder, name), "utf8");
  }

  /** What the kernel would write. */
  write(folder: string, name: string, text: string): Promise<void> {
    return writeFile(join(folder, name), text);
  }

  /** The groups of a folder. */
  async groupsIn(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }

  /** What a process in one of these groups reads of where it is. */
  async view(
    path: string,
    mount = this.root,
  ): Promise<{ readonly mountinfo: string; readonly cgroup: string }> {
    const mountinfo = join(this.root, "..", "mountinfo");
    const cgroup = join(this.root, "..", "cgroup");
    const lines = [
      "25 1 0:23 / /sys rw - sysfs sysfs rw",
      `30 25 0:26 / ${mount.replaceAll(" ", "\\040")} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate`,
    ];
    await writeFile(mountinfo, `${lines.join("\n")}\n`);
    await writeFile(cgroup, `9:name=systemd:/\n0::${path}\n`);
    return { mountinfo, cgroup };
  }
}
