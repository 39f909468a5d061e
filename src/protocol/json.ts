import { z } from "zod";

import { LIMITS } from "./limits.js";

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Says what is wrong with a value that came out of `JSON.parse`, or nothing. Two things can be: nesting so
 * deep that `JSON.stringify` could not write it again, and a key `__proto__`, which an unwary reader would
 * take for a prototype. The walk keeps its own stack, so that a deep value cannot overflow ours.
 */
export function faultOfJson(value: unknown, depthLimit: number = LIMITS.nestingDepth): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > depthLimit) return `is nested deeper than ${depthLimit} levels`;
    const next: object[] = [];
    for (const item of level) {
      if (Object.hasOwn(item, "__proto__")) return 'has a key "__proto__", which is not allowed';
      for (const child of Object.values(item)) {
        if (typeof child === "object" && child !== null) next.push(child as object);
      }
    }
    level = next;
  }
  return undefined;
}

/** Any JSON value, no deeper than the nesting limit. */
export const json = z
  .custom<Json>((value) => value !== undefined && faultOfJson(value) === undefined, {
    error: ({ input }) => `the value ${input === undefined ? "is missing" : faultOfJson(input)}`,
  })
  .meta({ description: "any JSON value" });

/** A JSON object, no deeper than the nesting limit. */
export const jsonObject = z
  .custom<Readonly<Record<string, Json>>>((value) => isObject(value) && faultOfJson(value) === undefined, {
    error: ({ input }) => (isObject(input) ? `the object ${faultOfJson(input)}` : "expected an object"),
  })
  .meta({ type: "object", description: "a JSON object" });

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
