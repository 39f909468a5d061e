import { fstatSync } from "node:fs";
import type { Stats } from "node:fs";

type MaybeOpen = { readonly fd?: unknown; readonly isTTY?: boolean | undefined };

/** Whether two streams end in one and the same place: one terminal, one pipe, or one file, as after `2>&1`. */
export function isSameSink(one: object, other: object): boolean {
  const [a, b] = [statOf(one), statOf(other)];
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino && a.rdev === b.rdev;
}

/** Whether there is something to be read on it at all: `/dev/null` and a closed descriptor hold nothing. */
export function isSource(stream: object): boolean {
  const { fd, isTTY } = stream as MaybeOpen;
  // A stream of the program's own making.
  if (typeof fd !== "number") return true;
  const stat = statOf(stream);
  return stat !== undefined && (isTTY === true || !stat.isCharacterDevice());
}

function statOf(stream: object): Stats | undefined {
  const { fd } = stream as MaybeOpen;
  if (typeof fd !== "number") return undefined;
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}
