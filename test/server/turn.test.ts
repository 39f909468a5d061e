import { beforeEach, describe, expect, it } from "vitest";

import { Slice, Turn } from "../../src/server/turn.js";

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

let ms: number;
const nowMs = (): number => ms;
beforeEach(() => {
  ms = 1_000;
});

/** Takes a whole slice of the loop's time. */
function takeSlice(): void {
  const slice = new Slice(nowMs);
  while (!slice.isOver) ms += 1;
}

describe("a turn", () => {
  it("carries out what came in it, in order, and not at once", async () => {
    const turn = new Turn(nowMs);
    const done: string[] = [];
    for (const name of ["a", "b", "c"]) turn.add(() => void done.push(name));
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual(["a", "b", "c"]);
  });

  it("leaves to the next what comes while it is carried out", async () => {
    const turn = new Turn(nowMs);
    const done: string[] = [];
    turn.add(() => {
      done.push("first");
      turn.add(() => void done.push("second"));
    });
    await nextTurn();
    expect(done).toEqual(["first"]);
    await nextTurn();
    expect(done).toEqual(["first", "second"]);
  });

  it("has one slice for all of it", async () => {
    const turn = new Turn(nowMs);
    const over: boolean[] = [];
    const look = (slice: Slice): void => {
      ms += 6;
      over.push(slice.isOver);
    };
    turn.add(look);
    turn.add(look);
    await nextTurn();
    expect(over).toEqual([false, true]);
  });

  it("lets others have their turn after a slice, and goes on where it was", async () => {
    const turn = new Turn(nowMs);
    const done: string[] = [];
    turn.add(() => {
      takeSlice();
      done.push("long");
      turn.add(() => void done.push("later"));
    });
    turn.add(() => void done.push("short"));
    await nextTurn();
    expect(done).toEqual(["long"]);
    await nextTurn();
    expect(done).toEqual(["long", "short", "later"]);
  });
});
