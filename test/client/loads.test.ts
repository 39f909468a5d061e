import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Reports every module that is resolved; it runs in a thread of its own, hence the plain write. */
const HOOKS = `
import { writeSync } from "node:fs";
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  writeSync(1, resolved.url + "\\n");
  return resolved;
}`;

/** Loads one module under the hooks, and says at the end what was required rather than imported. */
const LOADER = `
import module from "node:module";
import { pathToFileURL } from "node:url";
module.register("./hooks.mjs", import.meta.url);
await import(process.argv[2]);
for (const path of Object.keys(module._cache)) console.log(pathToFileURL(path).href);`;

let dir: string;

/** Compiles what the two entries need, and nothing else, into a folder of its own: no stale build can pass. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "sessiond-loads-"));
  await mkdir(join(dir, "out"));
  await writeFile(join(dir, "hooks.mjs"), HOOKS);
  await writeFile(join(dir, "loader.mjs"), LOADER);
  await writeFile(join(dir, "out", "package.json"), '{"type":"module"}');
  await symlink(join(root, "node_modules"), join(dir, "node_modules"));
  const tsconfig = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { outDir: "out", rootDir: root, incremental: false, declaration: false, noCheck: true },
    include: [],
    files: ["index.ts", "files.ts"].map((file) => join(root, "client", file)),
  };
  await writeFile(join(dir, "tsconfig.json"), JSON.stringify(tsconfig));
  await run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", dir]);
});

afterAll(() => rm(dir, { recursive: true, force: true }));

/** What a program loads that imports this file: paths in the repository, names of packages. */
async function loadedBy(file: string): Promise<Set<string>> {
  const entry = pathToFileURL(join(dir, "out", "client", file)).href;
  const { stdout } = await run(process.execPath, [join(dir, "loader.mjs"), entry]);
  const urls = stdout.split("\n").filter((url) => url.startsWith("file:"));
  return new Set(urls.map((url) => nameOf(fileURLToPath(url))));
}

function nameOf(path: string): string {
  const [, inPackage] = path.split("/node_modules/");
  if (inPackage !== undefined) return `package ${inPackage.split("/")[0]}`;
  return path.slice(path.indexOf("/out/") + "/out/".length);
}

describe("a program that imports the client", () => {
  it("loads json-rpc-2.0, the client and the wire, and nothing else", async () => {
    const loaded = await loadedBy("index.js");
    expect(loaded).toContain("client/connect.js");
    expect(loaded).toContain("src/rpc/clientPeer.js");
    expect([...loaded].filter((name) => name.startsWith("package"))).toEqual(["package json-rpc-2.0"]);
    const outside = [...loaded].filter((name) => !/^(package |client\/|src\/rpc\/)/.test(name));
    expect(outside).toEqual(["src/config/socketPath.js"]);
    expect(loaded).not.toContain("client/files.js");
  });

  it("loads no package at all for the files", async () => {
    const loaded = await loadedBy("files.js");
    expect(loaded).toContain("src/disk/atomic.js");
    expect([...loaded].filter((name) => !/^(client|src\/disk)\//.test(name))).toEqual([]);
  });
});
