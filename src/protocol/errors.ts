/**
 * The one table of errors, for both ends. `code` is what JSON-RPC 2.0 carries; the key is the stable
 * name that programs match on (`error.data.type`). The first five codes are the specification's own
 * (https://www.jsonrpc.org/specification#error_object), the others lie in its range for servers.
 */
export const ERRORS = {
  parse_error: { code: -32700, summary: "The message is not JSON." },
  invalid_request: { code: -32600, summary: "The message is JSON, but no JSON-RPC 2.0 request." },
  method_not_found: { code: -32601, summary: "There is no method of this name." },
  invalid_params: { code: -32602, summary: "A parameter is missing, unknown, or of the wrong shape." },
  internal_error: { code: -32603, summary: "A fault of the daemon; its log has the details." },
  session_not_found: { code: -32001, summary: "No session has this id." },
  session_not_active: { code: -32002, summary: "The session is paused or has ended, so it takes no work." },
  invalid_transition: {
    code: -32003,
    summary: "The session, command or invocation cannot go from its status to that one.",
  },
  session_exists: { code: -32004, summary: "A session with this id exists already." },
  limit_reached: { code: -32005, summary: "A limit is reached; `data.limit` names it." },
  journal_unavailable: { code: -32006, summary: "The write could not be made durable, and did not happen." },
  idempotency_conflict: { code: -32007, summary: "The idempotency key was used for a different call." },
  command_not_found: { code: -32008, summary: "No command has this id." },
  command_exists: { code: -32009, summary: "A command with this id exists already." },
  input_closed: { code: -32085, summary: "The command takes no input, or none any more." },
  subscription_not_found: { code: -32010, summary: "This connection has no subscription of this id." },
  replay_gap: { code: -32011, summary: "The journal no longer reaches back to `sinceSeq`." },
  content_damaged: { code: -32012, summary: "A stored item fails its checksum; the others can be read." },
  unsupported_protocol: { code: -32013, summary: "The client speaks another version of the protocol." },
  shutting_down: { code: -32014, summary: "The daemon is stopping; connect again in a moment." },
  template_not_found: { code: -32016, summary: "No template has this id." },
  chain_not_found: { code: -32075, summary: "No agent of this id has a chain of sessions." },
  alert_not_found: { code: -32087, summary: "No alert has this id." },
  alert_rule_not_found: { code: -32086, summary: "No rule for alerts has this id." },
  workspace_failed: { code: -32030, summary: "The workspace could not be made, and so there is no session." },
  invocation_not_found: { code: -32020, summary: "No invocation has this id." },
  invocation_exists: { code: -32021, summary: "An invocation with this id exists already." },
  search_unavailable: { code: -32040, summary: "Nothing can be searched at the moment; the log says why." },
  checkpoint_not_found: { code: -32050, summary: "The session has no checkpoint of this id." },
  message_not_found: { code: -32080, summary: "The session has no such message." },
  backup_failed: { code: -32015, summary: "The backup could not be written; the state itself is as it was." },
  process_not_bindable: {
    code: -32090,
    summary: "No process has this pid, or it is one that no session can be bound to.",
  },
  lease_held: { code: -32060, summary: "Somebody else has claimed the session, and alone may write to it." },
  lease_lost: {
    code: -32061,
    summary: "The lease that the call shows is over; others may have written since.",
  },
} as const;

/** The stable name of an error. */
export type ErrorType = keyof typeof ERRORS;

/** `error.data` of every error that the daemon answers. */
export interface ErrorData {
  readonly type: ErrorType;
  /** What a person can do about it. */
  readonly hint?: string;
  /** More that a program may want: `limit`, `oldestSeq`, `issues`, … */
  readonly [detail: string]: unknown;
}

/** A refusal as a plain value: what the pure core answers instead of throwing. */
export interface Refusal {
  readonly type: ErrorType;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A refusal on its way to the peer. */
export class RefusalError extends Error {
  override readonly name = "RefusalError";
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** The JSON-RPC error object of a refusal. */
export function errorObject(refusal: Refusal): { code: number; message: string; data: ErrorData } {
  const { type, message, hint, details } = refusal;
  return {
    code: ERRORS[type].code,
    message,
    data: { type, ...(hint === undefined ? {} : { hint }), ...details },
  };
}
