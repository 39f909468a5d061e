/**
 * A UUID of version 7 (RFC 9562, section 5.7): 48 bits of time in front, so that ids sort by their age, and
 * the random bits of a version 4 behind.
 *
 * @param random a UUID of version 4
 */
export function uuidv7(atMs: number, random: string): string {
  const time = Math.floor(atMs).toString(16).padStart(12, "0").slice(-12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}
