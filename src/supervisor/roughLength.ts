/**
 * About how many characters a value has as JSON, without the work of writing it: a text counts as it is, whatever of
 * it would be escaped. So a message of a megabyte is weighed at the price of a short one.
 */
export function roughLength(value: unknown): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  let length = 2;
  if (Array.isArray(value)) for (const item of value) length += roughLength(item) + 1;
  else for (const [key, item] of Object.entries(value)) length += key.length + 4 + roughLength(item);
  return length;
}
