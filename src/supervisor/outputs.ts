import { prepareOutput, removeOutput } from "../content/outputFolder.js";
import { type FolderOwner, outputPaths } from "../content/places.js";
import type { PlainFiles } from "../content/plainFiles.js";
import { type OutputPiece, readOutput } from "../process/output.js";
import type { Execution } from "../session/state.js";
import { refusingDamage } from "./archiveDamage.js";
import type { ContentHold } from "./contentHold.js";
import type { Placements } from "./placements.js";

/** Which part of a command's output is asked for. */
export interface OutputRange {
  readonly stream: "stdout" | "stderr";
  readonly sinceBytes: number;
  readonly limitBytes: number;
}

/** The files that commands write their output to. */
export class Outputs {
  readonly #contentDir: string;
  readonly #hold: ContentHold;
  readonly #files: PlainFiles;
  readonly #placements: Pick<Placements, "ensure"> | undefined;

  /** @param hold says when removals have to wait; `placements`, whose folder is still to be put in its place. */
  constructor(
    contentDir: string,
    hold: ContentHold,
    files: PlainFiles,
    placements?: Pick<Placements, "ensure">,
  ) {
    this.#contentDir = contentDir;
    this.#hold = hold;
    this.#files = files;
    this.#placements = placements;
  }

  /** Makes the folder, and says where the command writes. */
  async prepare(
    owner: FolderOwner,
    { commandId, mergeStderr }: Pick<Execution, "commandId" | "mergeStderr">,
  ): Promise<{ stdoutPath: string; stderrPath: string }> {
    this.#placements?.ensure(owner);
    const paths = await prepareOutput(this.#contentDir, owner, commandId);
    // One file, to which both append: the order is that of the writes, as on a terminal.
    return mergeStderr === true ? { ...paths, stderrPath: paths.stdoutPath } : paths;
  }

  /** A piece of what a command wrote. */
  read(owner: FolderOwner, commandId: string, range: OutputRange): Promise<OutputPiece> {
    const { stdoutPath, stderrPath } = outputPaths(this.#contentDir, owner, commandId);
    const path = range.stream === "stdout" ? stdoutPath : stderrPath;
    return refusingDamage(
      this.#files.read(path, (plain) => readOutput(plain, range.sinceBytes, range.limitBytes)),
    );
  }

  /** How much a command wrote; what cannot be read counts as nothing, because a report must not fail by it. */
  async sizes(owner: FolderOwner, commandId: string): Promise<{ stdoutBytes: number; stderrBytes: number }> {
    const size = async (stream: OutputRange["stream"]): Promise<number> => {
      const piece = this.read(owner, commandId, { stream, sinceBytes: 0, limitBytes: 0 });
      return (await piece.catch(() => undefined))?.sizeBytes ?? 0;
    };
    return { stdoutBytes: await size("stdout"), stderrBytes: await size("stderr") };
  }

  /** Removes the output of a command that is no longer listed, unless its id is in use again by then. */
  remove(owner: FolderOwner, commandId: string, isInUse: () => boolean): Promise<void> {
    return this.#hold.removal(async () => {
      if (!isInUse()) await removeOutput(this.#contentDir, owner, commandId);
    });
  }
}
