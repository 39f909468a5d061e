/**
 * The bytes without a character at their end that is cut in two: the next piece begins with it. Where
 * nothing will follow (`isLast`), and where the bytes are no UTF-8 anyway, they stay as they are.
 */
export function wholeCharacters(bytes: Buffer, isLast: boolean): Buffer {
  if (isLast) return bytes;
  // The lead byte of a cut character is among the last three: a character has at most four bytes.
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    return lengthByLead(byte) > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

function lengthByLead(byte: number): number {
  if (byte >= 0b1111_0000) return 4;
  if (byte >= 0b1110_0000) return 3;
  return byte >= 0b1100_0000 ? 2 : 1;
}
