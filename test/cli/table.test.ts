import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Column } from "../../src/cli/table.js";
import { facts, table } from "../../src/cli/table.js";
import { textWidth } from "../../src/cli/textWidth.js";

interface Row {
  readonly name: string;
  readonly count: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "NAME", cell: ({ name }) => name, shrinkTo: 6 },
  { title: "N", cell: ({ count }) => String(count), align: "right" },
  { title: "NOTE", cell: () => "x" },
];
const plain = (text: string): string => text;

describe("table", () => {
  it("aligns columns, and leaves no blanks at the end", () => {
    const rows = [
      { name: "one", count: 5 },
      { name: "eleven", count: 1_234 },
    ];
    expect(table(rows, COLUMNS, { width: 80, title: plain })).toBe(
      "NAME       N  NOTE\none        5  x\neleven  1234  x\n",
    );
  });

  it("has no titles where none are asked for", () => {
    expect(table([{ name: "one", count: 5 }], COLUMNS, { width: 80 })).toBe("one  5  x\n");
    expect(table([], COLUMNS, { width: 80 })).toBe("");
  });

  it("cuts what may be cut, and no further than it may", () => {
    const rows = [{ name: "abcdefghijklmnop", count: 5 }];
    expect(table(rows, COLUMNS, { width: 16, title: plain }).split("\n")[1]).toBe("abcdef…  5  x");
    expect(table(rows, COLUMNS, { width: 5, title: plain }).split("\n")[1]).toBe("abcde…  5  x");
    expect(table(rows, COLUMNS, { width: Number.POSITIVE_INFINITY }).trim()).toBe("abcdefghijklmnop  5  x");
  });

  it("colours a cell without counting the colour", () => {
    const columns: Column<Row>[] = [
      { title: "NAME", cell: ({ name }) => name, style: (text, { count }) => `<${count}>${text}</>` },
      { title: "N", cell: ({ count }) => String(count) },
    ];
    const rows = [
      { name: "a", count: 1 },
      { name: "bbbb", count: 2 },
    ];
    expect(table(rows, columns, { width: 80 })).toBe("<1>a</>     1\n<2>bbbb</>  2\n");
  });

  it("does not let a name break the line", () => {
    expect(table([{ name: "a\nb\u001B[2J", count: 1 }], COLUMNS, { width: 80 })).toBe("a b\uFFFD[2J  1  x\n");
  });

  it("fits the terminal whatever the names are", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), (names) => {
        const rows = names.map((name) => ({ name, count: 1 }));
        for (const line of table(rows, COLUMNS, { width: 30, title: plain }).split("\n")) {
          expect(textWidth(line)).toBeLessThanOrEqual(30);
        }
      }),
    );
  });
});

describe("facts", () => {
  it("aligns values and leaves out those that are not known", () => {
    const entries = [
      ["a", "1"],
      ["long", undefined],
      ["bb", "2"],
    ] as const;
    expect(facts(entries, plain)).toBe("a   1\nbb  2\n");
    expect(facts([], plain)).toBe("");
  });
});
