import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";

import { isSame, type ProcessIdentity, readIdentity } from "../../src/process/identity.js";
import { keeperProgram } from "../../src/process/keeper/program.js";
import type { CommandShape, SessionShape } from "../../src/protocol/types.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";
import { CAMPAIGN } from "./campaign.js";
import { Random } from "./random.js";

/** A limit that nobody meets in the time of a test, and one that everybody does. */
const HEARTBEAT_MS = { long: 600_000, short: 1_000 };
const COUNT = 4;

interface Bound {
  readonly child: ChildProcess;
  readonly sessionId: string;
}

interface Running {
  readonly commandId: string;
  readonly identity: ProcessIdentity;
}

async function boundSession(peer: Peer): Promise<Bound> {
  const child = spawn("sleep", ["1000"], { stdio: "ignore", detached: true });
  onTestFinished(() => void child.kill("SIGKILL"));
  const { sessionId } = await peer.call("session/create");
  await peer.call("session/bind", { sessionId, pid: child.pid ?? 0, onExit: "fail" });
  await peer.call("invocation/start", { sessionId, tool: "edit" });
  return { child, sessionId };
}

async function runningCommand(peer: Peer, sessionId: string): Promise<Running> {
  const argv = ["sh", "-c", "echo up; exec sleep 1000"];
  const { commandId } = await peer.call("command/start", { sessionId, argv });
  await peer.call("command/output", { commandId, follow: true });
  const identity = await until("its process", async () => {
    const { pid } = await peer.call("command/get", { commandId });
    return pid === undefined ? undefined : readIdentity(pid);
  });
  return { commandId, identity };
}

/** Every command that is said to run has its process, and every other has none. */
function expectTrue(command: CommandShape, { identity }: Running, about: string): void {
  const isRunning = command.status === "running";
  expect([command.status, isRunning], about).toEqual([command.status, isSame(identity)]);
  if (!isRunning) expect(command.endedAt, about).toBeDefined();
}

async function killed(daemon: TestDaemon, victims: readonly (() => void | Promise<void>)[]): Promise<Peer> {
  await daemon.kill();
  for (const end of victims) await end();
  await daemon.start();
  return daemon.peer();
}

const { seed } = CAMPAIGN;
/** Each has some sessions of each kind. */
const CYCLES = Math.max(2, Math.min(CAMPAIGN.orphanCycles, 100));

describe.each(keeperProgram() === undefined ? [false] : [true, false])(
  "commands outlive the daemon: %s",
  (outliveDaemon) => {
    it(
      `B.5 after kill -9 nothing reads running that does not run, ${CYCLES} times`,
      async () => {
        const random = new Random(seed);
        const daemon = await daemonForTest({ config: { commands: { outliveDaemon } } });
        for (let cycle = 0; cycle < CYCLES; cycle += 1) {
          const about = `cycle ${cycle + 1}; the same chances come again with SESSIOND_CRASH_SEED=${seed}`;
          let peer = await daemon.peer();
          const [awaited, silent] = await Promise.all(
            [HEARTBEAT_MS.long, HEARTBEAT_MS.short].map((heartbeatTimeoutMs) =>
              peer.call("session/create", { config: { heartbeatTimeoutMs } }),
            ),
          );
          if (awaited === undefined || silent === undefined) throw new Error("no session");
          const { sessionId } = await peer.call("session/create");
          const bound = await Promise.all(Array.from({ length: COUNT }, () => boundSession(peer)));
          const commands = await Promise.all(
            Array.from({ length: COUNT }, () => runningCommand(peer, sessionId)),
          );
          const gone = bound.filter(() => random.chance(0.5));
          const ended = commands.filter(() => random.chance(0.5));
          peer = await killed(daemon, [
            ...gone.map(({ child }) => async () => {
              const exited = once(child, "exit");
              child.kill("SIGKILL");
              await exited;
            }),
            ...ended.map(({ identity }) => async () => {
              if (isSame(identity)) process.kill(identity.pid, "SIGKILL");
              await until("its end", () => !isSame(identity));
            }),
          ]);
          for (const one of bound) {
            // By the first look at it: what went meanwhile was never seen active.
            const session = await peer.call("session/get", { sessionId: one.sessionId });
            const isGone = gone.includes(one);
            expect([session.status, session.invocations.running], about).toEqual(
              isGone ? ["failed", 0] : ["active", 1],
            );
          }
          for (const one of commands) {
            expectTrue(await peer.call("command/get", { commandId: one.commandId }), one, about);
          }
          const { commands: counts } = await peer.call("session/get", { sessionId });
          const alive = commands.filter(({ identity }) => isSame(identity)).length;
          expect(counts.running, about).toBe(alive);
          expect(alive, about).toBe(outliveDaemon ? COUNT - ended.length : 0);
          const isOver = async ({ sessionId: id }: SessionShape): Promise<string | false> => {
            const { status } = await peer.call("session/get", { sessionId: id });
            return status !== "active" && status;
          };
          expect(await until("the end of the silent one", () => isOver(silent)), about).toBe("timed_out");
          expect(await isOver(awaited), about).toBe(false);
          for (const id of [sessionId, awaited.sessionId, ...bound.map((one) => one.sessionId)])
            await peer.call("session/end", { sessionId: id }).catch(() => undefined);
          for (const { child } of bound)
            expect(child.kill("SIGKILL") || gone.some((one) => one.child === child)).toBe(true);
          await until("the end of all", async () => (await daemon.leftovers()).length === 0);
        }
      },
      60_000 + CYCLES * 20_000,
    );
  },
);
