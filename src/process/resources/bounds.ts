/** How much of the machine something may take; 0, and what is absent, does not limit. */
export interface ResourceBounds {
  readonly memoryBytes?: number | undefined;
  /** Processes and threads. */
  readonly processes?: number | undefined;
  /** Of one core. */
  readonly cpuPercent?: number | undefined;
  /** Over how long the use of the processor is looked at, where it can only be watched. */
  readonly cpuWindowMs?: number | undefined;
}

/** The limits that can be asked for, each by its own name. */
export const LIMITED = ["memoryBytes", "processes", "cpuPercent"] as const;
export type Limited = (typeof LIMITED)[number];

/** Which limits are set. */
export function asked(bounds: ResourceBounds | undefined): Limited[] {
  return LIMITED.filter((name) => (bounds?.[name] ?? 0) > 0);
}
