import { loadavg } from "node:os";

import type { MachineFigures } from "../../sampling/machine.js";
import type { Measured } from "../../sampling/history.js";
import type { Clock } from "../../schedule/clock.js";
import type { Session } from "../../session/state.js";
import { rounded, showTime, withoutUndefined } from "../show/session.js";
import type { CommittedView } from "../layered.js";

interface StatsFileParts {
  readonly sessions: CommittedView<Session>;
  readonly clock: Clock;
  readonly write: (text: string) => Promise<void>;
  readonly latest: (sessionId: string) => Measured | undefined;
  readonly system: () => MachineFigures;
}

const EVERY_MS = 60_000;
/** The newest ones that are not archived: a file for people is to be read in one go. */
const MOST_SESSIONS = 1_000;

/** `session_stats.json`: figures of the machine and of sessions, for people and for programs that read files. */
export class StatsFile {
  readonly #parts: StatsFileParts;
  #isChanged = false;
  #writtenUpMs: number;

  constructor(parts: StatsFileParts) {
    this.#parts = parts;
    this.#writtenUpMs = parts.clock.upMs();
  }

  /** Something has changed that may be in it. */
  touch(): void {
    this.#isChanged = true;
  }

  /** Writes it where something has changed, and the last time was a minute ago. Rejects where it cannot be written. */
  async writeIfDue(): Promise<void> {
    const { clock, write } = this.#parts;
    if (!this.#isChanged || clock.upMs() - this.#writtenUpMs < EVERY_MS) return;
    this.#isChanged = false;
    this.#writtenUpMs = clock.upMs();
    await write(`${JSON.stringify(this.#content(), undefined, 2)}\n`);
  }

  #content(): object {
    const { sessions, clock, latest, system } = this.#parts;
    const shown = [...sessions.values()].filter(
      ({ archivedAt, deletedAt }) => (archivedAt ?? deletedAt) === undefined,
    );
    const newest = shown.slice(-MOST_SESSIONS);
    const nowMs = clock.nowMs();
    const machine = system();
    return {
      generated_at: showTime(nowMs),
      system: {
        cpu_percent: rounded(machine.cpuPercent),
        load_average: loadavg().map((load) => rounded(load)),
        memory_bytes: machine.memoryBytes,
        total_memory_bytes: machine.totalMemoryBytes,
        disk_free_bytes: machine.diskFreeBytes,
        disk_total_bytes: machine.diskTotalBytes,
      },
      total_sessions: shown.length,
      sessions: Object.fromEntries(
        newest.map((session) => [session.sessionId, entryOf(session, latest(session.sessionId), nowMs)]),
      ),
    };
  }
}

function entryOf(session: Session, latest: Measured | undefined, nowMs: number): object {
  const { createdAt, endedAt, commands, invocations, totals } = session;
  return withoutUndefined({
    status: session.status,
    created_at: showTime(createdAt),
    duration_seconds: Math.max(0, Math.round(((endedAt ?? nowMs) - createdAt) / 1_000)),
    cpu_percent: latest && rounded(latest.cpuPercent),
    memory_bytes: latest?.memoryBytes,
    processes: latest?.processes,
    disk_bytes: latest?.diskBytes,
    commands,
    activities: session.activities,
    invocations,
    average_response_ms:
      totals.invocations === 0 ? undefined : Math.round(totals.durationMs / totals.invocations),
  });
}
