// Prints one plain line about the last run of the tests: `512 passed, 0 failed, 0 skipped`.
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

const REPORT = fileURLToPath(new URL("../../coverage/report.json", import.meta.url));

/**
 * The figures of the last run. A file that could not be loaded has no tests that could fail, so it counts as one
 * failure itself.
 *
 * @returns {string}
 */
export function summaryLine() {
  const report = JSON.parse(readFileSync(REPORT, "utf8"));
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const failed = report.numFailedTests + broken.length;
  const skipped = report.numPendingTests + report.numTodoTests;
  return `${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
}

if (argv[1] === fileURLToPath(import.meta.url)) console.log(summaryLine());
