import { expect } from "vitest";

import type { Session } from "../../src/session/state.js";
import type { Bodies } from "../../src/supervisor/bodies.js";
import type { BodyCursor } from "../../src/supervisor/bodyPage.js";
import { session } from "../session/samples.js";

/** The session whose bodies these are, unless another is named. */
export const one = session();

/** Takes the bodies of durable events, as the supervisor hands them in. */
export function add(bodies: Bodies, seqs: readonly number[], owner: Session = one, up = 0): void {
  for (const seq of seqs) {
    const body = { seq, at: seq * 10, action: `action ${seq}`, details: { seq } };
    bodies.add(owner, { kind: "activities", body }, up);
  }
}

/** 1, 2, 3, … */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Reads on page by page to the end: the seqs, and `damaged` for what cannot be read. */
export async function readAll(
  bodies: Bodies,
  options: {
    readonly order: "newest" | "oldest";
    readonly limit: number;
    readonly owner?: Session;
    readonly between?: (page: number) => Promise<void>;
  },
): Promise<(number | "damaged")[]> {
  const { order, limit, owner = one, between } = options;
  const all: (number | "damaged")[] = [];
  let cursor: BodyCursor | undefined;
  for (let page = 1; page < 200; page++) {
    const { items, next } = await bodies.read(owner, "activities", { order, limit, cursor });
    expect(items.length).toBeLessThanOrEqual(limit);
    for (const item of items) all.push("damaged" in item ? "damaged" : item.seq);
    if (next === undefined) return all;
    expect(items).toHaveLength(limit);
    // As it comes back from a client.
    cursor = JSON.parse(JSON.stringify(next)) as BodyCursor;
    await between?.(page);
  }
  throw new Error("the pages do not end");
}
