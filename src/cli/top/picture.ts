import type { CommandShape } from "../../../client/index.js";
import { ago, bytes, clockTime, counted, duration } from "../humane.js";
import type { Paint } from "../paint.js";
import { commandOutcome } from "../statusWords.js";
import { type Column, table } from "../table.js";
import { cut, printable, textWidth } from "../textWidth.js";
import { topColumns } from "./columns.js";
import { programOf } from "./row.js";
import { type Look, selectedRow, shownRows, type TopView } from "./state.js";

/** The terminal as it is now. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Lines that are not rows of the table: two of the head, an empty one, the titles, and the foot. */
const FRAME = 5;

/**
 * What `top` shows, as lines: as many as the terminal has, none wider than it is. Of the view alone, so that it can be
 * tested.
 */
export function picture(view: TopView, size: Size, paint: Paint): string[] {
  const { look } = view;
  const room = Math.max(0, size.rows - FRAME);
  const middle = look === undefined ? ["", "…"] : body(view, look, size, room, paint);
  const lines = [...head(view, size, paint), "", ...middle];
  while (lines.length < size.rows - 1) lines.push("");
  return [...lines.slice(0, Math.max(0, size.rows - 1)), foot(view, size, paint)];
}

/** The one table of `--once` and of a pipe. */
export function plainTable(look: Look, width: number, paint: Paint, view: TopView): string {
  const rows = shownRows({ ...view, look });
  const columns = topColumns({ all: rows, paint, nowMs: look.atMs, width });
  return table(rows, columns, { width, title: (text) => paint("bold", text) });
}

function head({ look, isPaused, filter }: TopView, { columns }: Size, paint: Paint): string[] {
  if (look === undefined) return ["sessiond", ""];
  const { daemon, machine, rows, total, atMs } = look;
  const memory = `${bytes(machine.usedBytes)} of ${bytes(machine.totalBytes)}`;
  const first = [
    `sessiond ${daemon.version}`,
    `up ${duration(daemon.uptimeMs)}`,
    `load ${(machine.load[0] ?? 0).toFixed(2)}`,
    `memory ${memory}`,
    clockTime(new Date(atMs).toISOString()),
  ];
  const running = rows.reduce((sum, { runningCommands }) => sum + runningCommands, 0);
  const second = [
    counted(total, "session"),
    ...(rows.length < total ? [`the newest ${rows.length} shown`] : []),
    `${counted(running, "command")} running`,
    `daemon ${bytes(daemon.memoryBytes)}`,
    ...(filter === "" ? [] : [`filter ${filter}`]),
    ...(isPaused ? ["paused"] : []),
  ];
  return [
    paint("bold", cut(first.join("  "), columns)),
    paint("dim", cut(printable(second.join(" · ")), columns)),
  ];
}

function body(view: TopView, look: Look, size: Size, room: number, paint: Paint): string[] {
  if (view.openId !== undefined) return details(view, look, size, room, paint);
  const rows = shownRows(view);
  if (rows.length === 0) {
    const why = view.filter === "" ? "No session goes on." : "No session matches the filter.";
    return [paint("dim", cut(why, size.columns))];
  }
  const selected = selectedRow(view);
  const at = rows.findIndex((row) => row === selected);
  const width = Math.max(1, size.columns);
  const columns = topColumns({ all: rows, paint, nowMs: look.atMs, width, plain: selected });
  const title = (text: string): string => paint(isSortOf(view, text) ? "underline" : "bold", text);
  const lines = tableLines(rows, columns, size, title);
  return [lines[0] ?? "", ...windowOf(lines.slice(1), at, room, size, paint)];
}

const TITLES: Readonly<Record<string, TopView["sort"]>> = {
  "CPU%": "cpu",
  MEMORY: "memory",
  PROCS: "processes",
  CMDS: "commands",
  ACTIVE: "activity",
  STATE: "state",
  NAME: "name",
};

function isSortOf({ sort }: TopView, title: string): boolean {
  return TITLES[title.trim()] === sort;
}

function details(view: TopView, look: Look, size: Size, room: number, paint: Paint): string[] {
  const row = look.rows.find(({ sessionId }) => sessionId === view.openId);
  const what = row === undefined ? "ended" : `${row.state.replaceAll("_", " ")}  ${row.name ?? "-"}`;
  const title = paint("bold", cut(printable(`${what}  ${view.openId ?? ""}`), size.columns));
  const commands = look.commands ?? [];
  if (commands.length === 0) return [title, paint("dim", "It has run no commands.")];
  const chosen = commands[Math.min(view.commandAt, commands.length - 1)];
  const dim = (text: string, command: CommandShape): string =>
    command === chosen ? text : paint("dim", text);
  const columns: Column<CommandShape>[] = [
    { title: "COMMAND", cell: programOf, shrinkTo: 10 },
    { title: "OUTCOME", cell: commandOutcome, shrinkTo: 8 },
    { title: "PID", cell: ({ pid }) => (pid === undefined ? "" : String(pid)), align: "right", style: dim },
    { title: "STARTED", cell: ({ createdAt }) => ago(createdAt, look.atMs), style: dim },
    { title: "ID", cell: ({ commandId }) => commandId, style: dim, shrinkTo: 8 },
  ];
  const lines = tableLines(commands, columns, size, (text) => paint("bold", text));
  const at = chosen === undefined ? 0 : commands.indexOf(chosen);
  return [title, lines[0] ?? "", ...windowOf(lines.slice(1), at, room - 1, size, paint)];
}

function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  size: Size,
  title: (text: string) => string,
): string[] {
  return table(rows, columns, { width: Math.max(1, size.columns), title })
    .split("\n")
    .slice(0, -1);
}

/** As many lines as there is room for, with the selected one among them, and that one marked over its whole width. */
function windowOf(lines: readonly string[], at: number, room: number, size: Size, paint: Paint): string[] {
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), lines.length - room));
  return lines.slice(from, from + Math.max(0, room)).map((line, index) => {
    if (from + index !== at) return line;
    const shown = cut(line, size.columns);
    return paint("inverse", shown + " ".repeat(Math.max(0, size.columns - textWidth(shown))));
  });
}

function foot(view: TopView, { columns }: Size, paint: Paint): string {
  if (view.question !== undefined)
    return paint("yellow", cut(`${printable(view.question.text)} y: yes, any other key: no`, columns));
  if (view.isTyping) return cut(`/${printable(view.filter)}▏ Enter: keep, Esc: all`, columns);
  if (view.notice !== undefined) return paint("yellow", cut(printable(view.notice), columns));
  const keys =
    view.openId === undefined
      ? "q quit  ↑↓ select  Enter details  x end  s sort  r reverse  / filter  p pause"
      : "q quit  ↑↓ select  Esc back  x stop  p pause";
  return paint("dim", cut(keys, columns));
}
