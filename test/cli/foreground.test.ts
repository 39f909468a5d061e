import { expect, it } from "vitest";

import { isForeground } from "../../src/cli/foreground.js";

const stat = (group: number, terminals: number) => (): string =>
  `812 (a (nasty) name) S 700 ${group} 700 34816 ${terminals} 4194304 1 2`;

it("knows whether its group is the one that the terminal listens to", () => {
  expect(isForeground(stat(812, 812))).toBe(true);
  expect(isForeground(stat(812, 700))).toBe(false);
});

it("believes so where the system does not tell", () => {
  const fails = (): string => {
    throw new Error("no such file");
  };
  expect(isForeground(fails)).toBe(true);
  expect(typeof isForeground()).toBe("boolean");
});
