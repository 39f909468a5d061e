// The types of `table.mjs`, for its test.
import type { JudgedGoal, Row } from "./statistics.mjs";

export interface Report {
  readonly machine: string;
  readonly command: string;
  readonly parts: readonly {
    readonly name: string;
    readonly title: string;
    readonly about: string;
    readonly rows: readonly Row[];
  }[];
  readonly missing: readonly { readonly peer: string; readonly reason: string }[];
  readonly failures: readonly { readonly part: string; readonly reason: string }[];
}

export function formatReport(report: Report): string;
export function formatGoal(goal: JudgedGoal, unit: string): string;
export function formatFigure(value: number, unit: string): string;
export function formatTable(
  header: readonly string[],
  lines: readonly (readonly string[])[],
  figureColumns: number,
): string;
