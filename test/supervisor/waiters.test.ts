import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Waiters } from "../../src/supervisor/waiters.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Says which of the named waits are over. */
async function over(waits: Readonly<Record<string, Promise<unknown>>>): Promise<string[]> {
  const done: string[] = [];
  for (const [name, wait] of Object.entries(waits)) void wait.then(() => done.push(name));
  await vi.advanceTimersByTimeAsync(0);
  return done;
}

describe("Waiters", () => {
  it("wakes all who wait for a name, and nobody else", async () => {
    const waiters = new Waiters();
    const waits = { one: waiters.wait("a"), two: waiters.wait("a"), other: waiters.wait("b") };
    expect(await over(waits)).toEqual([]);
    waiters.wake("a");
    expect(await over(waits)).toEqual(["one", "two"]);
    waiters.wake("b");
    expect(await over(waits)).toEqual(["one", "two", "other"]);
  });

  it("wakes nobody who comes later", async () => {
    const waiters = new Waiters();
    waiters.wake("a");
    const wait = waiters.wait("a");
    expect(await over({ wait })).toEqual([]);
    waiters.wake("a");
    expect(await over({ wait })).toEqual(["wait"]);
  });

  it("hears what happens between listening and waiting", async () => {
    const waiters = new Waiters();
    const listening = waiters.listen("a");
    waiters.wake("a");
    expect(await over({ heard: listening.heard() })).toEqual(["heard"]);
  });

  it("hears nothing after it was closed", async () => {
    const waiters = new Waiters();
    const closed = waiters.listen("a");
    const open = waiters.listen("a");
    closed.close();
    closed.close();
    waiters.wake("a");
    expect(await over({ closed: closed.heard(), open: open.heard() })).toEqual(["open"]);
  });

  it("waits no longer than it was told, and a wake ends the timer", async () => {
    const waiters = new Waiters();
    const waits = { short: waiters.wait("a", 10), long: waiters.wait("a", 20), endless: waiters.wait("a") };
    await vi.advanceTimersByTimeAsync(9);
    expect(await over(waits)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await over(waits)).toEqual(["short"]);
    waiters.wake("a");
    expect(await over(waits)).toEqual(["short", "long", "endless"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets go of nobody but the one who does not wait any more, and leaves nothing behind", async () => {
    const waiters = new Waiters();
    const [gone, here] = [new AbortController(), new AbortController()];
    const remove = vi.spyOn(here.signal, "removeEventListener");
    const waits = {
      gone: waiters.wait("a", 1_000, gone.signal),
      here: waiters.wait("a", 1_000, here.signal),
    };
    gone.abort();
    expect(await over(waits)).toEqual(["gone"]);
    expect(vi.getTimerCount()).toBe(1);
    expect(await over({ late: waiters.wait("a", 1_000, gone.signal) })).toEqual(["late"]);
    waiters.wake("a");
    expect(await over(waits)).toEqual(["gone", "here"]);
    expect(remove).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets everybody go at the end", async () => {
    const waiters = new Waiters();
    const waits = { a: waiters.wait("a", 1_000), b: waiters.wait("b") };
    waiters.close();
    expect(await over(waits)).toEqual(["a", "b"]);
  });
});
