const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A duration as a person says it: `340 ms`, `1.2 s`, `48 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  // Rounded before it is divided into units, so that 59.97 s does not become "60.0 s".
  if (Math.round(ms / 100) < 100) return `${(ms / SECOND_MS).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return two(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes < 1_440) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(ms / HOUR_MS);
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** How long ago a time was: `just now`, `12 s ago`, `3 min ago`, `5 h ago`, `2 d ago`, and the day beyond a month. */
export function ago(time: string, nowMs: number): string {
  const passedMs = nowMs - Date.parse(time);
  // Clocks may differ a little, and a time in the near future is no news.
  if (passedMs < SECOND_MS) return "just now";
  if (passedMs < MINUTE_MS) return `${Math.floor(passedMs / SECOND_MS)} s ago`;
  if (passedMs < HOUR_MS) return `${Math.floor(passedMs / MINUTE_MS)} min ago`;
  if (passedMs < DAY_MS) return `${Math.floor(passedMs / HOUR_MS)} h ago`;
  if (passedMs < 30 * DAY_MS) return `${Math.floor(passedMs / DAY_MS)} d ago`;
  return time.slice(0, 10);
}

/** A size as a person says it: `512 B`, `1.5 kB`, `23 MB`. */
export function bytes(sizeBytes: number): string {
  let size = sizeBytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (size < 999.5)
      return unit === "B" || size >= 9.95 ? `${Math.round(size)} ${unit}` : `${size.toFixed(1)} ${unit}`;
    size /= 1_000;
  }
  return `${size.toFixed(1)} TB`;
}

/** A count with its noun: `1 command`, `2,000 commands`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : plural}`;
}

/** The time of day in the local time zone: `12:47:03`. */
export function clockTime(time: string): string {
  const date = new Date(time);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
