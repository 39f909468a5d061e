const BARS = "▁▂▃▄▅▆▇█";

/**
 * A course of values in one line, the highest as a full bar. Where there are more values than columns each column shows
 * the highest of its share, so that no peak is lost.
 */
export function sparkline(values: readonly number[], width: number): string {
  const most = Math.max(0, ...values);
  if (most === 0) return BARS.charAt(0).repeat(Math.min(width, values.length));
  const columns = Math.min(width, values.length);
  return Array.from({ length: columns }, (_, column) => {
    const begin = Math.floor((column * values.length) / columns);
    const end = Math.max(begin + 1, Math.floor(((column + 1) * values.length) / columns));
    const highest = Math.max(...values.slice(begin, end));
    return BARS.charAt(Math.min(BARS.length - 1, Math.floor((highest / most) * BARS.length)));
  }).join("");
}
