// The types of `statistics.mjs`, for its test.

export interface Goal {
  readonly against?: string;
  readonly figure?: "value" | "p99Us";
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface JudgedGoal extends Goal {
  readonly value?: number;
  readonly isMet?: boolean;
}

export interface Figure {
  readonly row: string;
  readonly peer: string;
  readonly unit: string;
  readonly value: number;
  readonly p99Us?: number;
  readonly goals?: readonly Goal[];
}

export interface Cell {
  readonly value: number;
  readonly p99Us?: number;
  readonly measured: number;
}

export interface Row {
  readonly row: string;
  readonly unit: string;
  readonly cells: Readonly<Record<string, Cell>>;
  readonly goals: readonly JudgedGoal[];
}

export function median(values: readonly number[]): number;
export function quantile(values: readonly number[], share: number): number;
export function summarize(figures: readonly Figure[]): Row[];
export function judge(goal: Goal, cells: Row["cells"]): JudgedGoal;
