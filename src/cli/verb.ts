import type { Verb } from "./context.js";

/** One option of a verb, in commander's notation. */
export interface OptionSpec {
  readonly flags: string;
  readonly about: string;
  /** Turns the text into a value; throws an InvalidValueError. */
  readonly parse?: (text: string, before: unknown) => unknown;
  readonly choices?: readonly string[];
}

/** How a verb is called, and where its code is: that is loaded only when it is called. */
export interface VerbSpec {
  readonly name: string;
  readonly alias?: string;
  /** Heading in the help. */
  readonly group: string;
  readonly about: string;
  /** Arguments in commander's notation with what they mean. */
  readonly args?: readonly (readonly [name: string, about: string])[];
  readonly options?: readonly OptionSpec[];
  /** Everything from the first argument on belongs to somebody else. */
  readonly passesThrough?: boolean;
  /** Every setting of the configuration is an option too. */
  readonly takesSettings?: boolean;
  /** Lines under the help. */
  readonly more?: string;
  readonly load: () => Promise<Verb<never>>;
}
