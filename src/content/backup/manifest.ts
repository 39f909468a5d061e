import { createHash } from "node:crypto";

import type { FileDigest } from "../../disk/copyFile.js";

/** The file that says what a backup consists of; FORMAT.md of the journal describes it. It is written last. */
export const MANIFEST_NAME = "backup.json";

const FORMAT = "sessiond-backup";
const VERSION = 1;
const FILES_PER_PIECE = 250;
/** What may lie in a backup. Names are relative, of one form on every system, and lead out of no folder. */
const NAME = /^(?:uptime\.json|(?:journal|snapshots|content|checkpoints)(?:\/[A-Za-z0-9][A-Za-z0-9._~-]*)+)$/;
const LAST_LINE = /^"sha256":"([0-9a-f]{64})"\}\n$/;

/** One file of a backup. */
export interface BackupFile extends FileDigest {
  /** Its path below the folder of the backup, with slashes. */
  readonly name: string;
}

/** What a backup says of itself. */
export interface Manifest {
  /** Of the last event in it. */
  readonly seq: number;
  /** RFC 3339; when the state was this one. */
  readonly createdAt: string;
  /** In no particular order. */
  readonly files: readonly BackupFile[];
}

/** The text of a manifest, in pieces, as there may be a hundred thousand files. The last line checks all others. */
export function* manifestPieces({ seq, createdAt, files }: Manifest): Generator<string> {
  const hash = createHash("sha256");
  const head = JSON.stringify({ format: FORMAT, version: VERSION, seq, createdAt }).slice(0, -1);
  let piece = `${head},"files":[`;
  for (const [index, { name, sizeBytes, sha256 }] of files.entries()) {
    piece += `${index === 0 ? "" : ","}\n${JSON.stringify({ name, sizeBytes, sha256 })}`;
    if ((index + 1) % FILES_PER_PIECE > 0) continue;
    hash.update(piece);
    yield piece;
    piece = "";
  }
  piece += "\n],\n";
  yield `${piece}"sha256":"${hash.update(piece).digest("hex")}"}\n`;
}

/** Reads a manifest; in words what is wrong with it where it is not as it was written. */
export function parseManifest(bytes: Buffer): Manifest | string {
  const lastLineAt = bytes.lastIndexOf("\n", bytes.length - 2) + 1;
  const stated = LAST_LINE.exec(bytes.toString("latin1", lastLineAt))?.[1];
  if (stated === undefined) return "its end is missing";
  const found = createHash("sha256").update(bytes.subarray(0, lastLineAt)).digest("hex");
  if (found !== stated) return "it does not match its own checksum";
  // The checksum was good, so this is what a daemon wrote: JSON, and of a version that may be another one.
  const { format, version, ...manifest } = JSON.parse(bytes.toString("utf8")) as Written;
  if (format !== FORMAT || version !== VERSION) {
    return `it has format ${format} ${version}, and this sessiond knows ${FORMAT} ${VERSION}; restore it with the one that made it`;
  }
  const { seq, createdAt, files } = manifest;
  // The text may come from anybody, and what is named here is going to be written.
  const stranger = files.find(({ name }) => typeof name !== "string" || !NAME.test(name));
  if (stranger !== undefined)
    return `it names ${JSON.stringify(stranger.name)}, which is no file of a backup`;
  return { seq, createdAt, files };
}

interface Written extends Manifest {
  readonly format: string;
  readonly version: number;
}
