import { uptime } from "node:os";

import { readProcessTable, ProcessTable, type ProcessStat } from "./processTable.js";
import { type Root, type Tree, treesOf } from "./trees.js";
import { type KernelUnits, readKernelUnits } from "./units.js";
import { ProcessUsage, type Usage } from "./usage.js";

/** What processes use together. */
export interface Figures {
  /** Of one core; over 100 where several are in use. */
  readonly cpuPercent: number;
  /** Resident memory, summed up: what processes share counts for each of them. */
  readonly memoryBytes: number;
  readonly processes: number;
}

/** What was seen in one round. */
export interface Round {
  readonly sessions: ReadonlyMap<string, Figures>;
  /** With the processor time that each command has used so far, its ended processes included. */
  readonly commands: ReadonlyMap<string, Figures & { readonly cpuMs: number }>;
}

/** One process of a session. */
export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  readonly commandId: string | undefined;
  readonly name: string;
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  /** Epoch milliseconds; undefined where the system does not tell. */
  readonly startedAt: number | undefined;
}

export interface SamplerParts {
  readonly usage: ProcessUsage;
  readonly readTable: () => Promise<ProcessTable | undefined>;
  /** Milliseconds of a clock that does not jump. */
  readonly nowMs: () => number;
  readonly units: KernelUnits;
}

/** What a tree had used by the last round. */
interface Seen {
  readonly atMs: number;
  readonly ticks: number;
  readonly cpuMs: number;
}

/** Measures the process trees of sessions: one look at all processes, and pidusage for those that belong to one. */
export class Sampler {
  readonly #parts: SamplerParts;
  #seen = new Map<string, Seen>();
  /** Start times of the processes of the last round: what pidusage is asked for has been there since then. */
  #settled: ReadonlyMap<number, number> = new Map();

  constructor(parts: Partial<SamplerParts> = {}) {
    this.#parts = {
      usage: parts.usage ?? new ProcessUsage(),
      readTable: parts.readTable ?? readProcessTable,
      nowMs: parts.nowMs ?? (() => performance.now()),
      units: parts.units ?? readKernelUnits(),
    };
  }

  /** Measures once. What has no process any more is in neither of the maps. */
  async round(roots: readonly Root[]): Promise<Round> {
    const trees = treesOf(await this.#table(roots), roots);
    const nowMs = this.#parts.nowMs();
    const usages = await this.#usages(trees);
    const seen = new Map<string, Seen>();
    const sessions = new Map<string, Figures>();
    const commands = new Map<string, Figures & { cpuMs: number }>();
    for (const tree of trees) {
      const { cpuMs, cpuPercent } = this.#progress(tree, nowMs, seen);
      const memoryBytes = tree.members.reduce((sum, stat) => sum + this.#memoryBytes(stat, usages), 0);
      const figures = { cpuPercent, memoryBytes, processes: tree.members.length };
      const { sessionId, commandId } = tree.root;
      sessions.set(sessionId, added(sessions.get(sessionId), figures));
      if (commandId !== undefined) commands.set(commandId, { ...figures, cpuMs });
    }
    this.#seen = seen;
    this.#settled = new Map(
      trees.flatMap(({ members }) => members.map(({ pid, startTicks }) => [pid, startTicks])),
    );
    return { sessions, commands };
  }

  /** The processes below the roots as they are now, pids ascending. */
  async processes(roots: readonly Root[]): Promise<ProcessRow[]> {
    const trees = treesOf(await this.#table(roots), roots);
    const usages = await this.#usages(trees);
    const bootMs = Date.now() - uptime() * 1_000;
    const { ticksPerSecond } = this.#parts.units;
    const rows = trees.flatMap(({ root, members }) =>
      members.map((stat) => ({
        pid: stat.pid,
        parentPid: stat.parentPid,
        commandId: root.commandId,
        name: stat.name,
        cpuPercent: usages.get(stat.pid)?.cpuPercent ?? 0,
        memoryBytes: this.#memoryBytes(stat, usages),
        startedAt: stat.startTicks === 0 ? undefined : bootMs + (stat.startTicks / ticksPerSecond) * 1_000,
      })),
    );
    return rows.toSorted((a, b) => a.pid - b.pid);
  }

  /** Forgets the last round: nothing runs any more. */
  reset(): void {
    this.#seen = new Map();
    this.#settled = new Map();
  }

  /** Without `/proc` the roots alone, as pidusage tells of them. */
  async #table(roots: readonly Root[]): Promise<ProcessTable> {
    const table = await this.#parts.readTable();
    if (table !== undefined) return table;
    const { usage, units } = this.#parts;
    const found = await usage.of(roots.map(({ pid }) => pid));
    return new ProcessTable(
      [...found].map(([pid, { parentPid, cpuMs, memoryBytes }]) => ({
        pid,
        parentPid,
        name: "",
        startTicks: 0,
        ownTicks: (cpuMs / 1_000) * units.ticksPerSecond,
        reapedTicks: 0,
        residentPages: memoryBytes / units.pageBytes,
      })),
    );
  }

  #usages(trees: readonly Tree[]): Promise<ReadonlyMap<number, Usage>> {
    const settled = trees
      .flatMap(({ members }) => members)
      .filter(({ pid, startTicks }) => this.#settled.get(pid) === startTicks);
    return this.#parts.usage.of(settled.map(({ pid }) => pid));
  }

  #memoryBytes({ pid, residentPages }: ProcessStat, usages: ReadonlyMap<number, Usage>): number {
    return usages.get(pid)?.memoryBytes ?? residentPages * this.#parts.units.pageBytes;
  }

  /** What a tree has used since the last round, which for a new one is since its start. */
  #progress(
    { key, ticks, startTicks }: Tree,
    nowMs: number,
    seen: Map<string, Seen>,
  ): { cpuMs: number; cpuPercent: number } {
    const tickMs = 1_000 / this.#parts.units.ticksPerSecond;
    const last = this.#seen.get(key);
    const ageMs = startTicks === 0 ? 0 : uptime() * 1_000 - startTicks * tickMs;
    const spentMs = last === undefined ? ageMs : nowMs - last.atMs;
    // A process that has left the tree took its time along: that is no progress backwards.
    const usedMs = Math.max(0, ticks - (last?.ticks ?? 0)) * tickMs;
    const cpuMs = (last?.cpuMs ?? 0) + usedMs;
    seen.set(key, { atMs: nowMs, ticks, cpuMs });
    // Ticks are long: of less than a few of them nothing can be said.
    return { cpuMs, cpuPercent: spentMs < 10 * tickMs ? 0 : (usedMs / spentMs) * 100 };
  }
}

function added(before: Figures | undefined, more: Figures): Figures {
  if (before === undefined) return more;
  return {
    cpuPercent: before.cpuPercent + more.cpuPercent,
    memoryBytes: before.memoryBytes + more.memoryBytes,
    processes: before.processes + more.processes,
  };
}
