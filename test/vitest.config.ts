import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

import { SkippedReporter } from "./support/skippedReporter.js";

// The whole run of the gate: only that one has to reach the thresholds, and leaves a report behind.
const isGate = process.env["SESSIOND_COVERAGE"] === "1";

export default defineConfig({
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    include: ["test/**/*.test.ts"],
    // Two cores are what CI has; real daemons and real processes want the second one for themselves.
    maxWorkers: 2,
    // What a test waits for has limits of its own (support/until.ts); this one is for a machine that is three times as slow.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // `npm run test:crash -- --cycles 1000` asks for more.
    env: { SESSIOND_CRASH_CYCLES: process.env["SESSIOND_CRASH_CYCLES"] ?? "25" },
    // `support/summary.mjs` reads the report: the figures come from the runner, not from its prose.
    reporters: isGate
      ? ["default", new SkippedReporter(), "json"]
      : [process.env["CI"] === undefined ? "dot" : "default", new SkippedReporter()],
    outputFile: { json: "coverage/report.json" },
    coverage: {
      provider: "v8",
      enabled: isGate,
      reportsDirectory: "coverage/v8",
      include: ["src/**/*.ts", "client/**/*.ts"],
      // These run as processes of their own, where this coverage does not reach; they are tested all the same.
      exclude: ["src/main.ts", "src/cli/**"],
      reporter: ["text-summary", "json-summary"],
      thresholds: {
        lines: 95,
        "src/session/**": { lines: 100 },
        "src/journal/**": { lines: 100 },
      },
    },
  },
});
