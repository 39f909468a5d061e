import { existsSync } from "node:fs";

import { KEEPER_NAME, readComm, readStat } from "../proc.js";
import { asked, type ResourceBounds } from "./bounds.js";
import { proportionalBytes, readTree, type TreeUsage } from "./treeUsage.js";

/** Which limit a command is over. */
export type LimitCause = "memory_limit" | "process_limit" | "cpu_limit";

/** A command that is held to its limits by looking at it. */
export interface Watched {
  /** Its first process. */
  readonly pid: number;
  readonly sessionId: string;
  readonly bounds: ResourceBounds;
  /** Those of its session, as they are now: they hold for all of its commands that are watched, together. */
  readonly sessionBounds: () => ResourceBounds;
  /** Ends it, and at once where `isUrgent`: it goes on growing although it was asked to end. */
  readonly end: (cause: LimitCause, isUrgent: boolean) => void;
}

export interface LimitWatchParts {
  readonly read?: typeof readTree;
  readonly readMemory?: typeof proportionalBytes;
  readonly rootOf?: typeof rootOf;
  /** Of a clock that does not jump. */
  readonly nowMs?: () => number;
  readonly everyMs?: number;
  readonly onError: (error: unknown) => void;
}

/** How soon after a look comes the next one. */
const EVERY_MS = 250;
/** So much over its limit nobody waits for a command to end by itself. */
const URGENT_FACTOR = 1.5;
/** The counters of the kernel lag behind by some pages for each thread. */
const RESIDENT_SHARE = 0.9;

/** Of whom a command descends; a keeper does not count itself. */
interface Root {
  readonly pid: number;
  readonly isKeeper: boolean;
}

/** A command, and what was seen of it. */
interface Entry {
  readonly watched: Watched;
  root: Root | undefined;
  usage: TreeUsage | undefined;
  memoryBytes: number;
  isEnding: boolean;
  window: CpuWindow | undefined;
}

/** What commands had used of the processor when a look at it began. */
interface CpuWindow {
  readonly sinceMs: number;
  readonly cpuMs: number;
  /** Of which commands, by their first processes: what others had used before is nobody's fault. */
  readonly pids: string;
}

/**
 * Holds commands to their limits where the kernel does not: looks at their processes every 250 ms, as long as there are such
 * commands, and ends those that are over. So what grows fast is over its limit for a moment. Of a session that is over its
 * limit the command ends that takes most.
 */
export class LimitWatch {
  readonly #entries = new Set<Entry>();
  /** Windows of sessions, of which one command is held for all. */
  readonly #sessionWindows = new Map<string, CpuWindow>();
  readonly #parts: Required<LimitWatchParts>;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: LimitWatchParts) {
    this.#parts = {
      read: readTree,
      readMemory: proportionalBytes,
      rootOf,
      nowMs: () => performance.now(),
      everyMs: EVERY_MS,
      ...parts,
    };
  }

  /** Whether this machine lets us look. */
  static get isPossible(): boolean {
    return existsSync("/proc/thread-self/children");
  }

  /** Watches a command; answers how to end that. */
  add(watched: Watched): () => void {
    const entry: Entry = {
      watched,
      root: undefined,
      usage: undefined,
      memoryBytes: 0,
      isEnding: false,
      window: undefined,
    };
    this.#entries.add(entry);
    this.#arm();
    return () => {
      this.#entries.delete(entry);
    };
  }

  /** Looks at all commands once. */
  async look(): Promise<void> {
    for (const entry of this.#entries) await this.#read(entry);
    for (const entry of this.#entries) await this.#hold(entry);
    const sessions = bySession(this.#entries);
    for (const sessionId of this.#sessionWindows.keys())
      if (!sessions.has(sessionId)) this.#sessionWindows.delete(sessionId);
    for (const [sessionId, entries] of sessions) await this.#holdSession(sessionId, entries);
  }

  /** Looks no more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#isClosed || this.#entries.size === 0) return;
    this.#timer = setTimeout(() => void this.#tick(), this.#parts.everyMs).unref();
  }

  async #tick(): Promise<void> {
    // There may be no descriptor left to look with; the next look may have one.
    await this.look().catch(this.#parts.onError);
    this.#timer = undefined;
    this.#arm();
  }

  async #read(entry: Entry): Promise<void> {
    entry.root ??= await this.#parts.rootOf(entry.watched.pid);
    entry.usage = entry.root && (await this.#parts.read(entry.root.pid, entry.root.isKeeper));
  }

  async #hold(entry: Entry): Promise<void> {
    const { usage } = entry;
    if (usage === undefined) return;
    const { bounds } = entry.watched;
    const memory = await this.#memoryOver(bounds, [entry]);
    if (memory > 0) this.#end(entry, "memory_limit", memory > (bounds.memoryBytes ?? 0) * URGENT_FACTOR);
    if (isOver(usage.tasks, bounds.processes)) this.#end(entry, "process_limit", false);
    const cpu = this.#cpuOver(bounds, entry.window, [entry]);
    entry.window = cpu.window;
    if (cpu.isOver) this.#end(entry, "cpu_limit", false);
  }

  async #holdSession(sessionId: string, entries: readonly Entry[]): Promise<void> {
    const seen = entries.filter(({ usage }) => usage !== undefined);
    const [first] = seen;
    // What is being ended takes its memory along; others wait for that.
    if (first === undefined || seen.some(({ isEnding }) => isEnding)) return;
    const bounds = first.watched.sessionBounds();
    if (asked(bounds).length === 0) return;
    const memory = await this.#memoryOver(bounds, seen);
    if (memory > 0) {
      const isUrgent = memory > (bounds.memoryBytes ?? 0) * URGENT_FACTOR;
      return this.#end(
        fattest(seen, (entry) => entry.memoryBytes),
        "memory_limit",
        isUrgent,
      );
    }
    const tasks = (entry: Entry): number => entry.usage?.tasks ?? 0;
    if (isOver(sum(seen, tasks), bounds.processes))
      return this.#end(fattest(seen, tasks), "process_limit", false);
    const cpu = this.#cpuOver(bounds, this.#sessionWindows.get(sessionId), seen);
    if (cpu.window !== undefined) this.#sessionWindows.set(sessionId, cpu.window);
    if (cpu.isOver) this.#end(fattest(seen, cpuMs), "cpu_limit", false);
  }

  /** The memory that commands take together, where that is over the limit; else 0. */
  async #memoryOver({ memoryBytes = 0 }: ResourceBounds, entries: readonly Entry[]): Promise<number> {
    if (memoryBytes === 0) return 0;
    // What is resident is never less than the true share, and costs nothing beside it.
    const resident = sum(entries, ({ usage }) => usage?.residentBytes ?? 0);
    if (resident <= memoryBytes * RESIDENT_SHARE) return 0;
    for (const entry of entries) entry.memoryBytes = await this.#parts.readMemory(entry.usage?.pids ?? []);
    const total = sum(entries, (entry) => entry.memoryBytes);
    return total > memoryBytes ? total : 0;
  }

  /** Whether a window of time has ended over the limit; the one that is open from now on. */
  #cpuOver(
    { cpuPercent = 0, cpuWindowMs = 0 }: ResourceBounds,
    window: CpuWindow | undefined,
    entries: readonly Entry[],
  ): { readonly isOver: boolean; readonly window: CpuWindow | undefined } {
    if (cpuPercent === 0 || cpuWindowMs === 0) return { isOver: false, window: undefined };
    const pids = entries.map(({ watched }) => watched.pid).join(" ");
    const now = { sinceMs: this.#parts.nowMs(), cpuMs: sum(entries, cpuMs), pids };
    if (window === undefined || window.pids !== pids) return { isOver: false, window: now };
    const passedMs = now.sinceMs - window.sinceMs;
    if (passedMs < cpuWindowMs) return { isOver: false, window };
    return { isOver: (now.cpuMs - window.cpuMs) / passedMs > cpuPercent / 100, window: now };
  }

  #end(entry: Entry, cause: LimitCause, isUrgent: boolean): void {
    if (entry.isEnding && !isUrgent) return;
    entry.isEnding = true;
    entry.watched.end(cause, isUrgent);
  }
}

/** What a command descends from: its keeper, where it has one. */
async function rootOf(pid: number): Promise<Root | undefined> {
  const parentPid = (await readStat(pid))?.parentPid;
  if (parentPid === undefined) return undefined;
  const isKeeper = (await readComm(parentPid)) === KEEPER_NAME;
  return { pid: isKeeper ? parentPid : pid, isKeeper };
}

function cpuMs({ usage }: Entry): number {
  return usage?.cpuMs ?? 0;
}

function bySession(entries: Iterable<Entry>): Map<string, Entry[]> {
  const sessions = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { sessionId } = entry.watched;
    sessions.set(sessionId, [...(sessions.get(sessionId) ?? []), entry]);
  }
  return sessions;
}

function isOver(value: number, limit = 0): boolean {
  return limit > 0 && value > limit;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function fattest(entries: readonly Entry[], size: (entry: Entry) => number): Entry {
  return entries.reduce((most, entry) => (size(entry) > size(most) ? entry : most));
}
