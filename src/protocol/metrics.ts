import { z } from "zod";

import { count, time } from "./shapes.js";

const percent = z.number().min(0);

/** What processes use at one time. */
export const figures = {
  /** Of one core: over 100 where several are in use. */
  cpuPercent: percent,
  /** Resident memory, summed up: what processes share counts for each of them. */
  memoryBytes: count,
  processes: count,
  /** Of the working directory, where it has been looked through. */
  diskBytes: count.optional(),
  /** There is more in the working directory than is looked at. */
  diskIsPartial: z.literal(true).optional(),
};

/** What was measured over a step: averages, and the highest. Of the machine, cpuPercent is of all cores together. */
export const metricPoint = z.strictObject({
  /** When the step begins. */
  at: time,
  cpuPercent: percent,
  cpuPercentMax: percent,
  memoryBytes: count,
  memoryBytesMax: count,
  processes: z.number().min(0),
  processesMax: count,
  /** At the end of the step. */
  diskBytes: count.optional(),
});

const spread = z.strictObject({
  average: z.number().min(0),
  maximum: z.number().min(0),
  /** Left out where what is asked for is not kept sample by sample any more. */
  p95: z.number().min(0).optional(),
});

/** What was measured over the whole time; without figures where nothing was. */
export const metricSummary = z.strictObject({
  /** From the first point to the last. */
  durationMs: count,
  /** Measurements, however many points are made of them. */
  totalPoints: count,
  cpuPercent: spread.optional(),
  memoryBytes: spread.optional(),
  processes: spread.optional(),
  diskBytes: count.optional(),
});

/** How long invocations took; the percentiles are right to within a tenth. */
export const responseTimes = z.strictObject({
  count,
  averageMs: z.number().min(0).optional(),
  maximumMs: z.number().min(0).optional(),
  p50Ms: z.number().min(0).optional(),
  p95Ms: z.number().min(0).optional(),
});

/** Files of the working directory, since the session asked for that; and how well they are watched. */
export const fileCounts = z.strictObject({
  created: count,
  modified: count,
  deleted: count,
  /** `partial`: there are more than are watched; `failed`: none is; `off`: not now. */
  state: z.enum(["watching", "partial", "failed", "off"]),
  /** What the system said. */
  detail: z.string().optional(),
});

/** The machine as a whole. */
export const machine = z.strictObject({
  at: time,
  /** Of all cores together, 0 to 100, since the look before. */
  cpuPercent: percent,
  cores: count,
  /** Over 1, 5 and 15 minutes; zeros where the system has none. */
  loadAverage: z.array(z.number().min(0)).length(3),
  memoryBytes: count,
  totalMemoryBytes: count,
  /** Of the file system with the data folder. */
  diskFreeBytes: count,
  diskTotalBytes: count,
});
