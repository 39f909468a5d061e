/** Where FNV-1a begins, and what it multiplies by, for 32 bits. */
const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * Digest of a call's params, a 32-bit integer with a sign; the same params in the same order of keys give the same
 * digest. It guards against the mistake of using a key twice, and not against an attack: who holds the socket needs no
 * trick to write.
 *
 * FNV-1a over names and values as they are: most values are texts, and to write all of them as JSON first, for a
 * checksum of its bytes, cost more than to decide the call.
 */
export function digestOf(params: object): number {
  let digest = OFFSET_BASIS | 0;
  for (const [name, value] of Object.entries(params) as [string, unknown][]) {
    digest = withText(digest, name);
    // A text and a number that is written alike are told apart.
    if (typeof value === "string") digest = withText(withNumber(digest, 1), value);
    else digest = withText(digest, JSON.stringify(value) ?? "");
  }
  return digest;
}

/** With its length before it, so that what ends one text cannot as well begin the next. */
function withText(digest: number, text: string): number {
  let next = withNumber(digest, text.length);
  for (let index = 0; index < text.length; index += 1) next = withNumber(next, text.charCodeAt(index));
  return next;
}

function withNumber(digest: number, value: number): number {
  return Math.imul(digest ^ value, PRIME);
}
