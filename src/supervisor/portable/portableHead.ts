import {
  PORTABLE_VERSION,
  portableHead,
  type PortableHeader,
  portableHeader,
} from "../../protocol/portableFile.js";
import { parseLine, PortableFault } from "../../protocol/portableLine.js";

/** Whether a line is the first one of such a file, of whatever version. */
export function looksPortable(line: Buffer): boolean {
  try {
    return portableHead.safeParse(JSON.parse(line.toString())).success;
  } catch {
    return false;
  }
}

/** @throws {PortableFault} where it is of a later version, or not as it was written */
export function headerOf(line: Buffer): PortableHeader {
  const { version } = parseLine(portableHead, line, 1);
  if (version > PORTABLE_VERSION) {
    const found = `it is of version ${version} of the format, and this sessiond reads up to ${PORTABLE_VERSION}`;
    throw new PortableFault(1, `${found}: import it with a newer one`);
  }
  return parseLine(portableHeader, line, 1);
}

/** The kind of a line, looked at before the line is: what is wrong with it is told by who knows the kind. */
export function kindOf(line: Buffer): string | undefined {
  return /^\{"line":"([a-z]+)"[,}]/.exec(line.subarray(0, 64).toString("latin1"))?.[1];
}
