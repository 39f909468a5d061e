import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { isSame, type ProcessIdentity, readIdentity } from "../../src/process/identity.js";
import { keeperProgram } from "../../src/process/keeper/program.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
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

/** Commands that wait for a gate, and end with a code of their own each. */
const GATED = 'echo up; echo ran >>"$0.$1"; until [ -e "$0" ]; do sleep 0.02; done; echo done; exit "$1"';
const CODES = Array.from({ length: 20 }, (_, index) => index * 5);

/** Processes that are nobody's command, and have to live through all of it. */
async function bystanders(count: number): Promise<ProcessIdentity[]> {
  const children = Array.from({ length: count }, () => {
    return spawn("sleep", ["1000000"], { detached: true, stdio: "ignore" });
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

/** Starts the commands that wait for a gate, and resolves when all of them run. */
async function startGated(peer: Peer, sessionId: string, gate: string): Promise<string[]> {
  const ids = CODES.map(async (code) => {
    const argv = ["sh", "-c", GATED, gate, String(code)];
    const { commandId } = await peer.call("command/start", { sessionId, argv });
    await peer.call("command/output", { commandId, follow: true });
    return commandId;
  });
  return Promise.all(ids);
}

const { orphanCycles, seed } = CAMPAIGN;
const HAS_KEEPER = keeperProgram() !== undefined;
const CHILDREN = { config: { commands: { outliveDaemon: false } } };

describeIf(
  HAS_KEEPER && hasProgram("setsid"),
  "a C compiler and setsid",
  "kill -9 with kept commands",
  () => {
    it(
      `B.1 ${orphanCycles} times with ${CODES.length} commands and ${SCRIPTS.length} that are hard to stop: all go on, and end as they end`,
      async () => {
        const random = new Random(seed);
        const daemon = await daemonForTest();
        const others = await bystanders(5);
        for (let cycle = 0; cycle < orphanCycles; cycle += 1) {
          const about = `cycle ${cycle + 1}; the same chances come again with SESSIOND_CRASH_SEED=${seed}`;
          const peer = await daemon.peer();
          const { sessionId } = await peer.call("session/create");
          const gate = join(daemon.folder, `gate${cycle}`);
          const ids = await startGated(peer, sessionId, gate);
          await startAndKill(daemon, random);
          // Some end while there is no daemon, and some after that.
          if (random.chance(0.5)) await writeFile(gate, "");
          const { adoptedCommands } = await daemon.start();
          expect(adoptedCommands, about).toBeGreaterThanOrEqual(CODES.length);
          await writeFile(gate, "");
          await expectEnds(await daemon.peer(), ids, gate, about);
          await endAll(await daemon.peer());
          await until("the end of all", async () => (await daemon.leftovers()).length === 0);
          expect(others.every(isSame), about).toBe(true);
        }
        process.stdout.write(
          `${orphanCycles} x ${CODES.length} commands adopted with their exit codes, 0 orphans\n`,
        );
      },
      60_000 + orphanCycles * 10_000,
    );
  },
);

/** Each ran once, is known to have ended with its code, and all of its output is there. */
async function expectEnds(peer: Peer, ids: readonly string[], gate: string, about: string): Promise<void> {
  for (const [index, code] of CODES.entries()) {
    const commandId = ids[index] ?? "";
    const ended = await peer.call("command/wait", { commandId });
    expect(ended, about).toMatchObject({ cause: "exited", exitCode: code, attempt: 1 });
    expect((await peer.call("command/output", { commandId })).output, about).toBe("up\ndone\n");
    expect(await readFile(`${gate}.${code}`, "utf8"), about).toBe("ran\n");
  }
}

/** Ends every session, with what runs in it; resolves when nothing does. */
async function endAll(peer: Peer): Promise<void> {
  const { items } = await peer.call("session/list", { status: "active" });
  for (const { sessionId } of items) await peer.call("session/end", { sessionId, status: "completed" });
  await until("the end of all", async () => (await peer.call("daemon/status")).commands.running === 0);
}

describeIf(hasProgram("setsid"), "setsid, from util-linux", "kill -9 with children", () => {
  it(
    `B.5 ${orphanCycles} times: nothing of them is left after the next start, and nobody else is touched`,
    async () => {
      const random = new Random(seed);
      const daemon = await daemonForTest(CHILDREN);
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
    const peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create");
    const argv = ["sh", "-c", "echo up; exec sleep 1000"];
    const { commandId } = await peer.call("command/start", { sessionId, argv });
    await peer.call("command/output", { commandId, follow: true });
    await daemon.kill();
    await until("leftovers", async () => (await daemon.leftovers()).length > 0);
  });
});
