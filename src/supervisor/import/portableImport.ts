import type { ImportFile } from "../../content/importFiles.js";
import { PortableLinesError } from "../../content/portableLines.js";
import { PortableFault } from "../../protocol/portableLine.js";
import { isPortableName } from "../portable/exportPortable.js";
import type { CommandPlace } from "../portable/commandLines.js";
import { commandOfLine } from "../portable/portableSession.js";
import { readPortable, readPortableHeader } from "../portable/readPortable.js";
import type { Supervisor } from "../supervisor.js";
import { faultOfFuture, type ReadImport } from "./importedSession.js";

/** What is needed to read a file. */
export type ImportSurroundings = Pick<
  Supervisor,
  "clock" | "sessionDefaults" | "bodies" | "checkpoints" | "transfers"
> & { readonly commands: CommandPlace };

/** @param commandIds those that sessions of the same import get, and that are not here yet */
export function surroundingsOf(
  { clock, sessionDefaults, bodies, checkpoints, transfers, registry }: Supervisor,
  commandIds: ReadonlySet<string>,
): ImportSurroundings {
  const isTaken = (id: string): boolean => commandIds.has(id) || registry.execution(id) !== undefined;
  const commands = { keepPerSession: registry.keepPerSession, isTaken };
  return { clock, sessionDefaults, bodies, checkpoints, transfers, commands };
}

/** The session in a file that has everything, going by its first line; undefined where it is none that can be read. */
export async function idInPortable({ path }: ImportFile): Promise<string | undefined> {
  try {
    return (await readPortableHeader(path))?.sessionId;
  } catch {
    // What is wrong with it is told when it is read.
    return undefined;
  }
}

/**
 * Reads a file that has everything of a session; `fault` says in one line what is wrong with it, and where. Undefined
 * where it is another kind of file, or none that can be read.
 */
export async function readPortableImport(
  file: ImportFile,
  surroundings: ImportSurroundings,
): Promise<ReadImport | { readonly fault: string } | undefined> {
  try {
    const header = await readPortableHeader(file.path);
    if (header !== undefined) return await readAll(file, surroundings);
  } catch (error) {
    if (error instanceof PortableFault) return { fault: error.message };
    if (!(error instanceof PortableLinesError) || !isPortableName(file.name)) return undefined;
    return { fault: error.message };
  }
  return isPortableName(file.name)
    ? { fault: "line 1: it is not how an exported session begins" }
    : undefined;
}

async function readAll(
  { path }: ImportFile,
  { clock, sessionDefaults: defaults, bodies, checkpoints, transfers, commands }: ImportSurroundings,
): Promise<ReadImport | { readonly fault: string }> {
  let transfer: ReturnType<typeof transfers.begin> | undefined;
  const onRead = (readBytes: number, sizeBytes: number): void => {
    transfer ??= transfers.begin({ kind: "import", path, total: sizeBytes, unit: "bytes" });
    transfer.advanceTo(readBytes);
  };
  const place = { staging: { bodies, checkpoints }, commands, defaults, onRead };
  const read = await readPortable(path, place).finally(() => transfer?.end());
  const { session, folder, ignored, renamedCommands, ...found } = read;
  const command = commandOfLine(session, found, defaults);
  const fault = faultOfFuture(command, clock.nowMs());
  if (fault !== undefined) {
    await folder.discard();
    return { fault: `line 2: ${fault}` };
  }
  return { command, ignored, renamedCommands, folder };
}
