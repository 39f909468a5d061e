import type { CommandShape } from "../../../client/index.js";
import { arranged, SORTS, type Sort } from "./order.js";
import { programOf, type TopRow } from "./row.js";

/** One look at the daemon and the machine. */
export interface Look {
  readonly atMs: number;
  readonly rows: readonly TopRow[];
  /** How many sessions there are that go on, also where there are more than rows. */
  readonly total: number;
  readonly daemon: { readonly version: string; readonly uptimeMs: number; readonly memoryBytes: number };
  readonly machine: {
    readonly load: readonly number[];
    readonly usedBytes: number;
    readonly totalBytes: number;
  };
  /** Of the session whose details are open. */
  readonly commands?: readonly CommandShape[] | undefined;
}

/** Something that is done once it was confirmed, or left. */
export interface Question {
  readonly text: string;
  readonly deed: Deed;
}

/** What `top` does for its user. */
export type Deed =
  | { readonly type: "quit" }
  | { readonly type: "look" }
  | { readonly type: "stop_command"; readonly commandId: string }
  | { readonly type: "end_session"; readonly sessionId: string };

/** All that the picture is made of. */
export interface TopView {
  readonly look: Look | undefined;
  readonly sort: Sort;
  readonly isReversed: boolean;
  readonly filter: string;
  readonly isTyping: boolean;
  readonly isPaused: boolean;
  readonly selectedId: string | undefined;
  /** The session whose details are open. */
  readonly openId: string | undefined;
  /** The command that is selected in them. */
  readonly commandAt: number;
  readonly question: Question | undefined;
  /** What went well or wrong, or why nothing is new. */
  readonly notice: string | undefined;
}

export const FIRST_VIEW: TopView = {
  look: undefined,
  sort: "cpu",
  isReversed: false,
  filter: "",
  isTyping: false,
  isPaused: false,
  selectedId: undefined,
  openId: undefined,
  commandAt: 0,
  question: undefined,
  notice: undefined,
};

/** A key: its name, as Node's readline says it, and the character that it types, if any. */
export interface Key {
  readonly name: string;
  readonly text?: string | undefined;
}

/** The rows that are shown, in their order. */
export function shownRows(view: TopView): TopRow[] {
  return arranged(view.look?.rows ?? [], view);
}

/** The row that is selected: the first, where the one that was has gone. */
export function selectedRow(view: TopView): TopRow | undefined {
  const rows = shownRows(view);
  return rows.find(({ sessionId }) => sessionId === view.selectedId) ?? rows[0];
}

/** What a key does: the view after it, and what is to be done. */
export function press(view: TopView, key: Key): { readonly view: TopView; readonly deed?: Deed } {
  if (key.name === "ctrl-c") return { view, deed: { type: "quit" } };
  const calm = { ...view, notice: undefined };
  if (view.question !== undefined) {
    const after = { ...calm, question: undefined };
    return key.text === "y" ? { view: after, deed: view.question.deed } : { view: after };
  }
  if (view.isTyping) return { view: typed(calm, key) };
  if (key.text === "q") return { view, deed: { type: "quit" } };
  if (key.text === "p" || key.name === "space") return { view: { ...calm, isPaused: !view.isPaused } };
  return view.openId === undefined ? inList(calm, key) : inDetails(calm, key);
}

function typed(view: TopView, { name, text = "" }: Key): TopView {
  if (name === "return" || name === "enter") return { ...view, isTyping: false };
  if (name === "escape") return { ...view, isTyping: false, filter: "" };
  if (name === "backspace") return { ...view, filter: view.filter.slice(0, -1) };
  return /^[^\p{Cc}]+$/u.test(text) ? { ...view, filter: view.filter + text } : view;
}

/** How far a key moves the selection; 0 where it does not. */
function step({ name, text }: Key): number {
  if (name === "up" || text === "k") return -1;
  if (name === "down" || text === "j") return 1;
  if (name === "pageup") return -10;
  if (name === "pagedown") return 10;
  if (name === "home" || text === "g") return -Infinity;
  return name === "end" || text === "G" ? Infinity : 0;
}

function inList(view: TopView, key: Key): { readonly view: TopView; readonly deed?: Deed } {
  const row = selectedRow(view);
  const by = step(key);
  if (by !== 0) return { view: moved(view, by) };
  if (key.text === "s") {
    const sort = SORTS[(SORTS.indexOf(view.sort) + 1) % SORTS.length] ?? "cpu";
    return { view: { ...view, sort } };
  }
  if (key.text === "r") return { view: { ...view, isReversed: !view.isReversed } };
  if (key.text === "/") return { view: { ...view, isTyping: true } };
  if (key.name === "escape") return { view: { ...view, filter: "" } };
  if (row === undefined) return { view };
  const { sessionId, name = sessionId, runningCommands } = row;
  if (key.name === "return" || key.name === "enter") {
    const open = { ...view, selectedId: sessionId, openId: sessionId, commandAt: 0 };
    return { view: open, deed: { type: "look" } };
  }
  if (key.text !== "x") return { view };
  const what = runningCommands === 0 ? "" : ` and stop what runs in it (${runningCommands})`;
  const question = { text: `End session ${name}${what}?`, deed: { type: "end_session", sessionId } as const };
  return { view: { ...view, selectedId: sessionId, question } };
}

function moved(view: TopView, by: number): TopView {
  const rows = shownRows(view);
  const at = rows.findIndex(({ sessionId }) => sessionId === selectedRow(view)?.sessionId);
  const next = Math.min(rows.length - 1, Math.max(0, at + by));
  return { ...view, selectedId: rows[next]?.sessionId };
}

function inDetails(view: TopView, key: Key): { readonly view: TopView; readonly deed?: Deed } {
  const commands = view.look?.commands ?? [];
  const by = step(key);
  const commandAt = Math.min(Math.max(0, commands.length - 1), Math.max(0, view.commandAt + by));
  if (by !== 0) return { view: { ...view, commandAt } };
  if (["escape", "return", "enter", "left"].includes(key.name))
    return { view: { ...view, openId: undefined } };
  const command = commands[commandAt];
  if (key.text !== "x" || command === undefined) return { view };
  if (command.endedAt !== undefined) return { view: { ...view, notice: "That command has ended." } };
  const { commandId } = command;
  const question = {
    text: `Stop ${programOf(command)}?`,
    deed: { type: "stop_command", commandId } as const,
  };
  return { view: { ...view, question } };
}
