import { statfsSync } from "node:fs";
import { cpus, freemem, totalmem } from "node:os";

/** What the machine as a whole is at. */
export interface MachineFigures {
  /** Wall time, epoch milliseconds. */
  readonly at: number;
  /** Of all cores together, 0 to 100, since the look before; over the last while at the first one. */
  readonly cpuPercent: number;
  /** What is in use and could not be had at once. */
  readonly memoryBytes: number;
  readonly totalMemoryBytes: number;
  /** Of the file system with the data folder, for this user; 0 where it does not tell. */
  readonly diskFreeBytes: number;
  readonly diskTotalBytes: number;
}

/** Looks closer together than this are one: the share of the processor would mean nothing. */
const FRESH_MS = 1_000;

interface Times {
  readonly idle: number;
  readonly total: number;
}

/** Measures the machine when it is asked to, and not before. */
export class Machine {
  readonly #path: string;
  readonly #readTimes: () => Times;
  #times: Times = { idle: 0, total: 0 };
  #last: MachineFigures | undefined;

  /** @param path on the file system that is looked at */
  constructor(path: string, readTimes: () => Times = readCpuTimes) {
    this.#path = path;
    this.#readTimes = readTimes;
  }

  read(nowMs: number): MachineFigures {
    const last = this.#last;
    if (last !== undefined && nowMs >= last.at && nowMs - last.at < FRESH_MS) return last;
    const times = this.#readTimes();
    const spent = times.total - this.#times.total;
    const idle = times.idle - this.#times.idle;
    this.#times = times;
    const total = totalmem();
    return (this.#last = {
      at: nowMs,
      cpuPercent: spent > 0 ? Math.min(100, Math.max(0, ((spent - idle) / spent) * 100)) : 0,
      memoryBytes: Math.max(0, total - freemem()),
      totalMemoryBytes: total,
      ...this.#disk(),
    });
  }

  #disk(): Pick<MachineFigures, "diskFreeBytes" | "diskTotalBytes"> {
    try {
      const { bsize, bavail, blocks } = statfsSync(this.#path);
      return { diskFreeBytes: bavail * bsize, diskTotalBytes: blocks * bsize };
    } catch {
      return { diskFreeBytes: 0, diskTotalBytes: 0 };
    }
  }
}

function readCpuTimes(): Times {
  let [idle, total] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, total };
}
