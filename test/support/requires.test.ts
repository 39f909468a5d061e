import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

import { hasProgram } from "./requires.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sessiond-requires-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A project of its own with one suite that has what it needs and one that has not. */
function runProject(env: NodeJS.ProcessEnv, ...options: string[]): { exitCode: number | null; said: string } {
  symlinkSync(join(HERE, "../../node_modules"), join(folder, "node_modules"));
  writeFileSync(
    join(folder, "vitest.config.mts"),
    `import { SkippedReporter } from "${HERE}skippedReporter.ts";
     export default { test: { reporters: ["default", new SkippedReporter()] } };`,
  );
  writeFileSync(
    join(folder, "two.test.ts"),
    `import { it } from "vitest";
     import { describeIf } from "${HERE}requires.ts";
     describeIf(true, "air", "here", () => { it("breathes", () => {}); });
     describeIf(false, "a moon", "away", () => { it("howls", () => {}); });`,
  );
  const vitest = join(folder, "node_modules/vitest/vitest.mjs");
  const { PATH } = process.env;
  const run = spawnSync(process.execPath, [vitest, "run", "--root", folder, ...options], {
    encoding: "utf8",
    env: { PATH, NO_COLOR: "1", ...env },
  });
  rmSync(join(folder, "node_modules"));
  return { exitCode: run.status, said: run.stdout + run.stderr };
}

describe("what a test needs", () => {
  it("is skipped where it is missing, and the reason is told", () => {
    const { exitCode, said } = runProject({});
    expect(exitCode).toBe(0);
    expect(said).toContain("two.test.ts: away (needs a moon) > howls");
    expect(said).toContain("1 passed | 1 skipped");
  });

  it("fails where nothing may be missing", () => {
    const { exitCode, said } = runProject({ SESSIOND_REQUIRE_ALL: "1" });
    expect(exitCode).toBe(1);
    expect(said).toContain("needs a moon, and SESSIOND_REQUIRE_ALL is set");
    expect(said).toContain("1 failed | 1 passed");
  });

  it("lets no other skipped test pass either where nothing may be missing", () => {
    const { exitCode, said } = runProject({ SESSIOND_REQUIRE_ALL: "1" }, "-t", "breathes");
    expect(said).toContain("1 passed | 1 skipped");
    expect(exitCode).toBe(1);
  });
});

describe("hasProgram", () => {
  it("finds what can be run, in the folders of the PATH alone", () => {
    writeFileSync(join(folder, "tool"), "");
    expect(hasProgram("tool", `/nowhere:${folder}`)).toBe(false);
    chmodSync(join(folder, "tool"), 0o700);
    expect(hasProgram("tool", `/nowhere:${folder}`)).toBe(true);
    expect(hasProgram("tool", "/nowhere:")).toBe(false);
    expect(hasProgram("sh")).toBe(true);
  });
});
