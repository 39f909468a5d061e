import { expect, it } from "vitest";

import { References } from "../../src/supervisor/references.js";

it("References counts who refers to what", () => {
  const references = new References();
  references.move(undefined, "a");
  references.move(undefined, "a");
  references.move("a", "a");
  references.move("a", "b");
  expect(["a", "b", "c"].map((text) => references.has(text))).toEqual([true, true, false]);
  references.move("a", undefined);
  expect(references.has("a")).toBe(false);
  references.clear();
  expect(references.has("b")).toBe(false);
});
