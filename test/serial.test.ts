import { describe, expect, it } from "vitest";

import { Serial, SerialByKey } from "../src/serial.js";

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

describe("SerialByKey", () => {
  it("lets what has another key go on meanwhile, and keeps nothing of a key that is through", async () => {
    const serial = new SerialByKey();
    const log: string[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const first = serial.run("a", async () => {
      await held;
      log.push("a1");
    });
    const second = serial.run("a", () => Promise.resolve(log.push("a2")));
    await serial.run("b", () => Promise.resolve(log.push("b")));
    expect(log).toEqual(["b"]);
    expect(serial.size).toBe(1);
    release();
    await Promise.all([first, second]);
    expect(log).toEqual(["b", "a1", "a2"]);
    expect(serial.size).toBe(0);
  });

  it("forgets a key whose task failed as well", async () => {
    const serial = new SerialByKey();
    await expect(serial.run("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(serial.size).toBe(0);
  });
});
