import type { CommandShape, SessionShape } from "../../../client/index.js";
import type { TopRow } from "../../../src/cli/top/row.js";
import { FIRST_VIEW, type Look, type TopView } from "../../../src/cli/top/state.js";

export const AT = Date.parse("2026-03-04T05:06:07.000Z");

/** A time so many seconds before the look. */
export function before(seconds: number): string {
  return new Date(AT - seconds * 1_000).toISOString();
}

export function row(fields: Partial<TopRow> & { readonly sessionId: string }): TopRow {
  return {
    state: "idle",
    runningCommands: 0,
    totalCommands: 0,
    lastActivityAt: before(5),
    ...fields,
  };
}

export const ROWS: readonly TopRow[] = [
  row({
    sessionId: "quiet",
    name: "日本語の名前がここにあります",
    lastActivityAt: before(90),
    cpuPercent: 0.04,
    memoryBytes: 3e6,
    processes: 1,
  }),
  row({
    sessionId: "busy",
    name: "build the parser, with a name that is far too long for its column",
    state: "running",
    runningCommands: 2,
    totalCommands: 7,
    cpuPercent: 187.26,
    memoryBytes: 812e6,
    processes: 12,
    program: "cc -O2 -c \u001B[31mparser.c",
    lastActivityAt: before(1),
  }),
  row({ sessionId: "unknown", name: "new", state: "waiting", lastActivityAt: before(2) }),
];

export function look(fields: Partial<Look> = {}): Look {
  return {
    atMs: AT,
    rows: ROWS,
    total: ROWS.length,
    daemon: { version: "1.2.3", uptimeMs: 3_723_000, memoryBytes: 61e6 },
    machine: { load: [0.5, 0.4, 0.3], usedBytes: 4e9, totalBytes: 16e9 },
    ...fields,
  };
}

export function view(fields: Partial<TopView> = {}): TopView {
  return { ...FIRST_VIEW, look: look(), ...fields };
}

/** A command as far as `top` looks at it. */
export function command(fields: Partial<CommandShape>): CommandShape {
  const { startedAt: _, ...some } = { startedAt: before(9), ...fields };
  return {
    commandId: "c",
    sessionId: "busy",
    argv: ["/usr/bin/make", "all"],
    cwd: "/",
    status: "running",
    attempt: 1,
    maxAttempts: 1,
    createdAt: before(9),
    ...some,
  };
}

/** A session as far as a row is made of it. */
export function session(
  fields: Partial<SessionShape> & { readonly running?: number; readonly invoking?: number },
): SessionShape {
  const { running = 0, invoking = 0, ...rest } = fields;
  const counts = { total: 3, running, succeeded: 0, failed: 0, retries: 0 };
  const invocations = { running: invoking, succeeded: 0, failed: 0, cancelled: 0, abandoned: 0 };
  const shown = { sessionId: "s", status: "active", lastActivityAt: before(3), ...rest };
  return { ...shown, commands: counts, invocations } as SessionShape;
}
