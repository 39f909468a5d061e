import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";

import { LimitWatch } from "../../../src/process/resources/limitWatch.js";
import { proportionalBytes, readTree } from "../../../src/process/resources/treeUsage.js";
import { describeIf, hasProgram } from "../../support/requires.js";

const MIB = 1_048_576;

describeIf(LimitWatch.isPossible && hasProgram("perl"), "perl and /proc", "a tree of processes", () => {
  /** Starts perl and waits for its first line; answers its pid. */
  async function perl(script: string): Promise<number> {
    const child = spawn("perl", ["-e", `$| = 1; ${script}`, "30"], { detached: true });
    onTestFinished(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    });
    await once(child.stdout, "data");
    return child.pid ?? 0;
  }

  it("is summed up whole: children that sleep, and the use of the processor of those that are gone", async () => {
    const work = "my $t = time; 1 while time - $t < 2;";
    const pid = await perl(`
      if (fork) { wait } else { ${work} exit 0 }
      my $x = "a" x ($ARGV[0] * 1048576);
      for (1..3) { fork or do { sleep 1000 } }
      print "up\\n"; sleep 1000;`);
    const usage = await readTree(pid, false);
    expect(usage?.pids).toHaveLength(4);
    expect(usage?.tasks).toBe(4);
    // What they share counts for each of them here, and once there.
    expect(usage?.residentBytes).toBeGreaterThan(4 * 30 * MIB);
    const shared = await proportionalBytes(usage?.pids ?? []);
    expect(shared).toBeGreaterThan(30 * MIB);
    expect(shared).toBeLessThan(60 * MIB);
    expect(usage?.cpuMs).toBeGreaterThan(100);
    // As a keeper it would not count itself.
    expect((await readTree(pid, true))?.pids).toHaveLength(3);
  });

  it("is nothing where its root is gone", async () => {
    expect(await readTree(2 ** 30, false)).toBeUndefined();
    expect(await proportionalBytes([2 ** 30])).toBe(0);
  });
});
