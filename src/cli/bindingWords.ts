import type { SessionShape } from "../../client/index.js";
import { ago } from "./humane.js";

/** The process that a session belongs to: `4711 (claude), bound 3 min ago`, or what became of it. */
export function bindingWords({ binding }: SessionShape, nowMs: number): string | undefined {
  if (binding === undefined) return undefined;
  const { pid, name, boundAt, goneAt, exitCode, signal } = binding;
  const its = name === undefined ? String(pid) : `${pid} (${name})`;
  if (goneAt === undefined) return `${its}, bound ${ago(boundAt, nowMs)}`;
  const how = signal ?? (exitCode === undefined ? undefined : `exit ${exitCode}`);
  return [its, ...(how === undefined ? [] : [how]), `gone ${ago(goneAt, nowMs)}`].join(", ");
}

/** Who alone may write to a session: `deployer, 3 min ago (epoch 2)`. */
export function claimWords({ lease }: SessionShape): string | undefined {
  if (lease === undefined) return undefined;
  return `${lease.holder ?? "somebody"}, ${ago(lease.claimedAt, Date.now())} (epoch ${lease.epoch})`;
}
