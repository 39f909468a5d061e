import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { loadConfig } from "../../src/config/load.js";
import { SETTINGS } from "../../src/config/settings.js";
import { configSchema } from "../../src/config/schema.js";
import { Shell } from "../cli/shell.js";
import { describeIf, hasProgram } from "../support/requires.js";
import { until } from "../support/until.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const README = await readFile(join(ROOT, "README.md"), "utf8");

/** The block of the README that is marked with this name, as a reader would copy it. */
function example(name: string): string {
  const block = new RegExp(`^\`\`\`\\w+ example=${name}\\n(.*?)^\`\`\`$`, "ms").exec(README)?.[1];
  if (block === undefined) throw new Error(`README.md has no block with example=${name}`);
  return block;
}

describe("the examples of README.md", () => {
  let shell: Shell;

  beforeAll(async () => {
    shell = await Shell.open();
    await shell.run("start", "--detach");
  });

  afterAll(async () => {
    await shell.close();
  });

  /** Runs a program in the checkout, with the daemon of this test as the user's own. */
  async function run(
    program: string,
    argv: readonly string[],
  ): Promise<{ out: string; exitCode: number | null }> {
    const child = spawn(program, argv, { cwd: ROOT, env: shell.env, stdio: ["ignore", "pipe", "pipe"] });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const [out, err, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { out: out + err, exitCode };
  }

  it("runs the command line", { timeout: 60_000 }, async () => {
    const { out, exitCode } = await run("sh", ["-e", "-c", example("cli")]);
    expect(out).toContain("hello");
    expect(out).toContain("it ended with 3");
    expect(out).toContain("three tries, each stopped after a second");
    expect(out).toMatch(/session\s+[0-9a-f-]{36}/);
    expect(out).toContain("command/retrying");
    expect(exitCode).toBe(0);
  });

  it("checks paths", async () => {
    const { out, exitCode } = await run("sh", ["-e", "-c", example("paths")]);
    expect(out).toMatch(/^fine {2}\/.*folder, .* free$/m);
    expect(out).toContain("it lies in /etc: it belongs to the system");
    expect(out).toContain("not that");
    expect(out).toContain("a device there");
    expect(exitCode).toBe(0);
  });

  it("shows what a session holds", { timeout: 90_000 }, async () => {
    const { out, exitCode } = await run("sh", ["-e", "-c", example("session")]);
    expect(out).toContain("parser is back at checkpoint");
    expect(out).toMatch(/└─ .*another-try/);
    // Said after the checkpoint, and so no more to be seen.
    expect(out).not.toContain("Rewrite all of it.");
    expect(out).toContain("parser is archived");
    expect(out.match(/that file has none/g)?.length).toBeGreaterThanOrEqual(3);
    expect(exitCode).toBe(0);
  });

  it("shows commands in a terminal", { timeout: 90_000 }, async () => {
    const { out, exitCode } = await run("sh", ["-e", "-c", example("terminal")]);
    expect(out).toMatch(/^a\nb\n/);
    expect(out).toMatch(/^build +- +running .* sh -c read what/m);
    expect(out).toContain("building parser\nit ended with 4\n");
    expect(exitCode).toBe(0);
  });

  it("runs the program", async () => {
    const { out, exitCode } = await run(process.execPath, ["--input-type=module", "-e", example("client")]);
    expect(out).toMatch(/^succeeded 0$/m);
    expect(out).toMatch(/^1 session\/created$/m);
    expect(out).toMatch(/session\/ended$/m);
    expect(exitCode).toBe(0);
  });

  it("S2.8 sets a rule, and shows what it comes to", { timeout: 90_000 }, async () => {
    const { out, exitCode } = await run("sh", ["-e", "-c", example("alerts")]);
    expect(out).toContain("disk-low");
    expect(out).toMatch(/ open +warning +failing +\d+ /);
    expect(out).toContain("failing: daemon.errorsPerMinute above 2, turned off");
    expect(exitCode).toBe(0);
    const told = await until("the program to be told", () =>
      readFile(join(shell.folder, "home", "failing.json"), "utf8").catch(() => undefined),
    );
    expect(told).toContain('"ruleId":"failing"');
  });

  it("asks with node alone", async () => {
    const { out } = await run("sh", ["-c", example("node")]);
    expect(JSON.parse(out)).toMatchObject({
      jsonrpc: "2.0",
      id: 1,
      result: { total: expect.any(Number) as number },
    });
  });

  describeIf(hasProgram("nc"), "nc, from netcat-openbsd", "with nc", () => {
    it("asks", async () => {
      const { out } = await run("sh", ["-c", example("nc")]);
      expect(JSON.parse(out)).toMatchObject({
        jsonrpc: "2.0",
        id: 1,
        result: { total: expect.any(Number) as number },
      });
    });
  });

  it("configures", async () => {
    const file = join(shell.folder, "config.json");
    await writeFile(file, example("config"));
    const config = loadConfig({ env: {}, file });
    expect(config.sessions.idleTimeoutMs).toBe(60_000);
    expect(config.log.level).toBe("debug");
  });

  it("says which sessions go", async () => {
    const file = join(shell.folder, "policies.json");
    await writeFile(file, example("policies"));
    const { retention } = loadConfig({ env: {}, file });
    expect(retention.policies.map(({ action }) => action)).toEqual(["trash", "delete"]);
    expect(retention.maxTotalBytes).toBe(10_000_000_000);
  });
});

describe("the table of settings in README.md", () => {
  const defaults = configSchema.parse({}) as Record<string, unknown>;

  it.each(SETTINGS.map((setting) => [setting.key, setting] as const))("has %s", (key, { path, meaning }) => {
    const [section, inner] = path;
    const value =
      inner === undefined ? defaults[section] : (defaults[section] as Record<string, unknown>)[inner];
    const row = README.split("\n").find((line) => line.startsWith(`| \`${key}\` `));
    const cells = row?.split("|").map((cell) => cell.trim());
    expect(cells?.slice(2, 4)).toEqual([
      value === undefined ? "" : `\`${JSON.stringify(value)?.replaceAll('"', "")}\``,
      meaning,
    ]);
  });
});
