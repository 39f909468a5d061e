import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";

import { isSame, type ProcessIdentity, readIdentity } from "../../src/process/identity.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { describeIf, hasProgram } from "../support/requires.js";
import { passing, until } from "../support/until.js";
import { CAMPAIGN } from "./campaign.js";
import { Random } from "./random.js";

/** Ways to be hard to stop; each tells when it is up. */
const SCRIPTS = [
  // Alone, and easy.
  "echo up; exec sleep 100",
  // Deaf to SIGTERM, with a child that is as deaf.
  "trap '' TERM; (trap '' TERM; sleep 100) & echo up; wait; sleep 100",
  // A grandchild in a session of its own.
  "setsid sh -c 'sleep 100' & echo up; wait",
  // Its leader ends at once, and leaves a deaf child behind in the group.
  "(trap '' TERM; echo up; sleep 100) & sleep 0.05",
  // Forks all the time.
  "echo up; while :; do sleep 0.01; done",
  // Stopped by itself.
  "echo up; kill -STOP $$; sleep 100",
];

/** Processes that are nobody's command, and have to live through all of it. */
async function bystanders(count: number): Promise<ProcessIdentity[]> {
  const children = Array.from({ length: count }, () => {
    return spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
  });
  onTestFinished(async () => {
    for (const child of children) {
      const ended = once(child, "exit");
      if (child.kill("SIGKILL")) await ended;
    }
  });
  return children.map((child) => {
    const identity = readIdentity(child.pid ?? 0);
    if (identity === undefined) throw new Error("no bystander");
    return identity;
  });
}

/** Starts one command of each kind, and kills the daemon as chance has it: in the midst of it, or a while after. */
async function startAndKill(daemon: TestDaemon, random: Random): Promise<void> {
  const peer = await daemon.peer();
  const { sessionId } = await peer.call("session/create");
  const starts = SCRIPTS.map(async (script) => {
    const argv = ["sh", "-c", script];
    const { commandId } = await peer.call("command/start", { sessionId, argv, graceMs: 200 });
    if (random.chance(0.7)) await peer.call("command/output", { commandId, follow: true });
  });
  const started = Promise.allSettled(starts);
  await Promise.race([passing(random.between(0, 250)), started]);
  await daemon.kill();
  await started;
}

const { orphanCycles, seed } = CAMPAIGN;

describeIf(hasProgram("setsid"), "setsid, from util-linux", "kill -9 with running commands", () => {
  it(
    `B.5 ${orphanCycles} times: nothing of them is left after the next start, and nobody else is touched`,
    async () => {
      const random = new Random(seed);
      const daemon = await daemonForTest();
      const others = await bystanders(5);
      let lost = 0;
      for (let cycle = 0; cycle < orphanCycles; cycle += 1) {
        const about = `cycle ${cycle + 1}; the same chances come again with SESSIOND_CRASH_SEED=${seed}`;
        await startAndKill(daemon, random);
        lost += (await daemon.start()).lostCommands;
        // Nothing is waited for: a start is over when all of them are gone.
        expect(await daemon.leftovers(), about).toEqual([]);
        expect(others.every(isSame), about).toBe(true);
        const { commands } = await (await daemon.peer()).call("daemon/status");
        expect(commands.running, about).toBe(0);
      }
      expect(lost).toBeGreaterThan(0);
      process.stdout.write(`${orphanCycles} kills with running commands: ${lost} lost, 0 orphans\n`);
    },
    60_000 + orphanCycles * 5_000,
  );
});

describe("what is left of a command", () => {
  it("would be seen, if it were there", async () => {
    // The counter-check: a daemon that is killed and not started again leaves them.
    const daemon = await daemonForTest();
    await startAndKill(daemon, new Random(1));
    await until("leftovers", async () => (await daemon.leftovers()).length > 0);
  });
});
