import { after } from "../schedule/timer.js";

/** An ear that is open from the moment on in which it was made. */
export interface Listening {
  /** Resolves when the name was woken since, after `timeoutMs` where that is given, or when nobody waits any more. */
  heard(timeoutMs?: number, signal?: AbortSignal): Promise<void>;
  /** Listens no more; again is harmless. */
  close(): void;
}

/** Callers that wait for something to happen to a thing with a name. */
export class Waiters {
  readonly #listening = new Map<string, Set<() => void>>();

  /**
   * Begins to listen at once. Whoever looks first and waits then listens before the look: what happens during it
   * would otherwise be missed.
   */
  listen(name: string): Listening {
    let wake = (): void => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const ears = this.#listening.get(name) ?? new Set();
    this.#listening.set(name, ears.add(wake));
    const close = (): void => {
      ears.delete(wake);
      if (ears.size === 0 && this.#listening.get(name) === ears) this.#listening.delete(name);
    };
    const heard = async (timeoutMs?: number, signal?: AbortSignal): Promise<void> => {
      const cancel = timeoutMs === undefined ? undefined : after(timeoutMs, wake);
      if (signal?.aborted === true) wake();
      signal?.addEventListener("abort", wake);
      await woken;
      signal?.removeEventListener("abort", wake);
      cancel?.();
      close();
    };
    return { heard, close };
  }

  /** Resolves when the name is woken, after `timeoutMs` where that is given, or when nobody waits any more. */
  wait(name: string, timeoutMs?: number, signal?: AbortSignal): Promise<void> {
    return this.listen(name).heard(timeoutMs, signal);
  }

  wake(name: string): void {
    for (const wake of this.#listening.get(name) ?? []) wake();
  }

  /** Lets everybody go. */
  close(): void {
    for (const name of this.#listening.keys()) this.wake(name);
  }
}
