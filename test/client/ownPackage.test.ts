import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

import { ownProgram, packageDir } from "../../client/ownPackage.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-own-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("finds the package that it is part of", () => {
  expect(join(packageDir(), "client")).toBe(fileURLToPath(new URL("../../client", import.meta.url)));
});

it("finds the program that package.json names", async () => {
  await writeFile(join(folder, "package.json"), '{"bin":{"sessiond":"bin/it.cjs"}}');
  expect(ownProgram(folder)).toBe(join(folder, "bin/it.cjs"));
});

it.each([
  undefined,
  "{}",
  '{"bin":"it.cjs"}',
  '{"bin":null}',
  '{"bin":{"other":"it.cjs"}}',
  '{"bin":{"sessiond":1}}',
])("says how to go on where the package is another one: %s", async (text) => {
  if (text !== undefined) await writeFile(join(folder, "package.json"), text);
  expect(() => ownProgram(folder)).toThrow(
    `The program of sessiond is not part of ${folder}. Name the command`,
  );
});
