import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import { keeperProgram } from "../../src/process/keeper/program.js";
import { VERSION } from "../../src/version.js";
import { Shell } from "../cli/shell.js";
import { describeIf, hasProgram } from "../support/requires.js";
import { until } from "../support/until.js";
import { installNode, type OtherNode } from "./otherNode.js";
import { installGlobally, pack } from "./packed.js";

const INSTALL_WITHIN_MS = 120_000;

const folder = await mkdtemp(join(tmpdir(), "sessiond-package-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The oldest that is supported, the newest, and the one that runs this. */
const nodes: readonly OtherNode[] = [
  { version: process.versions.node, bin: dirname(process.execPath) },
  ...(await Promise.all(["20.19.0", "26.10.0"].map((version) => installNode(folder, version)))),
];

let tarball: string | undefined;
for (const { version, bin, missing } of nodes) {
  const isThere = hasProgram("npm") && missing === undefined;
  describeIf(isThere, missing ?? "npm", `the package, installed, on Node ${version}`, () => {
    const prefix = join(folder, `prefix-${version}`);
    let shell: Shell;

    beforeAll(async () => {
      tarball ??= await pack(folder);
      const program = await installGlobally(tarball, prefix);
      shell = await Shell.open({ program: [program], env: { PATH: `${bin}:/usr/bin:/bin` } });
    }, INSTALL_WITHIN_MS);
    afterAll(() => shell.close());

    it("brings the licences of what is bundled, and of packages only zod, for its types", async () => {
      const installed = join(prefix, "lib", "node_modules", "sessiond");
      expect(await readdir(join(installed, "dist"))).toContain("THIRD-PARTY-LICENSES.txt");
      expect(await readdir(join(installed, "node_modules"))).toEqual(["zod"]);
    });

    it("runs on that Node", async () => {
      expect(await shell.json("version")).toEqual({ version: VERSION, node: version });
    });

    it("says 69 without a daemon, and has everything for help", async () => {
      expect(await shell.run("ping")).toMatchObject({ exitCode: 69, out: "" });
      expect((await shell.run("start", "--help")).out).toContain("--sessions-idle-timeout-ms");
    });

    it("starts a daemon, asks it, runs a command, lists it, and stops", async () => {
      const { exitCode, err } = await shell.run("start", "--detach");
      expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
      expect((await shell.run("ping")).out).toMatch(/^pong in /);
      // The keeper comes with the package, and may be run, where it could be built.
      const supervision = keeperProgram() === undefined ? "sh" : "keeper";
      expect(await shell.json("status")).toMatchObject({ supervision });
      expect(await shell.run("run", "--", "echo", "hi")).toMatchObject({ exitCode: 0, out: "hi\n", err: "" });
      expect(await shell.json("list")).toMatchObject({
        items: [{ name: "echo", status: "completed" }],
        total: 1,
      });
      expect((await shell.run("show", "echo")).out).toContain("echo hi");
      expect((await shell.run("logs")).out).toContain("daemon.ready");
      expect(await shell.json("restart")).toMatchObject({ started: true });
      expect((await shell.run("stop")).exitCode).toBe(0);
      expect((await shell.run("journal", "verify")).exitCode).toBe(0);
    });

    it("shows a person a readable log", async () => {
      const daemon = shell.start(["start"]);
      await until("the daemon", () => daemon.soFar().includes("Next:"));
      daemon.child.kill("SIGINT");
      const { exitCode, out } = await daemon.ended;
      expect(exitCode).toBe(0);
      expect(out).toMatch(/INFO: Ready/);
    });
  });
}
