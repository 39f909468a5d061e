/** What goes wrong on this side of the socket, with what to do about it. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** The stable name, for `--json`. */
  readonly type: string;
  readonly exitCode: number;
  readonly hint?: string;

  constructor(
    message: string,
    options: { readonly type: string; readonly exitCode: number; readonly hint?: string },
  ) {
    super(message);
    this.type = options.type;
    this.exitCode = options.exitCode;
    if (options.hint !== undefined) this.hint = options.hint;
  }
}
