import type { z } from "zod";

import type { ErrorType } from "./errors.js";

/** What one method is: the only place where it is described. Validation, the client's types, the handlers'
 * types and the OpenRPC document all come from it. */
export interface Method<
  Params extends z.ZodType = z.ZodType,
  Result extends z.ZodType = z.ZodType,
  Access extends "read" | "write" = "read" | "write",
> {
  /** One sentence, for the OpenRPC document and for help texts. */
  readonly summary: string;
  /**
   * The parameters by name; a strict object, so that an unknown key is an error that names it. A getter, so that a daemon
   * makes the schemas of those methods that it is asked for, and each when it is: all of them are a tenth of its start.
   * Whoever checks with it keeps it.
   */
  readonly params: Params;
  /** A getter where it is made for this method alone: only the OpenRPC document asks for it, so a daemon seldom makes it. */
  readonly result: Result;
  /** The errors of its own, beside those that every method can answer. */
  readonly errors: readonly ErrorType[];
  /** A write takes an `idempotencyKey`. */
  readonly access: Access;
  /** Whether the answer waits until the journal has it on disk. */
  readonly durable: boolean;
}

/** Declares a method, keeping the exact types of its parts. */
export function method<
  const Params extends z.ZodType,
  const Result extends z.ZodType,
  const Access extends "read" | "write",
>(declaration: Method<Params, Result, Access>): Method<Params, Result, Access> {
  return declaration;
}
