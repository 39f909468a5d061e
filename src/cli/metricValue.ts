import type { Result } from "../../client/index.js";
import { bytes, duration } from "./humane.js";

/** The value of a metric as a person says it, by the unit that its name ends with. */
export function metricValue(metric: Result<"alert/get">["metric"], value: number): string {
  if (metric.endsWith("Bytes")) return bytes(value);
  if (metric.endsWith("Ms")) return duration(value);
  if (metric.endsWith("Percent")) return `${value} %`;
  return value.toLocaleString("en");
}
