import pidusage from "pidusage";

import { Serial } from "../serial.js";

/** What one process uses. */
export interface Usage {
  /** Of one core, since the look before; 0 at the first one. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  /** Processor time of its own so far. */
  readonly cpuMs: number;
  readonly parentPid: number;
}

/** What asks the system; pidusage. */
export type AskUsage = (
  pids: number[],
  options: { readonly maxage: number },
) => Promise<Readonly<Record<string, PidUsage | undefined>>>;

type PidUsage = Pick<pidusage.Status, "cpu" | "memory" | "ctime" | "ppid">;

/** How long pidusage remembers a process that nobody asks for any more, and keeps its file open. */
const REMEMBERED_MS = 15_000;
/** At a time: they are read by the threads that sync the journal, and wait in front of it. */
const CHUNK = 64;
/** Of the descriptors that this process may have, pidusage holds one for each process that it knows. */
const MOST_PROCESSES = 4_096;
/** First looks that came to nothing, after which there are no further ones: each may have cost a descriptor for ever. */
const MOST_FAILURES = 64;

/**
 * What processes use, by pidusage: in small chunks, one after the other, since two calls for one process at a time lose a
 * descriptor of its file. So does the first look at a process that ends in that very moment; hence callers ask for those
 * that have been there for a while, and after some such failures no new ones are asked for.
 */
export class ProcessUsage {
  readonly #ask: AskUsage;
  readonly #calls = new Serial();
  readonly #mostProcesses: number;
  /** Those that pidusage has open. */
  readonly #known = new Set<number>();
  #failures = 0;

  constructor(options: { readonly ask?: AskUsage; readonly mostProcesses?: number } = {}) {
    this.#ask = options.ask ?? ((pids, how) => pidusage(pids, how));
    this.#mostProcesses = Math.min(MOST_PROCESSES, options.mostProcesses ?? MOST_PROCESSES);
  }

  /** What is known of those that are there, by pid. Never rejects: who has ended, or is one too many, is not in it. */
  of(pids: readonly number[]): Promise<ReadonlyMap<number, Usage>> {
    return this.#calls.run(() => this.#look(pids));
  }

  async #look(pids: readonly number[]): Promise<ReadonlyMap<number, Usage>> {
    const found = new Map<number, Usage>();
    if (this.#known.size > 2 * MOST_PROCESSES) this.#known.clear();
    const isFull = this.#failures >= MOST_FAILURES;
    const asked = pids.filter((pid) => !isFull || this.#known.has(pid)).slice(0, this.#mostProcesses);
    for (let begin = 0; begin < asked.length; begin += CHUNK)
      await this.#lookAt(asked.slice(begin, begin + CHUNK), found);
    return found;
  }

  async #lookAt(chunk: number[], found: Map<number, Usage>): Promise<void> {
    // It fails as a whole where there is but one and that has ended.
    const usages = await this.#ask([...chunk], { maxage: REMEMBERED_MS }).catch(() => ({}) as never);
    for (const pid of chunk) {
      const usage = usages[pid];
      if (usage === undefined) {
        this.#failures += this.#known.delete(pid) ? 0 : 1;
        continue;
      }
      this.#known.add(pid);
      found.set(pid, shown(usage));
    }
  }
}

function shown({ cpu, memory, ctime, ppid }: PidUsage): Usage {
  return { cpuPercent: Math.max(0, cpu), memoryBytes: memory, cpuMs: ctime, parentPid: ppid };
}
