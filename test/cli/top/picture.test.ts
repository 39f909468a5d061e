import { describe, expect, it } from "vitest";

import type { Paint } from "../../../src/cli/paint.js";
import { textWidth } from "../../../src/cli/textWidth.js";
import { picture, plainTable } from "../../../src/cli/top/picture.js";
import type { TopView } from "../../../src/cli/top/state.js";
import { command, look, row, view } from "./scene.js";

const plain: Paint = (_, text) => text;
/** Shows styles as marks, so that a test sees where they are. */
const marked: Paint = (style, text) => `<${style}>${text}</${style}>`;

const VIEWS: readonly (readonly [string, TopView])[] = [
  ["the list", view()],
  ["no look yet", view({ look: undefined })],
  ["no session", view({ look: look({ rows: [], total: 0 }) })],
  ["a filter", view({ filter: "日本".repeat(60), isTyping: true })],
  ["a question", view({ question: { text: "End?".repeat(60), deed: { type: "quit" } } })],
  ["a notice", view({ notice: "What is wrong. ".repeat(20) })],
  ["details", view({ openId: "busy", look: look({ commands: [command({}), command({ commandId: "d" })] }) })],
  ["details of nothing", view({ openId: "gone" })],
];

describe("the picture", () => {
  it.each(VIEWS)("of %s fits any terminal", (_, of) => {
    for (const columns of [40, 46, 60, 72, 80, 100, 120, 300]) {
      for (const rows of [1, 2, 5, 6, 24, 60]) {
        const lines = picture(of, { columns, rows }, plain);
        expect(lines).toHaveLength(rows);
        for (const line of lines) {
          expect(textWidth(line), `${columns} columns: ${line}`).toBeLessThanOrEqual(columns);
          expect(line).not.toMatch(/[\p{Cc}]/u);
        }
      }
    }
  });

  it("shows the machine, the daemon and the sessions in 80 columns", () => {
    const lines = picture(view({ isPaused: true, filter: "e" }), { columns: 80, rows: 9 }, plain);
    const time = lines[0]?.slice(-8);
    expect(time).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(lines.join("\n")).toBe(
      [
        `sessiond 1.2.3  up 1 h 2 min  load 0.50  memory 4.0 GB of 16 GB  ${time}`,
        "3 sessions · 2 commands running · daemon 61 MB · filter e · paused",
        "",
        "SESSION  NAME                     STATE     CPU%  MEMORY  PROCS  CMDS  ACTIVE",
        "busy     build the parser, with…  running  187.3  812 MB     12     2  1 s ago".padEnd(80),
        "quiet    日本語の名前がここにあ…  idle       0.0  3.0 MB      1     0  1 min ago",
        "unknown  new                      waiting      –       –      –     0  2 s ago",
        "",
        "q quit  ↑↓ select  Enter details  x end  s sort  r reverse  / filter  p pause",
      ].join("\n"),
    );
  });

  it("marks the row that is selected over its whole width, and gives it no other colour", () => {
    const lines = picture(view({ selectedId: "busy" }), { columns: 120, rows: 10 }, marked);
    const [, line = ""] =
      /^<inverse>(.*)<\/inverse>$/.exec(lines.find((each) => each.includes("busy")) ?? "") ?? [];
    expect(textWidth(line)).toBe(120);
    expect(line).not.toContain("<");
    expect(line).toContain("cc -O2");
    expect(lines.find((each) => each.includes("CPU%"))).toContain("<underline>CPU%</underline>");
  });

  it("keeps the selected row in sight, however many there are", () => {
    const rows = Array.from({ length: 200 }, (_, index) =>
      row({ sessionId: `s${index}`, cpuPercent: 200 - index }),
    );
    for (const selectedId of ["s0", "s7", "s100", "s199"]) {
      const lines = picture(view({ look: look({ rows }), selectedId }), { columns: 80, rows: 20 }, marked);
      expect(lines.filter((line) => line.includes("<inverse>"))).toEqual([
        expect.stringMatching(new RegExp(`^<inverse>${selectedId} `)),
      ]);
    }
  });

  it("says when not all sessions are shown", () => {
    const lines = picture(view({ look: look({ total: 900 }) }), { columns: 80, rows: 9 }, plain);
    expect(lines[1]).toContain("900 sessions · the newest 3 shown");
  });
});

describe("the one table", () => {
  it("is the same where nothing has to fit, with all of every cell", () => {
    const text = plainTable(look(), Number.POSITIVE_INFINITY, plain, view());
    expect(text).toContain("build the parser, with a name that is far too long for its column");
    expect(text.trimEnd().split("\n")).toHaveLength(4);
    expect(text).toMatch(/^SESSION .* COMMAND$/m);
  });
});
