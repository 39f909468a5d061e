import { afterEach, beforeEach, expect, it } from "vitest";

import { TreeCpu } from "../../src/process/treeCpu.js";
import { until } from "../support/until.js";
import { Workbench } from "./workbench.js";

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.open();
});
afterEach(async () => {
  for (const pid of await bench.running()) process.kill(pid, "SIGKILL");
  await until("the end of all", async () => (await bench.running()).length === 0);
  await bench.close();
});

const BUSY = "while :; do :; done";

it("the CPU time of a tree grows with what any process in it does, also one that left its session", async () => {
  const alone = await bench.start(["sh", "-c", BUSY]);
  const below = await bench.start(["sh", "-c", `setsid sh -c '${BUSY}' & wait`]);
  const idle = await bench.start(["sleep", "60"]);
  // Each look is a fresh one.
  let nowMs = 0;
  const cpu = new TreeCpu(() => (nowMs += 1_000));
  await until("the work of one", async () => ((await cpu.usedMs(alone.pid)) ?? 0) >= 50);
  await until("the work below", async () => ((await cpu.usedMs(below.pid)) ?? 0) >= 50);
  expect(await cpu.usedMs(idle.pid)).toBeLessThan(50);
});

it("one look serves all who ask together; a process that is not there has none", async () => {
  const cpu = new TreeCpu(() => 0);
  const { pid } = await bench.start(["sleep", "60"]);
  expect(await cpu.usedMs(pid)).toBeDefined();
  const later = await bench.start(["sleep", "60"]);
  expect(await cpu.usedMs(later.pid)).toBeUndefined();
  expect(await new TreeCpu().usedMs(later.pid)).toBeDefined();
  expect(await new TreeCpu().usedMs(2 ** 31 - 1)).toBeUndefined();
});
