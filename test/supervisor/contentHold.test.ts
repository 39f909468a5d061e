import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";

import { ContentHold } from "../../src/supervisor/contentHold.js";

/** Something to hold for, and how it ends. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe("the hold of the content", () => {
  it("lets removals wait until its work is done, and no others", async () => {
    const hold = new ContentHold();
    const removed: string[] = [];
    const remove = (name: string) => async (): Promise<void> => void removed.push(name);
    await hold.removal(remove("before"));
    const { opened, open } = gate();
    const work = hold.during(() => opened.then(() => "done"));
    const waiting = [hold.removal(remove("a")), hold.removal(remove("b"))];
    await turn();
    expect([removed, hold.isBusy]).toEqual([["before"], true]);
    open();
    expect(await work).toBe("done");
    await Promise.all(waiting);
    expect(removed).toEqual(["before", "a", "b"]);
    await turn();
    expect(hold.isBusy).toBe(false);
    await hold.removal(remove("after"));
    expect(removed).toHaveLength(4);
  });

  it("lets go where its work fails, at once or later, and tells each caller of its own failure", async () => {
    const hold = new ContentHold();
    const { opened, open } = gate();
    const work = hold.during(() => opened.then(() => Promise.reject(new Error("broken off"))));
    const failing = hold.removal(() => Promise.reject(new Error("EIO")));
    const fine = hold.removal(() => Promise.resolve());
    open();
    await expect(work).rejects.toThrow("broken off");
    await expect(failing).rejects.toThrow("EIO");
    await fine;
    const thrown = hold.during(() => {
      throw new Error("at once");
    });
    await expect(thrown).rejects.toThrow("at once");
    await turn();
    expect(hold.isBusy).toBe(false);
  });

  it("is busy while many are removed, which wait as well where it is held meanwhile", async () => {
    const hold = new ContentHold();
    const removal = gate();
    const work = gate();
    const removed: string[] = [];
    const remove = (name: string) => async (): Promise<void> => {
      await removal.opened;
      removed.push(name);
    };
    const clearing = hold.clear(["a", "b", "c"].map(remove));
    expect(hold.isBusy).toBe(true);
    const working = hold.during(() => work.opened);
    removal.open();
    await turn();
    expect(removed).toEqual(["a", "b"]);
    work.open();
    await Promise.all([working, clearing]);
    expect(removed).toEqual(["a", "b", "c"]);
    await turn();
    expect(hold.isBusy).toBe(false);
  });

  it("is busy while a single one is removed, also where that fails", async () => {
    const hold = new ContentHold();
    const removal = gate();
    const removing = hold.removal(() => removal.opened.then(() => Promise.reject(new Error("EIO"))));
    expect(hold.isBusy).toBe(true);
    removal.open();
    await expect(removing).rejects.toThrow("EIO");
    expect(hold.isBusy).toBe(false);
  });

  it("has one owner at a time, and is busy until the last removal is done", async () => {
    const hold = new ContentHold();
    const work = gate();
    const removal = gate();
    const holding = hold.during(() => work.opened);
    await expect(hold.during(() => Promise.resolve())).rejects.toThrow("one backup at a time");
    const removing = hold.removal(() => removal.opened);
    work.open();
    await holding;
    expect(hold.isBusy).toBe(true);
    removal.open();
    await removing;
    await turn();
    expect(hold.isBusy).toBe(false);
  });
});
