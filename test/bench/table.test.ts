import { format } from "prettier";
import { describe, expect, it } from "vitest";

import { formatFigure, formatGoal, formatReport, formatTable } from "./table.mjs";

describe("a figure", () => {
  it("has three digits and its unit", () => {
    expect(formatFigure(27_586.4, "/s")).toBe("27,600/s");
    expect(formatFigure(3.4567, "ms")).toBe("3.46 ms");
    expect(formatFigure(0.0123, "s")).toBe("0.012 s");
    expect(formatFigure(1.3, "×")).toBe("1.3 ×");
    expect(formatFigure(0.84, "% of a core")).toBe("0.84 %");
  });
});

describe("a goal", () => {
  it("says what was wanted and what became of it", () => {
    const floor = { against: "bare", atLeast: 0.85 };
    expect(formatGoal({ ...floor, value: 0.461, isMet: false }, "/s")).toBe(
      "at least 0.85 × bare: 0.46, missed",
    );
    expect(formatGoal(floor, "/s")).toBe("at least 0.85 × bare: not measured");
    expect(formatGoal({ atMost: 70, value: 58, isMet: true }, "MB")).toBe("at most 70 MB: met");
    expect(formatGoal({ against: "redis", figure: "p99Us", atMost: 2, value: 1, isMet: true }, "/s")).toBe(
      "at most 2 × the p99 of redis: 1.00, met",
    );
  });
});

describe("a table", () => {
  it("has figures on the right and words on the left, wide or narrow", () => {
    expect(formatTable(["", "a", "goals"], [["one row", "1 ×", "met"]], 1)).toBe(
      ["|         |   a | goals |", "| ------- | --: | ----- |", "| one row | 1 × | met   |"].join("\n"),
    );
  });
});

describe("a report", () => {
  const cells = {
    redis: { value: 90_000, p99Us: 1_500, measured: 3 },
    sessiond: { value: 45_000, p99Us: 2_500, measured: 3 },
  };
  const rows = [
    {
      row: "64 connections",
      unit: "/s",
      cells,
      goals: [{ against: "redis", atLeast: 1, value: 0.5, isMet: false }],
    },
    { row: "1 connection", unit: "/s", cells: { redis: { value: 5_000, measured: 3 } }, goals: [] },
  ];
  const report = {
    machine: "2 shared cores, Node 20.20.2",
    command: "npm run bench",
    parts: [{ name: "writes", title: "Durable writes", about: "What it is. ".repeat(12).trim(), rows }],
    missing: [{ peer: "watchman", reason: "it is not installed" }],
    failures: [{ part: "reads", reason: "it broke" }],
  };

  it("has a column for each peer, with ratios, and says who is missing and what failed", () => {
    const text = formatReport(report);
    expect(text).toContain("`npm run bench` on 2 shared cores, Node 20.20.2:");
    expect(text).toContain("- Without watchman: it is not installed.\n- Failed, reads: it broke.");
    expect(text).toMatch(/^\| +\| +sessiond \| +redis \| goals/m);
    expect(text).toMatch(
      /45,000\/s, p99 2\.5 ms \| 90,000\/s, p99 1\.5 ms \(0\.50\) \| at least 1 × redis: 0\.50, missed/,
    );
    expect(text).toMatch(/^\| 1 connection +\| +\| +5,000\/s \|/m);
    expect(
      Math.max(
        ...text
          .split("\n")
          .filter((line) => line.startsWith("What"))
          .map(({ length }) => length),
      ),
    ).toBeLessThan(120);
  });

  it("has no ratio to nothing", () => {
    const cells = { sessiond: { value: 0, measured: 1 }, redis: { value: 0, measured: 1 } };
    const row = { row: "nothing to do", unit: "ms", cells, goals: [] };
    const idle = { name: "idle", title: "Idleness", about: "", rows: [row] };
    expect(formatReport({ ...report, parts: [idle] })).toMatch(/\| +0 ms \| +0 ms \|/);
  });

  it("is as prettier would lay it out, so that it can stand in a README", async () => {
    const text = formatReport(report);
    expect(await format(text, { parser: "markdown", printWidth: 110 })).toBe(text);
  });
});
