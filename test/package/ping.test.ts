import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ownProgram } from "../../client/ownPackage.js";
import { daemonForSuite } from "../support/daemon.js";
import { until } from "../support/until.js";

/** Writes at the end which files were loaded, and which modules of Node. */
const WITNESS = `
const { writeFileSync } = require("node:fs");
process.on("exit", () => writeFileSync(process.env.WITNESS_FILE, JSON.stringify({
  files: Object.keys(require("node:module")._cache),
  modules: process.moduleLoadList.filter((name) => name.startsWith("NativeModule ")).map((name) => name.slice(13)),
})));
`;

interface Loaded {
  readonly files: readonly string[];
  readonly modules: readonly string[];
}

// Times cannot be tested on a machine that does other things as well; what is loaded is what the time goes into.
describe("a call of the bundled program loads little", () => {
  const daemon = daemonForSuite();
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sessiond-ping-"));
    await writeFile(join(folder, "witness.cjs"), WITNESS);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function loadedBy(verb: string, exitCode: number, socket = daemon().socket): Promise<Loaded> {
    const file = join(folder, `${verb}.json`);
    const env = {
      PATH: process.env["PATH"],
      HOME: folder,
      SESSIOND_DATA_DIR: "/nowhere",
      WITNESS_FILE: file,
    };
    const argv = ["--require", join(folder, "witness.cjs"), ownProgram(), verb, "--socket", socket];
    expect(spawnSync(process.execPath, argv, { env }).status).toBe(exitCode);
    const loaded = JSON.parse(await readFile(file, "utf8")) as Loaded;
    return {
      ...loaded,
      files: loaded.files.map((path) => basename(path)).filter((name) => name !== "witness.cjs"),
    };
  }

  it("with ping one file", async () => {
    const { files, modules } = await loadedBy("ping", 0);
    expect(files).toEqual(["sessiond.cjs"]);
    expect(modules).toContain("net");
    for (const heavy of ["crypto", "child_process", "worker_threads", "perf_hooks"])
      expect(modules).not.toContain(heavy);
  });

  it("with list the client, and neither commander nor the configuration", async () => {
    const { files } = await loadedBy("list", 0);
    expect(files).toContain("client.cjs");
    for (const heavy of ["commanderCall.cjs", "daemon.cjs", "schemas.cjs", "load.cjs"])
      expect(files).not.toContain(heavy);
    expect(files.length).toBeLessThan(8);
  });

  it("with a daemon nothing that prints, nor what it uses of its libraries for others", async () => {
    const dataDir = join(folder, "data");
    const file = join(folder, "daemon.json");
    const env = {
      PATH: process.env["PATH"],
      HOME: folder,
      SESSIOND_DATA_DIR: dataDir,
      WITNESS_FILE: file,
    };
    const argv = ["--require", join(folder, "witness.cjs"), ownProgram(), "start", "--quiet"];
    const child = spawn(process.execPath, argv, { env, stdio: "ignore" });
    const ended = once(child, "exit");
    const call = (verb: string): number | null =>
      spawnSync(process.execPath, [ownProgram(), verb], { env: { ...env, WITNESS_FILE: "" } }).status;
    try {
      await until("the daemon to answer", () => call("ping") === 0);
      expect(call("stop")).toBe(0);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
    const { files, modules } = JSON.parse(await readFile(file, "utf8")) as Loaded;
    const names = files.map((path) => basename(path));
    expect(names).toContain("daemon.cjs");
    for (const heavy of ["printing.cjs", "client.cjs", "commanderCall.cjs", "startDetached.cjs"])
      expect(names).not.toContain(heavy);
    expect(modules).not.toContain("worker_threads");
    const bundled = await readFile(ownProgram().replace("sessiond.cjs", "daemon.cjs"), "utf8");
    for (const left of ["date-fns", "graceful-fs", "thread-stream"])
      expect(bundled).not.toContain(`node_modules/${left}/`);
  });
});
