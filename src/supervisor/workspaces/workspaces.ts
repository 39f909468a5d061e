import { join } from "node:path";

import { WorkspaceFolderError } from "../../content/workspaceFolder.js";
import { type WorkspaceRecord, WorkspaceRecords } from "../../content/workspaceRecords.js";
import { Git } from "../../process/git.js";
import type { Command } from "../../session/commands.js";
import type { Session, Workspace } from "../../session/state.js";
import type { Committed } from "../ledger.js";
import type { SupervisorLog } from "../options.js";
import { FewAtOnce } from "../fewAtOnce.js";
import type { Registry } from "../registry.js";
import { Serial } from "../../serial.js";
import { Background } from "./background.js";
import { makeWorkspace, type WorkspaceAsk } from "./makeWorkspace.js";
import { stoppedMeanwhile, workspaceRefusal } from "./refusal.js";
import { isDue, type Released, releaseUnknown, releaseWorkspace, undoWorkspace } from "./releaseWorkspace.js";
import { workspaceBytes } from "./workspaceBytes.js";

interface WorkspacesParts {
  readonly dataDir: string;
  /** Whether the data folder goes with the daemon: then no workspace lies in it. */
  readonly isTemporary: boolean;
  readonly registry: Pick<Registry, "committedSessions">;
  readonly record: (command: Command) => Promise<unknown>;
  readonly log: SupervisorLog;
}

/** Which workspace something is told of. */
type About = Pick<WorkspaceRecord, "sessionId" | "path">;

/** How long git may take: a large repository is checked out in it. */
const GIT_TIMEOUT_MS = 120_000;
/** How many are made at a time: each is a checkout of its own, and the disk has to be free for the journal too. */
const MADE_AT_ONCE = 4;

/** The folders and git worktrees that sessions have of their own: made before them, and let go when they go. */
export class Workspaces {
  readonly #parts: WorkspacesParts;
  readonly #records: WorkspaceRecords;
  readonly #git: Git;
  readonly #background = new Background();
  readonly #making = new FewAtOnce(MADE_AT_ONCE);
  /** One at a time: many sessions may be deleted at once, and git is no small program. */
  readonly #releases = new Serial();
  /** By their tokens: those that are being released. */
  readonly #releasing = new Set<string>();
  #swept: Promise<unknown> = Promise.resolve();

  constructor(parts: WorkspacesParts) {
    this.#parts = parts;
    this.#records = new WorkspaceRecords(join(parts.dataDir, "workspaces"));
    this.#git = new Git({ timeoutMs: GIT_TIMEOUT_MS, signal: this.#background.signal });
  }

  /**
   * Makes the workspace for a session that is still to be; where many are asked for, when its turn has come.
   *
   * @throws RefusalError `workspace_failed`; nothing is left of it then
   */
  make(sessionId: string, ask: WorkspaceAsk, workingDirectory: string | undefined): Promise<Workspace> {
    return this.#background.during(this.#making.run(() => this.#make(sessionId, ask, workingDirectory)));
  }

  /** The session that it was made for was refused. Never rejects: what fails is left to the next start. */
  discard(sessionId: string, { token, path }: Workspace): Promise<void> {
    const undo = async (): Promise<void> => {
      const record = await this.#records.read({ sessionId, token });
      if (record !== undefined) this.#tell(record, await undoWorkspace(this.#tools, record, "sure"));
    };
    return this.#attempt({ sessionId, path }, undo);
  }

  /** The session that it was made for is there. */
  used(sessionId: string, { token, path }: Workspace): void {
    void this.#attempt({ sessionId, path }, async () => {
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
    const { committedSessions } = this.#parts.registry;
    // Told apart before anything else can happen to these sessions.
    const orphans = records.filter(({ sessionId, token, stage }) => {
      const workspace = committedSessions.get(sessionId)?.workspace;
      if (workspace?.token !== token) return true;
      if (stage !== "used") this.used(sessionId, workspace);
      return false;
    });
    this.#swept = this.#background.during(this.#sweep(orphans));
    for (const session of committedSessions.values()) if (isDue(session)) this.#releaseOf(session, true);
  }

  /** Bytes of the folder that a session that has ended takes with it; 0 where it would stay, or where nobody can tell. */
  heldBytes(session: Session): Promise<number> {
    return workspaceBytes(this.#tools, session).catch(() => 0);
  }

  /** Stops what is under way; the next start goes on with it. */
  close(): Promise<void> {
    return this.#background.close();
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
      this.#background.signal.throwIfAborted();
      if (isTemporary && ask.path === undefined)
        throw new WorkspaceFolderError(
          "this daemon keeps nothing, so workspace.path has to say where it is to lie",
        );
      return await makeWorkspace({ ...this.#tools, dataDir }, sessionId, ask, workingDirectory);
    } catch (error) {
      throw this.#background.signal.aborted
        ? stoppedMeanwhile(sessionId)
        : workspaceRefusal(sessionId, ask, error);
    }
  }

  /** Takes away what no session has: what was made for none, and what one had that is gone. */
  async #sweep(orphans: readonly WorkspaceRecord[]): Promise<void> {
    for (const record of orphans) {
      const { sessionId, path, token, stage, keep } = record;
      // It may have been deleted, or be one of a state that was moved aside: then nothing may be lost.
      if (stage === "used")
        await this.#release(sessionId, { path, token, keep: keep === "never" ? "if_dirty" : keep });
      else
        await this.#attempt(record, async () =>
          this.#tell(record, await undoWorkspace(this.#tools, record, "left")),
        );
    }
  }

  #releaseOf({ sessionId, workspace }: Session, isReported: boolean): void {
    if (workspace === undefined || workspace.released !== undefined) return;
    const { token } = workspace;
    if (this.#releasing.has(token)) return;
    this.#releasing.add(token);
    const { record, registry } = this.#parts;
    const work = async (): Promise<void> => {
      const released = await this.#release(sessionId, workspace);
      const isThere = registry.committedSessions.get(sessionId)?.workspace?.token === token;
      if (isReported && isThere && released !== undefined)
        await record({ type: "workspace/release", sessionId, ...released });
    };
    const done = this.#attempt({ sessionId, path: workspace.path }, work);
    void done.finally(() => this.#releasing.delete(token));
  }

  /** Answers what became of it; undefined where that has to be tried again. */
  async #release(
    sessionId: string,
    { path, token, keep }: Pick<Workspace, "path" | "token" | "keep">,
  ): Promise<Released | undefined> {
    const about = { sessionId, path };
    let released: Released | undefined;
    await this.#attempt(about, () =>
      this.#releases.run(async () => {
        const record = await this.#records.read({ sessionId, token });
        released = await (record === undefined
          ? releaseUnknown(path)
          : releaseWorkspace(this.#tools, record, keep));
        this.#tell(about, released);
      }),
    );
    return released;
  }

  #tell({ sessionId, path }: About, { outcome, reason }: Released): void {
    const message = outcome === "removed" ? "A workspace was removed" : "A workspace stays where it is";
    this.#parts.log.info({ event: `workspace.${outcome}`, sessionId, path, reason }, message);
  }

  #attempt({ sessionId, path }: About, work: () => Promise<void>): Promise<void> {
    return this.#background.attempt(work, (err) => {
      const message = "A workspace could not be let go of; the next start tries again";
      this.#parts.log.warn({ err, event: "workspace.left", sessionId, path }, message);
    });
  }
}
