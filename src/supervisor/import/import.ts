import { setImmediate as turn } from "node:timers/promises";

import type { ImportFile } from "../../content/importFiles.js";
import type { StagedBodies } from "../../content/bodyStore.js";
import { RefusalError } from "../../protocol/errors.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import type { HeldCall } from "../heldCall.js";
import type { KeyedCall } from "../keys.js";
import type { Answer } from "../ledger.js";
import type { Supervisor } from "../supervisor.js";
import { conflict } from "./importConflict.js";
import { ImportIds } from "./importIds.js";
import type { ReadImport } from "./importedSession.js";
import { idInName, idWithin, type ImportSource, readImport } from "./importSource.js";
import { surroundingsOf } from "./portableImport.js";

export type ImportFields = Omit<ValidParams<"session/import">, "idempotencyKey">;
type Imported = Result<"session/import">["imported"][number];
type Skipped = Result<"session/import">["skipped"][number];

/** A file that can be taken over, and what will be said of it. */
interface Ready extends Omit<ReadImport, "ignored"> {
  readonly file: ImportFile;
  readonly imported: Imported;
}

/** Sessions that are on their way to the disk at once. */
const PIPELINE = 32;
const REASON_LENGTH = 300;
const IGNORED_FIELDS = 20;

/** One import under way. */
export class Import {
  readonly #supervisor: Supervisor;
  readonly #fields: ImportFields;
  readonly #keyed: HeldCall | undefined;
  readonly #source: ImportSource;
  readonly #imported: Imported[] = [];
  readonly #skipped: Skipped[] = [];
  readonly #ids: ImportIds;
  /** What was put together for sessions that were not submitted yet. */
  readonly #folders = new Set<Pick<StagedBodies, "discard">>();
  /** Ids of commands that sessions of this import get. */
  readonly #commandIds = new Set<string>();
  #inFlight: Promise<void>[] = [];

  constructor(
    supervisor: Supervisor,
    fields: ImportFields,
    keyed: HeldCall | undefined,
    source: ImportSource,
  ) {
    this.#supervisor = supervisor;
    this.#fields = fields;
    this.#keyed = keyed;
    this.#source = source;
    this.#ids = new ImportIds(supervisor.registry);
  }

  async run(): Promise<Result<"session/import">> {
    try {
      return await this.#run();
    } finally {
      for (const folder of this.#folders) await folder.discard();
    }
  }

  async #run(): Promise<Result<"session/import">> {
    if (this.#fields.onConflict === "refuse") this.#refuseTaken();
    let held: Ready | undefined;
    for (const file of this.#source.files) {
      const ready = await this.#prepare(file);
      if (ready === undefined) continue;
      if (held !== undefined) await this.#send(held);
      held = ready;
      await turn();
    }
    await this.#settle();
    const last = held === undefined ? undefined : await this.#sendLast(held);
    const seq = this.#supervisor.journal.committed;
    return last ?? { imported: this.#imported, skipped: this.#skipped, seq };
  }

  /** The id of a session stands in the name of its file, so none has to be read for this. */
  #refuseTaken(): void {
    const taken = this.#source.files.flatMap((file) => {
      const sessionId = idInName(file);
      const isNew = sessionId !== undefined && this.#supervisor.isNew(this.#callOf(file));
      return isNew && this.#ids.isTaken(sessionId) ? [sessionId] : [];
    });
    if (taken.length > 0) throw conflict(taken);
  }

  /** Reads a file and finds an id for it; undefined where there is nothing to be done. */
  async #prepare(file: ImportFile): Promise<Ready | undefined> {
    // What was imported by an earlier try of this very call needs no second look.
    const before = await this.#supervisor.repeat(this.#callOf(file));
    if (before !== undefined) {
      const { renamedFrom, sessionId } = this.#report(before);
      this.#ids.meet(renamedFrom ?? sessionId);
      return undefined;
    }
    // What comes with its bodies may be long: that it cannot be taken is found out before.
    const within = await idWithin(file, this.#source);
    if (within !== undefined && !this.#mayTake(within)) return this.#refuse(file, within);
    const read = await readImport(file, this.#source, surroundingsOf(this.#supervisor, this.#commandIds));
    if ("fault" in read) return this.#skip(file, read.fault);
    if (read.folder !== undefined) this.#folders.add(read.folder);
    const { sessionId } = read.command;
    if (!this.#ids.meet(sessionId)) return this.#skip(file, `session_id: "${sessionId}" was in another file`);
    return this.#place(file, read);
  }

  /** Gives a session its id, as the call wants it where its own is taken. */
  #place(file: ImportFile, { command, folder, ignored, renamedCommands = 0 }: ReadImport): Ready | undefined {
    const { sessionId, executions = [] } = command;
    const more = {
      ...(renamedCommands === 0 ? {} : { renamedCommands }),
      ...(ignored.length === 0 ? {} : { ignored: ignored.slice(0, IGNORED_FIELDS) }),
    };
    if (!this.#mayTake(sessionId)) return this.#refuse(file, sessionId);
    for (const { commandId } of executions) this.#commandIds.add(commandId);
    if (!this.#ids.isTaken(sessionId)) return { file, command, folder, imported: { sessionId, ...more } };
    const free = this.#ids.freeLike(sessionId);
    const imported = { sessionId: free, renamedFrom: sessionId, ...more };
    return { file, command: { ...command, sessionId: free }, folder, imported };
  }

  /** Whether a session of that id can be taken over, under this id or another one. */
  #mayTake(sessionId: string): boolean {
    return this.#fields.onConflict === "rename" || !this.#ids.isTaken(sessionId);
  }

  #refuse(file: ImportFile, sessionId: string): undefined {
    // The name of a single file need not tell its id, so that was not found out before.
    if (this.#fields.onConflict === "refuse" && this.#source.files.length === 1) throw conflict([sessionId]);
    return this.#skip(file, `session_id: there is a session "${sessionId}" already`);
  }

  async #send(ready: Ready): Promise<void> {
    const sent = this.#sendOne(ready);
    // It is awaited later; until then nobody else may take its failure for one that nobody looks at.
    sent.catch(() => undefined);
    this.#inFlight.push(sent);
    if (this.#inFlight.length >= PIPELINE) await this.#settle();
  }

  async #sendOne(ready: Ready): Promise<void> {
    const answer = await this.#submit(ready, this.#callOf(ready.file), () => ready.imported);
    if (answer !== undefined) this.#report(answer);
  }

  /** Takes down what the answer to a file's own call says, whoever made that call. */
  #report(answer: Answer): Imported {
    const { seq: _, ...imported } = answer as Answer & Imported;
    this.#imported.push(imported);
    return imported;
  }

  /** The last one carries the answer of the whole call, so that a repetition of it gets that. */
  async #sendLast(ready: Ready): Promise<Result<"session/import"> | undefined> {
    const whole = (): object => ({ imported: [...this.#imported, ready.imported], skipped: this.#skipped });
    const { call, held } = this.#keyed ?? {};
    // In one tick: from here on the key is held by its record.
    if (held !== undefined) this.#supervisor.keys.release(held);
    return (await this.#submit(ready, call, whole)) as Result<"session/import"> | undefined;
  }

  /** Undefined where the session was refused: then that is said of its file. */
  async #submit(ready: Ready, call: KeyedCall | undefined, show: () => object): Promise<Answer | undefined> {
    const { folder } = ready;
    // From here on it belongs to the record, if there comes to be one.
    if (folder !== undefined) this.#folders.delete(folder);
    try {
      return await this.#supervisor.submit(ready.command, { call, show });
    } catch (error) {
      await folder?.discard();
      // Where the journal takes no writes the others would fail as well: the call is to be repeated.
      if (!(error instanceof RefusalError) || error.refusal.type === "journal_unavailable") throw error;
      return this.#skip(ready.file, error.message);
    }
  }

  async #settle(): Promise<void> {
    const inFlight = this.#inFlight;
    this.#inFlight = [];
    await Promise.all(inFlight);
  }

  #skip({ name }: ImportFile, reason: string): undefined {
    this.#skipped.push({ file: name, reason: reason.slice(0, REASON_LENGTH) });
    return undefined;
  }

  #callOf(file: ImportFile): KeyedCall | undefined {
    return this.#keyed && { ...this.#keyed.call, key: `${this.#keyed.call.key} ${file.name}` };
  }
}
