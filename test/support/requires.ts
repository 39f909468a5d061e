import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";

import { isExecutable } from "../../src/process/keeper/program.js";

/** With it in the environment nothing may be skipped: what a test needs has to be there. CI sets it. */
const REQUIRE_ALL = "SESSIOND_REQUIRE_ALL";

/**
 * Declares a suite that needs something of the machine: a program, a file system, a system. Where `condition`
 * does not hold the suite is skipped, and its title says what is missing; where all is required it fails.
 *
 * @param reason what is needed, such as "flock, from util-linux".
 */
export function describeIf(condition: boolean, reason: string, name: string, suite: () => void): void {
  const title = condition ? name : `${name} (needs ${reason})`;
  const isRefused = !condition && isAllRequired();
  describe.skipIf(!condition && !isRefused)(title, () => {
    if (isRefused) it("has what it needs", () => expect.fail(`needs ${reason}, and ${REQUIRE_ALL} is set`));
    else suite();
  });
}

/** Whether a test that is skipped counts as a failure. */
export function isAllRequired(): boolean {
  return process.env[REQUIRE_ALL] === "1";
}

/** Whether a program of this name is found on the PATH. */
export function hasProgram(name: string, path: string = process.env["PATH"] ?? ""): boolean {
  return path.split(delimiter).some((folder) => folder !== "" && isExecutable(join(folder, name)));
}
