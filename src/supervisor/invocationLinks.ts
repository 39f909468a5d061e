import { linkInvocation } from "../content/invocationLink.js";
import { removeContent } from "../content/outputFolder.js";
import type { FolderOwner } from "../content/places.js";
import type { Event } from "../session/events.js";
import type { Session } from "../session/state.js";
import type { ContentHold } from "./contentHold.js";
import type { CommittedView } from "./layered.js";
import type { SupervisorLog } from "./options.js";
import { Serial } from "../serial.js";

interface LinkParts {
  readonly contentDir: string;
  readonly hold: ContentHold;
  /** Sessions as they are durable. */
  readonly sessions: CommittedView<Session>;
  readonly log: Pick<SupervisorLog, "warn">;
}

/** A link that an event asks for. */
export interface WantedLink {
  readonly owner: FolderOwner;
  readonly invocationId: string;
  readonly path: string;
}

/** The link that a durable event asks for, if any. */
export function linkOf(event: Event, session: FolderOwner | undefined): WantedLink | undefined {
  if (event.type !== "invocation/started" && event.type !== "invocation/linked") return undefined;
  const { invocationId, path } = event.data;
  if (path === undefined || session === undefined) return undefined;
  const { sessionId, createdSeq } = session;
  return { owner: { sessionId, createdSeq }, invocationId, path };
}

/**
 * The links from the folders of sessions to those of tools, made one by one behind the answers: the path is in the
 * journal, so a link that fails is told to the log and fails nothing else.
 */
export class InvocationLinks {
  readonly #parts: LinkParts;
  readonly #row = new Serial();
  #waiting = 0;
  #isClosing = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** Whether links are still to be made: what asks for them has to stay in the journal behind the last snapshot. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  /** Makes a link, after those that were asked for before. One that is there already is made anew. */
  add(link: WantedLink): void {
    this.#waiting += 1;
    void this.#row.run(() => this.#make(link)).finally(() => (this.#waiting -= 1));
  }

  /** Makes no further link, since the next start makes them; resolves when none is under way. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#row.run(() => Promise.resolve());
  }

  async #make({ owner, invocationId, path }: WantedLink): Promise<void> {
    const { contentDir, hold, log } = this.#parts;
    if (this.#isClosing) hold.leave();
    if (this.#isClosing || this.#isGone(owner)) return;
    try {
      await linkInvocation(contentDir, owner, invocationId, path);
      // Deleted meanwhile, the session has lost its folder already, and has it again.
      if (this.#isGone(owner)) await hold.removal(() => removeContent(contentDir, owner));
    } catch (err) {
      const { sessionId } = owner;
      log.warn({ err, sessionId, invocationId }, "The link to the folder of an invocation cannot be made");
    }
  }

  #isGone({ sessionId, createdSeq }: FolderOwner): boolean {
    return this.#parts.sessions.get(sessionId)?.createdSeq !== createdSeq;
  }
}
