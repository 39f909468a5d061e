import { LIMITS } from "../protocol/limits.js";

/** The first id like that one which is free: `task-2`, or the beginning of a long one. */
export function freeIdLike(id: string, isFree: (candidate: string) => boolean): string {
  for (let number = 2; ; number += 1) {
    const ending = `-${number}`;
    const candidate = `${id.slice(0, LIMITS.idLength - ending.length)}${ending}`;
    if (isFree(candidate)) return candidate;
  }
}
