import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";

import { FewAtOnce } from "../../src/supervisor/fewAtOnce.js";

describe("a few at once", () => {
  it("are as many as are allowed, in their order, and a failure makes room as well", async () => {
    const few = new FewAtOnce(2);
    const log: string[] = [];
    const ends = new Map<string, (error?: Error) => void>();
    const task = (name: string): Promise<string> =>
      few.run(() => {
        log.push(name);
        return new Promise((resolve, reject) =>
          ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error))),
        );
      });
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => task(name));
    b?.catch(() => undefined);
    await turn();
    expect(log).toEqual(["a", "b"]);
    ends.get("b")?.(new Error("EIO"));
    // One that comes in this very turn does not come before those that wait.
    const e = task("e");
    await turn();
    expect(log).toEqual(["a", "b", "c"]);
    await expect(b).rejects.toThrow("EIO");
    for (const name of ["a", "c"]) ends.get(name)?.();
    await turn();
    expect(log).toEqual(["a", "b", "c", "d", "e"]);
    for (const name of ["d", "e"]) ends.get(name)?.();
    expect(await Promise.all([a, c, d, e])).toEqual(["a", "c", "d", "e"]);
    // There is room for two again, and no more.
    void task("f");
    void task("g");
    void task("h");
    await turn();
    expect(log.slice(5)).toEqual(["f", "g"]);
  });
});
