import { statfs } from "node:fs/promises";

import type { Clock } from "../../schedule/clock.js";
import type { AlertRuleFields } from "../../session/alertState.js";
import { awaited } from "../../session/binding.js";
import type { Session } from "../../session/state.js";
import type { Rates } from "./rates.js";

/** What a session's processes take together; percent of one core. */
export interface SessionSample {
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly processes: number;
  readonly diskBytes?: number | undefined;
}

/** Whoever looks at the processes now and then. */
export interface MetricSource {
  /** The newest look at one session; undefined where none of its processes was seen. */
  latest(sessionId: string): SessionSample | undefined;
  /** The machine as it is; undefined where nobody can tell. */
  system(): { readonly cpuPercent: number; readonly memoryBytes: number } | undefined;
}

/** What is known where the server and the jobs are, and not here. */
export interface DaemonFigures {
  readonly loopP99Ms: number;
  readonly connections: number;
}

interface ReadingsParts {
  readonly clock: Clock;
  readonly dataDir: string;
  readonly rates: Rates;
  readonly journal: { readonly state: "ok" | "full" | "failed" };
  readonly metrics: MetricSource | undefined;
}

type Metric = AlertRuleFields["metric"];

/** A disk does not fill up in less, and the question goes through the threads that also sync the journal. */
const DISK_EVERY_MS = 10_000;

const NOTHING_RUNS: SessionSample = { cpuPercent: 0, memoryBytes: 0, processes: 0 };

/** The values of the metrics that rules watch; undefined where nobody knows one. */
export class Readings {
  readonly #parts: ReadingsParts;
  #figures: DaemonFigures = { loopP99Ms: 0, connections: 0 };
  #disk: { readonly atUp: number; readonly freeBytes?: number; readonly freePercent?: number } | undefined;

  constructor(parts: ReadingsParts) {
    this.#parts = parts;
  }

  /** Takes in what has to be asked for beforehand, of that what these metrics need. */
  async refresh(figures: DaemonFigures, metrics: ReadonlySet<Metric>): Promise<void> {
    this.#figures = figures;
    const nowUp = this.#parts.clock.upMs();
    const isWanted = metrics.has("system.diskFreeBytes") || metrics.has("system.diskFreePercent");
    if (!isWanted || (this.#disk !== undefined && nowUp - this.#disk.atUp < DISK_EVERY_MS)) return;
    this.#disk = { atUp: nowUp, ...(await this.#lookAtDisk()) };
  }

  async #lookAtDisk(): Promise<{ freeBytes: number; freePercent: number } | undefined> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.#parts.dataDir);
      return {
        freeBytes: bavail * bsize,
        freePercent: blocks === 0 ? 100 : rounded((100 * bavail) / blocks),
      };
    } catch {
      // A file system that does not say is neither full nor empty.
      return undefined;
    }
  }

  /** The value of a metric of sessions. */
  ofSession(metric: Metric, session: Session): number | undefined {
    const { clock, rates } = this.#parts;
    const { sessionId, status, lastActivityUp } = session;
    switch (metric) {
      case "session.errorsPerMinute":
        return rates.perMinute("errors", sessionId);
      case "session.commandsPerMinute":
        return rates.perMinute("commands", sessionId);
      case "session.activitiesPerMinute":
        return rates.perMinute("activities", sessionId);
      case "session.idleMs":
        return status === "active" ? Math.max(0, Math.round(clock.upMs() - lastActivityUp)) : undefined;
      default:
        return this.#sampled(metric, session);
    }
  }

  #sampled(metric: Metric, session: Session): number | undefined {
    const { metrics } = this.#parts;
    if (metrics === undefined) return undefined;
    const isRunning = session.commands.running > 0 || awaited(session) !== undefined;
    // What runs and was not looked at yet, as after a start, is unknown, and not idle: an alert must not resolve by that.
    const sample = metrics.latest(session.sessionId) ?? (isRunning ? undefined : NOTHING_RUNS);
    if (sample === undefined) return undefined;
    switch (metric) {
      case "session.cpuPercent":
        return rounded(sample.cpuPercent);
      case "session.memoryBytes":
        return sample.memoryBytes;
      case "session.processes":
        return sample.processes;
      case "session.diskBytes":
        return sample.diskBytes;
      default:
        return undefined;
    }
  }

  /**
   * The value of a metric of the machine or the daemon.
   *
   * @param sessions how many have not ended
   */
  ofDaemon(metric: Metric, sessions: number): number | undefined {
    const { rates, journal, metrics } = this.#parts;
    switch (metric) {
      case "system.cpuPercent": {
        const cpuPercent = metrics?.system()?.cpuPercent;
        return cpuPercent === undefined ? undefined : rounded(cpuPercent);
      }
      case "system.memoryBytes":
        return metrics?.system()?.memoryBytes;
      case "system.diskFreeBytes":
        return this.#disk?.freeBytes;
      case "system.diskFreePercent":
        return this.#disk?.freePercent;
      case "daemon.memoryBytes":
        return process.memoryUsage.rss();
      case "daemon.loopP99Ms":
        return this.#figures.loopP99Ms;
      case "daemon.journalReadOnly":
        return journal.state === "ok" ? 0 : 1;
      case "daemon.sessions":
        return sessions;
      case "daemon.connections":
        return this.#figures.connections;
      case "daemon.errorsPerMinute":
        return rates.perMinute("errors");
      case "daemon.commandsPerMinute":
        return rates.perMinute("commands");
      case "daemon.activitiesPerMinute":
        return rates.perMinute("activities");
      default:
        return undefined;
    }
  }
}

/** Two digits behind the point: more is of no use to a person. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
