import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { until } from "../../support/until.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeEach(async () => {
  shell = await Shell.open();
});
afterEach(() => shell.close());

const leftovers = (): string[] => readdirSync(join(shell.folder, "tmp"));
/** What runs and names this test's folder on its command line. */
const processes = (): string[] =>
  execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(join(shell.folder, "tmp")));

describe("demo", () => {
  it("tells a story that held, and leaves nothing behind", { timeout: 60_000 }, async () => {
    const running = shell.start(["demo"]);
    const { exitCode, out, err } = await running.ended;
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(out).toMatch(/Of ([\d,]+) acknowledged writes \1 are there exactly once\./);
    expect(out).toMatch(/none missing,\s+none twice/);
    expect(out).toMatch(/recovery of [\d,]+ records\s+took/);
    expect(out).toContain("Everything held.");
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(leftovers()).toEqual([]);
    expect(processes()).toEqual([]);
  });

  it("takes everything down on Ctrl-C, whatever is going on", { timeout: 60_000 }, async () => {
    const running = shell.start(["demo"]);
    await until("the writers", () => running.soFar().includes("is killed with -9"));
    expect(leftovers()).toHaveLength(1);
    running.child.kill("SIGINT");
    expect((await running.ended).exitCode).toBe(130);
    expect(leftovers()).toEqual([]);
    expect(processes()).toEqual([]);
  });
});
