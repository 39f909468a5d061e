import type { ErrorType } from "../protocol/errors.js";

/** An error that the daemon answered. */
export class SessiondError extends Error {
  override readonly name = "SessiondError";
  /** The stable name to match on; a newer daemon may know more of them. "unknown" where it sent none. */
  readonly type: ErrorType | (string & {});
  /** The number that JSON-RPC carries. */
  readonly code: number;
  /** What a person can do about it. */
  declare readonly hint?: string;
  /** What else came with it: `limit`, `oldestSeq`, `issues`, … */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(error: { readonly code: number; readonly message: string; readonly data?: unknown }) {
    super(error.message);
    const data = typeof error.data === "object" && error.data !== null ? { ...error.data } : {};
    const { type, hint, ...details } = data as Record<string, unknown>;
    this.code = error.code;
    this.type = typeof type === "string" ? type : "unknown";
    if (typeof hint === "string") this.hint = hint;
    this.details = details;
  }
}
