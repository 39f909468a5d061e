import type { Reporter, TestModule, Vitest } from "vitest/node";

import { isAllRequired } from "./requires.js";

/**
 * Names every test that was skipped, so that a green run does not look like more than it was. Where all is
 * required, one skipped test makes the run fail.
 */
export class SkippedReporter implements Reporter {
  #isFiltered = false;

  onInit(vitest: Vitest): void {
    this.#isFiltered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].map((test) => `${module.relativeModuleId}: ${test.fullName}`),
    );
    // With `-t` nearly everything is skipped, and that is what was asked for.
    if (skipped.length === 0 || (this.#isFiltered && !isAllRequired())) return;
    process.stderr.write(`Skipped:\n${skipped.map((name) => `  ${name}\n`).join("")}`);
    if (!isAllRequired()) return;
    process.stderr.write("SESSIOND_REQUIRE_ALL is set, so a skipped test is a failure.\n");
    process.exitCode = 1;
  }
}
