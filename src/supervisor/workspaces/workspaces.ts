import { join } from "node:path";

import { WorkspaceFolderError } from "../../content/workspaceFolder.js";
import { type WorkspaceRecord, WorkspaceRecords } from "../../content/workspaceRecords.js";
import { Git } from "../../process/git.js";
import type { Command } from "../../session/commands.js";
import { isEnded, type Session, type Workspace } from "../../session/state.js";
import type { Committed } from "../ledger.js";
import type { SupervisorLog } from "../options.js";
import type { Registry } from "../registry.js";
import { makeWorkspace, type WorkspaceAsk } from "./makeWorkspace.js";
import { stoppedMeanwhile, workspaceRefusal } from "./refusal.js";
import { type Released, releaseWorkspace, undoWorkspace } from "./releaseWorkspace.js";

interface WorkspacesParts {
  readonly dataDir: string;
  /** Whether the data folder goes with the daemon: then no workspace lies in it. */
  readonly isTemporary: boolean;
  readonly registry: Pick<Registry, "committedSessions">;
  readonly record: (command: Command) => Promise<unknown>;
  readonly log: SupervisorLog;
}

/** How long git may take: a large repository is checked out in it. */
const GIT_TIMEOUT_MS = 120_000;

/** The folders and git worktrees that sessions have of their own: made before them, and let go when they go. */
export class Workspaces {
  readonly #parts: WorkspacesParts;
  readonly #records: WorkspaceRecords;
  readonly #git: Git;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  /** By their tokens: those that are being released. */
  readonly #releasing = new Set<string>();
  #swept: Promise<unknown> = Promise.resolve();

  constructor(parts: WorkspacesParts) {
    this.#parts = parts;
    this.#records = new WorkspaceRecords(join(parts.dataDir, "workspaces"));
    this.#git = new Git({ timeoutMs: GIT_TIMEOUT_MS, signal: this.#closing.signal });
  }

  /** Resolves when everything that was under way has come to its end. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /**
   * Makes the workspace for a session that is still to be.
   *
   * @throws RefusalError `workspace_failed`; nothing is left of it then
   */
  make(sessionId: string, ask: WorkspaceAsk, workingDirectory: string | undefined): Promise<Workspace> {
    return this.#during(this.#make(sessionId, ask, workingDirectory));
  }

  /** The session that it was made for was refused. Never rejects: what fails is left to the next start. */
  discard(sessionId: string, { token, path }: Workspace): Promise<void> {
    const undo = async (): Promise<void> => {
      const record = await this.#records.read({ sessionId, token });
      if (record !== undefined) this.#tell(sessionId, path, await undoWorkspace(this.#tools, record, "sure"));
    };
    return this.#attempt(sessionId, path, undo);
  }

  /** The session that it was made for is there. */
  used(sessionId: string, { token, path }: Workspace): void {
    void this.#attempt(sessionId, path, async () => {
      const record = await this.#records.read({ sessionId, token });
      if (record?.stage === "made") await this.#records.write({ ...record, stage: "used" });
    });
  }

  /** A record has become durable: lets go of what its sessions let go of. */
  note({ changes }: Committed): void {
    for (const session of changes.removed) this.#releaseOf(session, false);
    for (const { value } of changes.sessions)
      if (value !== undefined && isDue(value)) this.#releaseOf(value, true);
  }

  /**
   * Begins to bring to its end, in the background, what an earlier daemon left: what was made for sessions that never
   * were, what those have let go of that ended or were deleted.
   */
  async begin(): Promise<void> {
    const records = await this.#records.list().catch((err: unknown) => {
      this.#parts.log.warn({ err }, "The records of workspaces could not be looked at");
      return [];
    });
    const due = [...this.#parts.registry.committedSessions.values()].filter((session) => isDue(session));
    this.#swept = this.#during(this.#sweep(records));
    for (const session of due) this.#releaseOf(session, true);
  }

  /** Stops what is under way; the next start goes on with it. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the daemon is stopping"));
    await this.settled();
  }

  get #tools(): { readonly records: WorkspaceRecords; readonly git: Git } {
    return { records: this.#records, git: this.#git };
  }

  async #make(
    sessionId: string,
    ask: WorkspaceAsk,
    workingDirectory: string | undefined,
  ): Promise<Workspace> {
    const { dataDir, isTemporary } = this.#parts;
    await this.#swept;
    try {
      if (isTemporary && ask.path === undefined)
        throw new WorkspaceFolderError(
          "this daemon keeps nothing, so workspace.path has to say where it is to lie",
        );
      return await makeWorkspace({ ...this.#tools, dataDir }, sessionId, ask, workingDirectory);
    } catch (error) {
      throw this.#closing.signal.aborted
        ? stoppedMeanwhile(sessionId)
        : workspaceRefusal(sessionId, ask, error);
    }
  }

  async #sweep(records: readonly WorkspaceRecord[]): Promise<void> {
    for (const record of records) {
      const { sessionId, token, path, stage, keep } = record;
      const session = this.#parts.registry.committedSessions.get(sessionId);
      if (session?.workspace?.token === token) this.used(sessionId, session.workspace);
      else if (stage !== "used")
        await this.#attempt(sessionId, path, async () =>
          this.#tell(sessionId, path, await undoWorkspace(this.#tools, record, "left")),
        );
      // Its session may have been deleted, or be one of a state that was moved aside: then nothing may be lost.
      else await this.#release(sessionId, path, token, keep === "never" ? "if_dirty" : keep);
    }
  }

  #releaseOf(session: Session, isReported: boolean): void {
    const { sessionId, workspace } = session;
    if (workspace === undefined || workspace.released !== undefined) return;
    const { token, path, keep } = workspace;
    if (this.#releasing.has(token)) return;
    this.#releasing.add(token);
    const work = async (): Promise<void> => {
      const released = await this.#release(sessionId, path, token, keep);
      const isThere = this.#parts.registry.committedSessions.get(sessionId)?.workspace?.token === token;
      if (isReported && isThere && released !== undefined)
        await this.#parts.record({ type: "workspace/release", sessionId, ...released });
    };
    void this.#attempt(sessionId, path, work).finally(() => this.#releasing.delete(token));
  }

  /** Answers what became of it; undefined where that has to be tried again. */
  async #release(
    sessionId: string,
    path: string,
    token: string,
    keep: Workspace["keep"],
  ): Promise<Released | undefined> {
    let released: Released | undefined;
    await this.#attempt(sessionId, path, async () => {
      const record = await this.#records.read({ sessionId, token });
      released =
        record === undefined
          ? { outcome: "kept", reason: "there is no record of what was made" }
          : await releaseWorkspace(this.#tools, record, keep);
      this.#tell(sessionId, path, released);
    });
    return released;
  }

  #tell(sessionId: string, path: string, { outcome, reason }: Released): void {
    const message = outcome === "removed" ? "A workspace was removed" : "A workspace stays where it is";
    this.#parts.log.info({ event: `workspace.${outcome}`, sessionId, path, reason }, message);
  }

  /** Does something that may be tried again by the next start: a failure is told, and nothing else. */
  #attempt(sessionId: string, path: string, work: () => Promise<void>): Promise<void> {
    return this.#during(
      work().catch((err: unknown) => {
        if (this.#closing.signal.aborted) return;
        const message = "A workspace could not be let go of; the next start tries again";
        this.#parts.log.warn({ err, event: "workspace.left", sessionId, path }, message);
      }),
    );
  }

  #during<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const forget = (): void => void this.#underWay.delete(work);
    work.then(forget, forget);
    return work;
  }
}

/** Whether a session that is still there has let go of its workspace: it ended, and wants nothing kept. */
function isDue({ workspace, status, commands }: Session): boolean {
  if (workspace === undefined || workspace.released !== undefined) return false;
  return workspace.keep === "never" && isEnded(status) && commands.running === 0;
}
