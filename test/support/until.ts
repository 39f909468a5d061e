import { setTimeout as pause } from "node:timers/promises";

const PATIENCE_MS = 15_000;
const LOOK_AGAIN_MS = 10;

/**
 * Looks again and again until there is an answer, and returns it; `undefined` and `false` are none.
 *
 * @param what is waited for, for the error.
 * @throws after 15 s, or `patienceMs`.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<Exclude<T, undefined | false>> {
  const giveUpAtMs = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    if (performance.now() > giveUpAtMs) throw new Error(`waited ${patienceMs} ms for ${what}`);
    await pause(LOOK_AGAIN_MS);
  }
}

/**
 * What `promise` answers, or an error when that takes too long: a test that hangs should say what for.
 *
 * @param what is waited for, for the error.
 */
export async function within<T>(what: string, promise: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${patienceMs} ms for ${what}`)), patienceMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets time pass, for what nothing but time can show: that something does *not* happen meanwhile. */
export async function passing(ms: number): Promise<void> {
  await pause(ms);
}
