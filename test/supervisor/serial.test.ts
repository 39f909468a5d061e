import { describe, expect, it } from "vitest";

import { Serial } from "../../src/supervisor/serial.js";

describe("Serial", () => {
  it("begins each task when the one before is done, in the order of asking", async () => {
    const serial = new Serial();
    const log: string[] = [];
    const release: (() => void)[] = [];
    const task = (name: string) => async (): Promise<string> => {
      log.push(`${name} begins`);
      await new Promise<void>((resolve) => release.push(resolve));
      log.push(`${name} ends`);
      return name;
    };
    const results = Promise.all(["a", "b", "c"].map((name) => serial.run(task(name))));
    for (let count = 1; count <= 3; count++) {
      while (release.length < count) await Promise.resolve();
      expect(log).toHaveLength(2 * count - 1);
      release[count - 1]?.();
    }
    expect(await results).toEqual(["a", "b", "c"]);
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("goes on after a failure, and tells it to the one who asked", async () => {
    const serial = new Serial();
    const failing = serial.run(() => Promise.reject(new Error("no")));
    const throwing = serial.run(() => {
      throw new Error("thrown");
    });
    const next = serial.run(() => Promise.resolve("yes"));
    await expect(failing).rejects.toThrow("no");
    await expect(throwing).rejects.toThrow("thrown");
    expect(await next).toBe("yes");
  });
});
