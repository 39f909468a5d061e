import type { Json } from "../protocol/json.js";
import type { Bounds } from "./commands.js";
import type { Decision, Refused } from "./decision.js";
import { limitReached, refuse } from "./decision.js";
import { PLAIN_TEXT } from "./plainText.js";
import type { Session } from "./state.js";

/** The bounds of metadata. */
type MetadataBounds = Pick<Bounds, "metadataKeys" | "metadataValueLength" | "metadataLength" | "labelLength">;

/** What is wrong with setting one value, if anything. */
export function faultOfEntry(
  session: Session,
  key: string,
  value: Session["metadata"][string],
  bounds: Bounds,
): Decision | undefined {
  const length = lengthAsJson(value);
  if (length > bounds.metadataValueLength) return valueTooLong(key, length, bounds);
  const isNew = !Object.hasOwn(session.metadata, key);
  if (isNew && Object.keys(session.metadata).length >= bounds.metadataKeys) return tooManyKeys(bounds);
  const whole = session.metadataLength + growthTo(session, key, length);
  return whole > bounds.metadataLength ? metadataTooLong(bounds) : undefined;
}

/** Characters that the metadata as JSON gets longer by when this value is set; negative where it gets shorter. */
export function growthBy(session: Session, key: string, value: Session["metadata"][string]): number {
  return growthTo(session, key, lengthAsJson(value));
}

/** The same, of a value of that length. */
function growthTo({ metadata }: Session, key: string, length: number): number {
  if (!Object.hasOwn(metadata, key)) return lengthAsJson(key) + 2 + length;
  return length - lengthAsJson(metadata[key]);
}

/** What is wrong with details that a body keeps, if anything; `what` names them. */
export function faultOfDetails(details: Json | undefined, bounds: Bounds, what: string): Refused | undefined {
  const length = details === undefined ? 0 : JSON.stringify(details).length;
  const bound = bounds.detailsLength;
  if (length <= bound) return undefined;
  const message = `The ${what}: ${length} characters as JSON, and ${bound} are allowed.`;
  return limitReached("detailsLength", bound, message, "write what is large to a file and record its path");
}

/** What is wrong with the metadata as a whole, if anything. */
export function faultOfMetadata(metadata: Session["metadata"], bounds: MetadataBounds): Refused | undefined {
  const keys = Object.keys(metadata);
  if (keys.length > bounds.metadataKeys) return tooManyKeys(bounds);
  let length = 0;
  for (const key of keys) {
    if (key === "" || key.length > bounds.labelLength) {
      const message = `metadata: a key has 1 to ${bounds.labelLength} characters; one has ${key.length}.`;
      return refuse("invalid_params", message);
    }
    const valueLength = lengthAsJson(metadata[key]);
    if (valueLength > bounds.metadataValueLength) return valueTooLong(key, valueLength, bounds);
    length += lengthOfEntry(key, metadata[key]);
  }
  return length > bounds.metadataLength ? metadataTooLong(bounds) : undefined;
}

/** Characters that one entry adds to the metadata as JSON, its quotes, colon and comma included. */
export function lengthOfEntry(key: string, value: unknown): number {
  return lengthAsJson(key) + 2 + lengthAsJson(value);
}

/** Characters of a value as JSON; a plain text, which most values are, is not written for it. */
function lengthAsJson(value: unknown): number {
  return typeof value === "string" && PLAIN_TEXT.test(value)
    ? value.length + 2
    : JSON.stringify(value).length;
}

function tooManyKeys(bounds: MetadataBounds): Refused {
  const { metadataKeys } = bounds;
  return limitReached(
    "metadataKeys",
    metadataKeys,
    `Metadata of a session has at most ${metadataKeys} keys.`,
  );
}

function valueTooLong(key: string, length: number, bounds: MetadataBounds): Refused {
  const bound = bounds.metadataValueLength;
  const message = `metadata "${key}" has ${length} characters as JSON; ${bound} are allowed.`;
  return limitReached("metadataValueLength", bound, message);
}

function metadataTooLong(bounds: MetadataBounds): Refused {
  const bound = bounds.metadataLength;
  return limitReached(
    "metadataLength",
    bound,
    `Metadata of a session has at most ${bound} characters as JSON.`,
  );
}
