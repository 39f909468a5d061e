import type { Logbook } from "../../supervisor/logbook.js";
import type { PathCheck } from "../../supervisor/paths/pathCheck.js";
import type { CommandsAtStop } from "../../supervisor/runner.js";
import type { Supervisor } from "../../supervisor/supervisor.js";
import type { MethodName, Result } from "../../protocol/types.js";
import type { Handlers } from "../../rpc/dispatch.js";
import type { Connection } from "../connection.js";
import type { LeaseHolders } from "../leaseHolders.js";
import type { Subscriptions } from "../subscriptions.js";

/** What the handlers translate to. */
export interface Services {
  readonly supervisor: Supervisor;
  readonly subscriptions: Subscriptions;
  readonly leaseHolders: LeaseHolders;
  readonly logbook: Logbook;
  readonly paths: Pick<PathCheck, "validate">;
  /** Bounds that are in force, for `daemon/hello`. */
  readonly limits: Readonly<Record<string, number>>;
  readonly idempotency: { readonly keepMs: number; readonly maxKeys: number };
  readonly version: string;
  readonly startedAtMs: number;
  /** How late the event loop was of late. */
  readonly loop: { readonly figures: Result<"daemon/status">["loop"] };
  /** Looks at what the machine lets the daemon do. */
  readonly examine: () => Promise<Result<"daemon/doctor">["checks"]>;
  /** Where the daemon lies on disk, one in memory too; without a socket where it does not listen. */
  readonly places: Pick<Result<"daemon/status">, "socket" | "dataDir" | "logDir">;
  readonly connectionCount: () => number;
  /** Begins the stop, after the answer is on its way. */
  readonly shutdown: (commands: CommandsAtStop) => void;
}

/** The handlers of one namespace: one for each of its methods. */
export type NamespaceHandlers<Namespace extends string> = Pick<
  Handlers<Connection>,
  Extract<MethodName, `${Namespace}/${string}`>
>;
