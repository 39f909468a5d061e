import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ORIGINAL = join(ROOT, "node_modules/node-cron/dist");

/** What the daemon has, and days on which the clock is set: a year of them. */
const EXPRESSIONS = ["* * * * * *", "*/10 * * * * *", "30 2 * * *", "0 0 1 * *", "15 1 * * 0"];

const SCRIPT = `
const [, , ...folders] = process.argv;
const answers = [];
for (const folder of folders) {
  const { createTask } = await import(folder + "/node-cron.js");
  const at = Date.parse("2026-11-21T00:00:00Z");
  Date.now = () => at;
  const from = class extends Date { constructor(...given) { super(...(given.length === 0 ? [at] : given)); } };
  globalThis.Date = from;
  answers.push(JSON.parse(process.env.EXPRESSIONS).map((one) => createTask(one, () => {}).getNextRuns(370)));
}
console.log(JSON.stringify(answers));
`;

const { withLocalClock } = (await import(new URL("./localClock.mjs", import.meta.url).href)) as {
  readonly withLocalClock: (code: string) => string;
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-clock-"));
  await cp(ORIGINAL, folder, { recursive: true });
  const shared = join(folder, "_shared.js");
  const changed = withLocalClock(await readFile(shared, "utf8"));
  await writeFile(shared, changed);
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await writeFile(join(folder, "script.mjs"), SCRIPT);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"])(
  "node-cron comes to the same times by the local clock in %s",
  async (zone) => {
    const { stdout } = await run(process.execPath, [join(folder, "script.mjs"), ORIGINAL, folder], {
      env: { PATH: process.env["PATH"], TZ: zone, EXPRESSIONS: JSON.stringify(EXPRESSIONS) },
      maxBuffer: 16 * 1_024 * 1_024,
    });
    const [original, changed] = JSON.parse(stdout) as [string[][], string[][]];
    expect(original.map((times) => times.length)).toEqual(EXPRESSIONS.map(() => 370));
    expect(changed).toEqual(original);
  },
);

it("a node-cron that reads the clock in another way stops the build", () => {
  expect(() => withLocalClock("something else")).toThrow("node-cron reads the clock in another way");
});
