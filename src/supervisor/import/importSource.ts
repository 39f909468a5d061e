import { type ImportFile, listImportFiles } from "../../content/importFiles.js";
import { readJsonFile } from "../../content/jsonFile.js";
import { idOfFileName } from "../../content/sessionFileName.js";
import { RefusalError } from "../../protocol/errors.js";
import { LIMITS } from "../../protocol/limits.js";
import { readRegistryFile, readSessionFile } from "../../protocol/sessionFile.js";
import { isPortableName } from "../portable/exportPortable.js";
import { commandOfFile, type ReadImport } from "./importedSession.js";
import { idInPortable, type ImportSurroundings, readPortableImport } from "./portableImport.js";

/** What is to be imported. */
export interface ImportSource {
  readonly files: readonly ImportFile[];
  /** Sessions of which the registry says that they are archived. */
  readonly archived: ReadonlySet<string>;
}

/** Looks what there is at a path. @throws RefusalError where it cannot be imported from */
export async function openSource(path: string): Promise<ImportSource> {
  const { files, registryPath } = await listImportFiles(path).catch((error: unknown) => {
    throw unusable(error instanceof Error ? error.message : String(error));
  });
  const bound = LIMITS.importFiles;
  if (files.length > bound) {
    throw new RefusalError({
      type: "limit_reached",
      message: `${path} holds ${files.length} files of sessions, and one import takes ${bound}.`,
      hint: "import them in several folders",
      details: { limit: "importFiles", bound },
    });
  }
  if (files.length === 0) throw unusable(`${path} holds no file named session_<id>.json.`);
  return { files, archived: registryPath === undefined ? new Set() : await archivedIn(registryPath) };
}

/** The session that a file is about, going by its name. */
export function idInName({ name }: ImportFile): string | undefined {
  return idOfFileName(name.slice(name.lastIndexOf("/") + 1).replace(/\.jsonl(?=$|\.gz$)/, ".json"));
}

/** The session in a file that has everything, going by its first line; undefined where it is none that can be read. */
export async function idWithin(file: ImportFile, { files }: ImportSource): Promise<string | undefined> {
  // A single file may have any name; among many, each that is looked into costs.
  if (files.length > 1 && !isPortableName(file.name)) return undefined;
  return idInPortable(file);
}

/** Reads one file; `fault` says in one line what is wrong with it, and where. */
export async function readImport(
  file: ImportFile,
  source: ImportSource,
  surroundings: ImportSurroundings,
): Promise<ReadImport | { readonly fault: string }> {
  if (source.files.length === 1 || isPortableName(file.name)) {
    const whole = await readPortableImport(file, surroundings);
    if (whole !== undefined) return whole;
  }
  const value = await readValue(file.path);
  if ("fault" in value) return value;
  const found = readSessionFile(value.value);
  if ("fault" in found) return found;
  const sessionId = found.file.session_id;
  const named = idInName(file);
  if (named !== undefined && named !== sessionId) {
    return { fault: `session_id: it is "${sessionId}", and the name of the file says "${named}"` };
  }
  const isArchived = file.isArchived || source.archived.has(sessionId);
  const { clock, sessionDefaults: defaults } = surroundings;
  const command = commandOfFile(found.file, { nowMs: clock.nowMs(), defaults, isArchived });
  return "fault" in command ? command : { command, ignored: found.ignored };
}

/** A registry is not needed: it says of a session what its own file says, but for what is archived. */
async function archivedIn(registryPath: string): Promise<ReadonlySet<string>> {
  const value = await readValue(registryPath);
  if ("isMissing" in value) return new Set();
  const found = "fault" in value ? value : readRegistryFile(value.value);
  if ("fault" in found) throw unusable(`registry.json cannot be used: ${found.fault}.`);
  const entries = Object.entries(found.file.sessions);
  return new Set(entries.filter(([, { status }]) => status === "archived").map(([sessionId]) => sessionId));
}

/** A file's JSON; what the system refuses to read is a fault of that file, and not of the import. */
async function readValue(
  path: string,
): Promise<{ readonly value: unknown } | { readonly fault: string; readonly isMissing?: true }> {
  try {
    const read = await readJsonFile(path, LIMITS.importFileBytes);
    return "isMissing" in read ? { fault: "it is not there", isMissing: true } : read;
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function unusable(message: string): RefusalError {
  return new RefusalError({ type: "invalid_params", message, hint: "nothing was imported" });
}
