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
  .unknown()
  .superRefine((value, context) => {
    const fault = value === undefined ? "is missing" : faultOfJson(value);
    if (fault !== undefined) context.addIssue({ code: "custom", message: `the value ${fault}` });
  })
  .transform((value) => value as Json)
  .meta({ description: "any JSON value" });

/** A JSON object, no deeper than the nesting limit. */
export const jsonObject = z
  .custom<Readonly<Record<string, Json>>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "expected an object",
  )
  .superRefine((value, context) => {
    const fault = faultOfJson(value);
    if (fault !== undefined) context.addIssue({ code: "custom", message: `the object ${fault}` });
  })
  .meta({ type: "object", description: "a JSON object" });
