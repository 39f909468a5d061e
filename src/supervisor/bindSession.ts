import { outsideProcess } from "../process/outside.js";
import { RefusalError } from "../protocol/errors.js";
import type { Result, ValidParams } from "../protocol/types.js";
import type { SubmitOptions } from "./ledger.js";
import type { Supervisor } from "./supervisor.js";

type BindFields = Omit<ValidParams<"session/bind">, "idempotencyKey" | "lease">;

/** Binds a session to a process. @throws RefusalError where no session can be bound to that one */
export async function bindSession(
  supervisor: Supervisor,
  { sessionId, pid, onExit }: BindFields,
  options: SubmitOptions,
): Promise<Result<"session/bind">> {
  // First of all: the process of a repeated call may be gone since.
  const repeated = supervisor.repeat(options.call);
  if (repeated !== undefined) return (await repeated) as Result<"session/bind">;
  supervisor.session(sessionId);
  const found = outsideProcess(pid);
  if ("fault" in found) {
    const hint = "bind a session to a running process of your own, by the pid that it has on this machine";
    throw new RefusalError({ type: "process_not_bindable", message: found.fault, hint, details: { pid } });
  }
  const answer = await supervisor.submit({ type: "session/bind", sessionId, onExit, ...found }, options);
  return answer as Result<"session/bind">;
}
