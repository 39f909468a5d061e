/** What a process costs, from /proc. */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** Linux has told programs 100 ticks a second for as long as there is /proc, whatever the kernel counts in. */
const TICKS_PER_SECOND = 100;
const KIB = 1_024;
const QUIET_PERCENT = 3;
const PATIENCE_S = 180;

/** Memory that it holds now, in bytes. */
export function rssBytes(pid) {
  return statusBytes(pid, "VmRSS");
}

/** The most memory that it ever held, in bytes. */
export function peakRssBytes(pid) {
  return statusBytes(pid, "VmHWM");
}

/** Processor time of all its threads so far. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The share of one core that it takes for so long, in per cent. */
export async function cpuPercent(pid, seconds) {
  const startedMs = performance.now();
  const before = cpuSeconds(pid);
  await pause(seconds * 1_000);
  return ((cpuSeconds(pid) - before) / (performance.now() - startedMs)) * 1_000 * 100;
}

/**
 * Waits until it has nothing left to do: until it has been quiet for so many seconds on end. One that writes what has
 * changed every now and then is quiet in between, too.
 *
 * @throws after three minutes
 */
export async function untilQuiet(pid, quietSeconds) {
  let quiet = 0;
  for (let looks = 0; quiet < quietSeconds; looks++) {
    if (looks === PATIENCE_S) throw new Error(`process ${pid} has not come to rest in ${PATIENCE_S} s`);
    quiet = (await cpuPercent(pid, 1)) > QUIET_PERCENT ? 0 : quiet + 1;
  }
}

function statusBytes(pid, field) {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found[1]) * KIB;
}
