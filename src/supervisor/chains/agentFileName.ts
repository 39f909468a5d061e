/** Longest name that every file system takes, in bytes, with room for an end. */
const LONGEST = 200;

/**
 * The name of the file of an agent's chain. An agent's id may be anything, a path too: what is more than a letter, a digit
 * or one of `. _ -` is written as `%` and its bytes, and so is a dot at the beginning. An id that is too long is cut.
 *
 * @param taken names in use, without capitals, since some file systems do not tell them apart; this one is added. Where it
 *   is among them, a number comes behind it.
 */
export function agentFileName(agentId: string, taken: Set<string>): string {
  const encoded = [...Buffer.from(agentId)]
    .map((byte, index) => encodedByte(byte, index === 0))
    .join("")
    .slice(0, LONGEST);
  for (let number = 1; ; number += 1) {
    const name = `${encoded}${number === 1 ? "" : `~${number}`}_sessions.json`;
    if (taken.has(name.toLowerCase())) continue;
    taken.add(name.toLowerCase());
    return name;
  }
}

function encodedByte(byte: number, isFirst: boolean): string {
  const character = String.fromCharCode(byte);
  const isPlain = /[A-Za-z0-9_-]/.test(character) || (character === "." && !isFirst);
  return isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
