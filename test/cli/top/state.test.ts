import { describe, expect, it } from "vitest";

import { SORTS } from "../../../src/cli/top/order.js";
import {
  type Deed,
  type Key,
  press,
  selectedRow,
  shownRows,
  type TopView,
} from "../../../src/cli/top/state.js";
import { command, look, view } from "./scene.js";

/** Keys by the character that they type, or by name in angle brackets: `jj<return>`. */
function after(from: TopView, keys: string): { view: TopView; deeds: Deed[] } {
  const deeds: Deed[] = [];
  let at = from;
  for (const [, name, text] of keys.matchAll(/<([a-z-]+)>|(.)/g)) {
    const key: Key = name === undefined ? { name: text ?? "", text } : { name };
    const pressed = press(at, key);
    at = pressed.view;
    if (pressed.deed !== undefined) deeds.push(pressed.deed);
  }
  return { view: at, deeds };
}

const ids = (of: TopView): string[] => shownRows(of).map(({ sessionId }) => sessionId);
const selected = (of: TopView): string | undefined => selectedRow(of)?.sessionId;

describe("keys", () => {
  it("select, and stay with the session when the order changes", () => {
    expect(ids(view())).toEqual(["busy", "quiet", "unknown"]);
    expect(selected(view())).toBe("busy");
    expect(selected(after(view(), "j").view)).toBe("quiet");
    expect(selected(after(view(), "<down><down><down><up>").view)).toBe("quiet");
    expect(selected(after(view(), "Gkg").view)).toBe("busy");
    expect(selected(after(view(), "<pagedown>").view)).toBe("unknown");
    expect(selected(after(view(), "jr").view)).toBe("quiet");
    const gone = { ...after(view(), "j").view, look: look({ rows: [] }) };
    expect(selected(gone)).toBeUndefined();
    expect(after(gone, "jx<return>").deeds).toEqual([]);
  });

  it("sort by each column in turn, and the other way round", () => {
    expect(after(view(), "s".repeat(SORTS.length)).view.sort).toBe("cpu");
    expect(ids(after(view(), "s").view)).toEqual(["busy", "quiet", "unknown"]);
    expect(ids(view({ sort: "activity" }))).toEqual(["busy", "unknown", "quiet"]);
    expect(ids(view({ sort: "name" }))).toEqual(["busy", "unknown", "quiet"]);
    expect(ids(view({ sort: "state" }))).toEqual(["quiet", "busy", "unknown"]);
    expect(ids(view({ sort: "commands" }))[0]).toBe("busy");
    expect(ids(view({ sort: "processes" }))[0]).toBe("busy");
    expect(ids(after(view(), "r").view)).toEqual(["unknown", "quiet", "busy"]);
  });

  it("filter by name, id, state and program, letter by letter", () => {
    const typed = after(view(), "/PArs");
    expect(typed.view).toMatchObject({ isTyping: true, filter: "PArs" });
    expect(ids(typed.view)).toEqual(["busy"]);
    expect(after(typed.view, "<backspace><return>").view).toMatchObject({ isTyping: false, filter: "PAr" });
    // While it is typed, a letter is a letter.
    expect(after(view(), "/q").deeds).toEqual([]);
    expect(ids(after(view(), "/waiting<return>").view)).toEqual(["unknown"]);
    expect(after(view(), "/x<escape>").view).toMatchObject({ isTyping: false, filter: "" });
    expect(after(view(), "/x<return><escape>").view.filter).toBe("");
  });

  it("pause, and quit from everywhere", () => {
    expect(after(view(), "p").view.isPaused).toBe(true);
    expect(after(view(), "p<space>").view.isPaused).toBe(false);
    expect(after(view(), "q").deeds).toEqual([{ type: "quit" }]);
    for (const before of ["", "/", "x", "<return>"])
      expect(after(view(), `${before}<ctrl-c>`).deeds.at(-1)).toEqual({ type: "quit" });
  });

  it("end a session once that is confirmed, and that very one", () => {
    const asked = after(view(), "x");
    expect(asked.deeds).toEqual([]);
    expect(asked.view.question?.text).toContain("stop what runs in it (2)");
    expect(after(asked.view, "y")).toMatchObject({
      deeds: [{ type: "end_session", sessionId: "busy" }],
      view: { question: undefined },
    });
    for (const other of ["n", "<return>", "<escape>", "q", "x"])
      expect(after(asked.view, other)).toMatchObject({ deeds: [], view: { question: undefined } });
  });

  it("open a session, and stop a command of it once that is confirmed", () => {
    const opened = after(view(), "j<return>");
    expect(opened).toMatchObject({ deeds: [{ type: "look" }], view: { openId: "quiet" } });
    const commands = [
      command({ commandId: "runs" }),
      command({ commandId: "over", endedAt: "2026-01-01T00:00:00.000Z" }),
    ];
    const loaded = { ...opened.view, look: look({ commands }) };
    expect(after(loaded, "xy").deeds).toEqual([{ type: "stop_command", commandId: "runs" }]);
    expect(after(loaded, "xn").deeds).toEqual([]);
    expect(after(loaded, "jjx").view).toMatchObject({
      notice: "That command has ended.",
      question: undefined,
    });
    expect(after(loaded, "<escape>").view.openId).toBeUndefined();
    expect(after(opened.view, "x").view.question).toBeUndefined();
  });
});
