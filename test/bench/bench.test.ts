import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, it } from "vitest";

import { describeIf, hasProgram } from "../support/requires.js";
import type { Report } from "./table.mjs";

const RUN = fileURLToPath(new URL("run.mjs", import.meta.url));
/** So small that its figures mean nothing: what is tested is that there are any. */
const TINY = "--rounds 1 --seconds 0.1 --warm-up 0 --scale 0.002 --peers sessiond --shapes 64".split(" ");
const PATIENCE_MS = 120_000;

async function run(part: string): Promise<Report> {
  const argv = [RUN, ...TINY, "--only", part, "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { timeout: PATIENCE_MS });
  return JSON.parse(stdout) as Report;
}

async function expectFigures(part: string): Promise<void> {
  const { parts, missing, failures } = await run(part);
  expect({ missing, failures }).toEqual({ missing: [], failures: [] });
  expect(parts.map(({ name }) => name)).toEqual([part]);
  const values = parts.flatMap(({ rows }) => rows.map(({ cells }) => cells["sessiond"]?.value));
  expect(values).not.toEqual([]);
  for (const value of values) expect(value).toBeTypeOf("number");
}

describeIf(process.platform === "linux", "Linux", "the bench", () => {
  it.each(["recovery", "memory", "idle", "cli", "start", "commands", "search", "conversation", "sampling"])(
    "measures %s",
    expectFigures,
    PATIENCE_MS,
  );

  it("names what it does not know", async () => {
    await expect(run("nonsense")).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("writes, reads"),
    });
  });
});

describeIf(
  process.platform === "linux" && hasProgram("cc"),
  "Linux and cc, from build-essential",
  "the bench under load",
  () => {
    it.each(["writes", "reads", "list", "fan-out"])("measures %s", expectFigures, PATIENCE_MS);
  },
);
