import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

import { Shell } from "../cli/shell.js";
import { describeIf, hasProgram } from "../support/requires.js";
import { installIn, pack } from "./packed.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WITHIN_MS = 120_000;

/** What somebody writes who uses all three entries, as TypeScript. */
const CONSUMER = `
import { openDaemon, VERSION, type EmbeddedDaemon } from "sessiond";
import { connect, SessiondError, type Client, type SessionShape } from "sessiond/client";
import { writeFileSafe } from "sessiond/files";

const daemon: EmbeddedDaemon = await openDaemon();
const client: Client = await daemon.connect();
const session: SessionShape = await client.session.create({ name: "mine" });
const { items } = await client.session.list({ status: "active" });
const isRefused = await client.session.get({ sessionId: "none" }).catch((error: unknown) => error instanceof SessiondError);
await client.close();
await daemon.close();
console.log(JSON.stringify([VERSION, session.name, items.length, isRefused, typeof writeFileSafe, typeof connect]));
// @ts-expect-error -- A name that is no text must not compile: that is how one sees that the declarations carry the protocol.
export const wrong = () => client.session.create({ name: 1 });
`;

/** What somebody writes who has not started a daemon. */
const STARTER = `
import { connect } from "sessiond/client";

const client = await connect({ autostart: true });
console.log((await client.daemon.status()).pid);
await client.close();
`;

/** Tells of every file that is loaded; it runs in a thread of its own, hence the plain write. */
const HOOKS = `
import { writeSync } from "node:fs";
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  writeSync(1, found.url + "\\n");
  return found;
}`;

/** Loads a module under the hooks. */
const LOADER = `
import module from "node:module";
module.register("./hooks.mjs", import.meta.url);
await import(process.argv[2]);
`;

describeIf(hasProgram("npm"), "npm", "the package, in a project", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sessiond-library-"));
    await writeFile(join(folder, "package.json"), '{"type":"module","private":true}');
    await installIn(folder, await pack(folder));
    await writeFile(join(folder, "consumer.ts"), CONSUMER);
    await writeFile(join(folder, "hooks.mjs"), HOOKS);
    await writeFile(join(folder, "loader.mjs"), LOADER);
  }, WITHIN_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(
    "has types that need nothing else, and does what they say",
    async () => {
      const tsconfig = {
        compilerOptions: {
          module: "node20",
          target: "es2022",
          lib: ["es2023", "esnext.disposable"],
          strict: true,
          skipLibCheck: false,
          typeRoots: [join(ROOT, "node_modules", "@types")],
          types: ["node"],
        },
        files: ["consumer.ts"],
      };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
      const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
      const said = await run(process.execPath, [tsc, "-p", folder]).catch((error: unknown) => error);
      expect(said).toMatchObject({ stdout: "" });
      expect(await output("consumer.js")).toMatch(
        /^\["\d+\.\d+\.\d+","mine",1,true,"function","function"\]$/,
      );
    },
    WITHIN_MS,
  );

  it("loads json-rpc-2.0 and nothing of the daemon with the client", async () => {
    const modules = await modulesOf("sessiond/client");
    expect(modules.has("dist/client/connect.js")).toBe(true);
    expect([...modules].filter((module) => module.startsWith("node_modules/json-rpc-2.0/"))).not.toEqual([]);
    const allowed =
      /^(?:dist\/client\/|dist\/src\/rpc\/|dist\/src\/config\/socketPath\.js|node_modules\/json-rpc-2\.0\/)/;
    expect([...modules].filter((module) => !allowed.test(module))).toEqual([]);
  });

  it("loads no package with the files", async () => {
    const modules = await modulesOf("sessiond/files");
    expect(modules.has("dist/src/disk/atomic.js")).toBe(true);
    expect([...modules].filter((module) => !/^dist\/(?:client|src\/disk)\//.test(module))).toEqual([]);
  });

  it("starts the daemon that it came with", async () => {
    const shell = await Shell.open();
    try {
      await writeFile(join(folder, "starter.js"), STARTER);
      const pid = Number(await output("starter.js", shell.env));
      expect(await shell.json("status")).toMatchObject({ pid });
    } finally {
      await shell.close();
    }
  });

  async function output(file: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { stdout } = await run(process.execPath, [join(folder, file)], {
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...env },
    });
    return stdout.trim();
  }

  /** The modules in the files that are loaded with an entry; rolldown writes above each what it was. */
  async function modulesOf(entry: string): Promise<ReadonlySet<string>> {
    const { stdout } = await run(process.execPath, [join(folder, "loader.mjs"), entry], { cwd: folder });
    const urls = stdout.split("\n").filter((url) => url.startsWith("file:"));
    const own = pathToFileURL(join(folder, "node_modules", "sessiond", "dist", "library", "/")).href;
    expect(urls.filter((url) => !url.startsWith(own))).toEqual([]);
    const texts = await Promise.all(urls.map((url) => readFile(fileURLToPath(url), "utf8")));
    return new Set(
      texts.flatMap((text) =>
        [...text.matchAll(/^\/\/ ((?:dist|node_modules)\/\S+)$/gm)].map(([, path = ""]) => path),
      ),
    );
  }
});
