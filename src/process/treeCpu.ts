import { inLanes } from "../lanes.js";
import { listPids, type ProcStat, readStat } from "./proc.js";

/** A clock tick of `/proc`, which is 10 ms wherever Node runs. */
const TICK_MS = 10;
/** How many processes are read at a time. */
const SCAN_LANES = 4;
/** A look at all processes serves whoever asks shortly after, too. */
const FRESH_MS = 100;

type Processes = ReadonlyMap<number, ProcStat>;

/** How much CPU time the trees of processes have used. It looks only when it is asked, once for all who ask together. */
export class TreeCpu {
  readonly #nowMs: () => number;
  #processes: Promise<Processes> | undefined;
  #readAtMs = 0;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /**
   * CPU time, in milliseconds, that a process and its tree have used: those below it, those of its session, and those
   * that they waited for. It falls where one goes that nobody there waited for. Undefined where there is no such process,
   * or no `/proc`.
   */
  async usedMs(pid: number): Promise<number | undefined> {
    const processes = await this.#all();
    if (!processes.has(pid)) return undefined;
    const children = new Map<number, number[]>();
    for (const [child, { parentPid }] of processes) {
      const siblings = children.get(parentPid);
      if (siblings === undefined) children.set(parentPid, [child]);
      else siblings.push(child);
    }
    const tree = new Set([pid]);
    for (const [other, { sessionId }] of processes) if (sessionId === pid) tree.add(other);
    // A set hands out also what joins it on the way.
    for (const member of tree) for (const child of children.get(member) ?? []) tree.add(child);
    let ticks = 0;
    for (const member of tree) ticks += ticksOf(processes.get(member));
    return ticks * TICK_MS;
  }

  #all(): Promise<Processes> {
    if (this.#processes === undefined || this.#nowMs() - this.#readAtMs > FRESH_MS) {
      this.#readAtMs = this.#nowMs();
      this.#processes = readAll();
      // What failed is not kept: the next who asks looks again.
      this.#processes.catch(() => (this.#processes = undefined));
    }
    return this.#processes;
  }
}

async function readAll(): Promise<Processes> {
  const processes = new Map<number, ProcStat>();
  await inLanes((await listPids()) ?? [], SCAN_LANES, async (pid) => {
    const stat = await readStat(pid);
    if (stat !== undefined) processes.set(pid, stat);
  });
  return processes;
}

function ticksOf(stat: ProcStat | undefined): number {
  return stat === undefined ? 0 : stat.ownTicks + stat.childTicks;
}
