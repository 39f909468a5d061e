import { describe, expect, it } from "vitest";

import { sparkline } from "../../src/cli/sparkline.js";

describe("a sparkline", () => {
  it("shows a course, the highest as a full bar", () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8], 20)).toBe("▁▂▃▄▅▆▇██");
  });

  it("loses no peak where there are more values than columns", () => {
    expect(sparkline([0, 0, 0, 8, 0, 0, 0, 0], 4)).toBe("▁█▁▁");
  });

  it("is flat where nothing is used", () => {
    expect([sparkline([0, 0], 5), sparkline([], 5)]).toEqual(["▁▁", ""]);
  });
});
