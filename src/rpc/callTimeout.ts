/** No answer came in time. The daemon may still carry the call out: ask again with the same idempotency key. */
export class CallTimeoutError extends Error {
  override readonly name = "CallTimeoutError";
  readonly method: string;
  readonly timeoutMs: number;

  constructor(method: string, timeoutMs: number) {
    super(`No answer to ${method} within ${timeoutMs} ms. It may still be carried out.`);
    this.method = method;
    this.timeoutMs = timeoutMs;
  }
}
