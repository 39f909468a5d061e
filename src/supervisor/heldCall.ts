import type { HeldKey, KeyedCall } from "./keys.js";
import type { Supervisor } from "./supervisor.js";

/** A call with a key, which is held as long as it is under way. */
export interface HeldCall {
  readonly call: KeyedCall;
  readonly held: HeldKey;
}

/**
 * Does what takes long before its record is written, once for each key: a call that is repeated later gets its first
 * answer, and one that is repeated meanwhile joins. Whoever submits the record lets the key go in that very turn, from
 * which on it is held by its record.
 */
export async function underKey<Answer extends object>(
  supervisor: Pick<Supervisor, "keys" | "repeat">,
  call: KeyedCall | undefined,
  work: (keyed: HeldCall | undefined) => Promise<Answer>,
): Promise<Answer> {
  const { keys } = supervisor;
  const repeated = supervisor.repeat(call);
  if (repeated !== undefined) return (await repeated) as object as Answer;
  const held = call && keys.hold(call);
  const answer = work(call && held && { call, held }).finally(() => {
    if (held !== undefined) keys.release(held);
  });
  if (held !== undefined) held.answer = answer;
  return answer;
}
