import { ago, bytes } from "../humane.js";
import type { Paint, Style } from "../paint.js";
import { shortIds } from "../sessionRef.js";
import type { Column } from "../table.js";
import type { TopRow, TopState } from "./row.js";

const STYLES: Readonly<Record<TopState, Style>> = {
  running: "green",
  waiting: "cyan",
  idle: "dim",
  paused: "yellow",
  completed: "dim",
  failed: "red",
  abandoned: "magenta",
  timed_out: "magenta",
};

/** Stands for what is not known: no sample yet, or a daemon that takes none. */
const UNKNOWN = "–";

/** Terminals from this width on have room for the command that runs. */
const WIDE = 100;

/** What is left out of narrow ones, because the rest has no room then. */
const LEAST_WIDTH: Readonly<Record<string, number>> = { PROCS: 72, ACTIVE: 64, CMDS: 52, MEMORY: 46 };

/**
 * The columns of `top`.
 *
 * @param of.all the ids that the short ones have to be told from
 * @param of.plain a row that gets no colour of its own
 */
export function topColumns(of: {
  readonly all: readonly TopRow[];
  readonly paint: Paint;
  readonly nowMs: number;
  readonly width: number;
  readonly plain?: TopRow | undefined;
}): Column<TopRow>[] {
  const { all, paint, nowMs, width, plain } = of;
  const isCut = Number.isFinite(width);
  const short = isCut ? shortIds(all.map(({ sessionId }) => sessionId)) : (id: string) => id;
  const styled =
    (style: Style) =>
    (text: string, row: TopRow): string =>
      row === plain ? text : paint(style, text);
  const dim = styled("dim");
  const number = (text: string, row: TopRow): string => (text === UNKNOWN ? dim(text, row) : text);
  const columns: Column<TopRow>[] = [
    { title: "SESSION", cell: (row) => short(row.sessionId), shrinkTo: 8 },
    { title: "NAME", cell: ({ name }) => name ?? "-", shrinkTo: 8 },
    {
      title: "STATE",
      cell: ({ state }) => state.replaceAll("_", " "),
      style: (text, row) => styled(STYLES[row.state])(text, row),
    },
    {
      title: "CPU%",
      cell: ({ cpuPercent }) => cpuPercent?.toFixed(1) ?? UNKNOWN,
      align: "right",
      style: number,
    },
    {
      title: "MEMORY",
      cell: ({ memoryBytes }) => (memoryBytes === undefined ? UNKNOWN : bytes(memoryBytes)),
      align: "right",
      style: number,
    },
    {
      title: "PROCS",
      cell: ({ processes }) => (processes === undefined ? UNKNOWN : String(processes)),
      align: "right",
      style: number,
    },
    { title: "CMDS", cell: ({ runningCommands }) => String(runningCommands), align: "right" },
    { title: "ACTIVE", cell: ({ lastActivityAt }) => ago(lastActivityAt, nowMs), style: dim },
  ];
  if (!isCut || width >= WIDE)
    columns.push({ title: "COMMAND", cell: ({ program }) => program ?? "", style: dim, shrinkTo: 8 });
  return columns.filter(({ title }) => width >= (LEAST_WIDTH[title] ?? 0));
}
