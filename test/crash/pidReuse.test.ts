import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

import { isSame, type ProcessIdentity } from "../../src/process/identity.js";
import { keeperProgram, shellTools } from "../../src/process/keeper/program.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { rewriteJournal } from "../support/journalEdit.js";
import type { Peer } from "../support/peer.js";
import { hasPidNamespaces, PidNamespace } from "../support/pidNamespace.js";
import { describeIf, hasProgram } from "../support/requires.js";
import { until } from "../support/until.js";

/** A daemon with pids of its own, and a command of it that waits for its gate. */
interface Scene {
  readonly space: PidNamespace;
  readonly daemon: TestDaemon;
  readonly commandId: string;
  /** In the namespace. */
  readonly pid: number;
  readonly gate: string;
  /** Ends the daemon by `kill -9`; resolves when it is gone. */
  readonly kill: () => Promise<void>;
  readonly next: () => Promise<Peer>;
}

const WAYS = {
  keeper: {},
  sh: { env: { SESSIOND_KEEPER: "sh" } },
  child: { config: { commands: { outliveDaemon: false } } },
} as const;
type Way = keyof typeof WAYS;

async function scene(way: Way): Promise<Scene> {
  const space = await PidNamespace.open();
  const daemon = await daemonForTest({ ...WAYS[way], around: space.enter });
  let peer = await daemon.peer();
  const pidOf = async (): Promise<number> => (await peer.call("daemon/status")).pid;
  const { sessionId } = await peer.call("session/create");
  const gate = join(daemon.folder, "gate");
  onTestFinished(() => writeFile(gate, "").catch(() => undefined));
  const script = 'echo up; until [ -e "$0" ]; do sleep 0.01; done; exit 7';
  const { commandId } = await peer.call("command/start", { sessionId, argv: ["sh", "-c", script, gate] });
  await peer.call("command/output", { commandId, follow: true });
  const { pid = 0, supervision } = await until("the start", async () => {
    const command = await peer.call("command/get", { commandId });
    return command.status === "running" ? command : undefined;
  });
  expect(supervision).toBe(way);
  // What enters the namespace is not the daemon, and ends with it.
  const kill = async (): Promise<void> => {
    if (daemon.process.hasEnded) return;
    await space.kill(await pidOf());
    await daemon.process.exited;
  };
  onTestFinished(kill);
  return {
    space,
    daemon,
    commandId,
    pid,
    gate,
    kill,
    next: async () => {
      await daemon.start();
      return (peer = await daemon.peer());
    },
  };
}

/** The folder of the only command. */
async function folderOf({ daemon }: Scene): Promise<string> {
  const running = join(daemon.dataDir, "running");
  return join(running, (await readdir(running))[0] ?? "");
}

/** The pid of the keeper in the namespace. */
async function keeperOf(here: Scene, way: Way): Promise<number | undefined> {
  if (way === "child") return undefined;
  const folder = await folderOf(here);
  if (way === "keeper") return Number((await readFile(join(folder, "claim"), "utf8")).split(" ")[1]);
  // Its parent; and that is outside.
  const { pid = 0 } = (await here.space.outside(here.pid)) ?? {};
  const parent = Number((await readFile(`/proc/${pid}/stat`, "latin1")).split(") ").at(-1)?.split(" ")[1]);
  return Number(/^NSpid:.*\s(\d+)$/m.exec(await readFile(`/proc/${parent}/status`, "utf8"))?.[1]);
}

/** Makes whatever was written down of a process say that it is the bystander: that both began within the same tick. */
async function forge(here: Scene, pid: number, { startTicks, bootId }: ProcessIdentity): Promise<void> {
  const written = new RegExp(`\\{"pid":${pid},"startTicks":\\d+,"bootId":"[^"]*"\\}`);
  const changed = await rewriteJournal(join(here.daemon.dataDir, "journal"), (record) =>
    record.replace(written, JSON.stringify({ pid, startTicks, bootId })),
  );
  expect(changed).toBe(1);
  const running = join(here.daemon.dataDir, "running");
  for (const name of await readdir(running).catch(() => [])) {
    const path = join(running, name, "started");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(/^started (\d+) \d+/, `started $1 ${startTicks}`));
  }
}

/** Three daemons one after the other, on a machine that may be busy. */
const SLOW_MS = 120_000;
const CAN = hasProgram("unshare") && hasProgram("nsenter") && hasProgram("setsid") && hasPidNamespaces();
const HAS = keeperProgram() !== undefined && shellTools() !== undefined;

describeIf(
  CAN && HAS,
  "a C compiler, setsid, unshare, nsenter and the right to use them",
  "a pid that is in use again, with the same start time",
  () => {
    it.each(["keeper", "sh", "child"] as const)(
      "B.5 is never signalled for a command of which the %s was killed with the daemon",
      async (way) => {
        const here = await scene(way);
        const { space, pid, commandId } = here;
        const keeper = await keeperOf(here, way);
        await here.kill();
        const dead = [keeper, pid].filter((one) => one !== undefined);
        for (const one of dead) await space.kill(one);
        const others: ProcessIdentity[] = [];
        for (const one of dead) others.push(await space.bystander(one));
        await forge(here, pid, others.at(-1) as ProcessIdentity);
        const peer = await here.next();
        const { recovery } = await peer.call("daemon/status");
        expect(recovery).toMatchObject({ lostCommands: 1, adoptedCommands: 0 });
        expect(await peer.call("command/get", { commandId })).toMatchObject({ status: "lost" });
        expect(others.map(isSame)).toEqual(others.map(() => true));
        // Nor by the daemon after that, for which the command is over.
        await here.kill();
        await here.next();
        expect(others.map(isSame)).toEqual(others.map(() => true));
      },
      SLOW_MS,
    );

    it.each(["keeper", "sh"] as const)(
      "B.5 is never signalled for a command that ended with its %s while there was no daemon",
      async (way) => {
        const here = await scene(way);
        const { space, pid, commandId } = here;
        const keeper = (await keeperOf(here, way)) ?? 0;
        const folder = await folderOf(here);
        await here.kill();
        await writeFile(here.gate, "");
        await until("its end", async () => (await readdir(folder)).includes("ended"));
        await until("the end of its keeper", async () => (await space.outside(keeper)) === undefined);
        const others = [await space.bystander(keeper), await space.bystander(pid)] as const;
        await forge(here, pid, others[1]);
        const peer = await here.next();
        const ended = await peer.call("command/wait", { commandId });
        expect(ended).toMatchObject({ status: "failed", cause: "exited", exitCode: 7 });
        await until("the folder to go", async () => {
          return (await readdir(join(here.daemon.dataDir, "running"))).length === 0;
        });
        expect(others.map(isSame)).toEqual([true, true]);
      },
      SLOW_MS,
    );
  },
);
