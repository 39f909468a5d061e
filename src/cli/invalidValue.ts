/**
 * A value that an option does not take; the message says which it would. commander knows such an error by its code,
 * so an option can be read without loading commander.
 */
export class InvalidValueError extends Error {
  override readonly name = "InvalidValueError";
  readonly code = "commander.invalidArgument";
  readonly exitCode = 1;
}
