import { z } from "zod";

import { jsonObject } from "./json.js";
import { LIMITS } from "./limits.js";
import { count, seq, text, time } from "./shapes.js";

/** The name that its tool gives to an agent. It may be whatever the tool likes, so it is never used as a path. */
export const agentId = z.string().min(1).max(LIMITS.idLength);

/** A session in a chain: one of the daemon's, or one that another tool keeps, by whatever id that has. */
export const chainedSessionId = z.string().min(1).max(LIMITS.idLength);

/** One interaction of an agent. */
export const chainEntry = z.strictObject({
  /** Its place in the chain, from 1; it keeps its place when older ones leave. */
  index: count,
  seq,
  at: time,
  sessionId: chainedSessionId,
  /** Where it is a session of the daemon's: with the id it names that one for ever. */
  sessionCreatedSeq: seq.optional(),
  /** The beginning of what was asked. */
  prompt: text,
  /** The beginning of what was answered. */
  response: z.string().max(LIMITS.chainResponseLength).optional(),
  metadata: jsonObject.optional(),
});

/** A chain, without its entries. */
export const chain = z.strictObject({
  agentId,
  /** That of the last entry: where the agent goes on. */
  currentSessionId: chainedSessionId,
  /** All since the chain began, those that have left since included. */
  interactions: count,
  /** Those that are still there. */
  entries: count,
  /** Those that have left: they were too old, or too many. */
  dropped: count,
  /** When the first interaction was, also where it has left since. */
  firstAt: time,
  lastAt: time,
});
