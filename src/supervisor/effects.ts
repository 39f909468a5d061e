import type { SessionEvent, Stamp } from "../session/events.js";
import type { Session } from "../session/state.js";
import { isEnded } from "../session/state.js";
import type { Archiver } from "./archiver.js";
import type { Beats } from "./beats.js";
import type { Bodies } from "./bodies.js";
import { bodyOf } from "./bodyOf.js";
import type { Checkpoints } from "./checkpoints.js";
import type { ContentHold } from "./contentHold.js";
import type { Committed } from "./ledger.js";
import { type InvocationLinks, linkOf } from "./invocationLinks.js";
import { logEvent } from "./logEvent.js";
import type { SupervisorLog, SupervisorOptions } from "./options.js";
import type { Placements } from "./placements.js";
import type { Runner } from "./runner.js";

interface EffectParts {
  readonly beats: Beats;
  readonly bodies: Bodies;
  readonly links: InvocationLinks;
  readonly checkpoints: Checkpoints;
  readonly hold: Pick<ContentHold, "removal">;
  readonly archiver: Archiver;
  readonly placements: Pick<Placements, "place">;
  readonly runner: Runner;
  readonly log: SupervisorLog;
  readonly sessionLog: SupervisorOptions["sessionLog"];
  readonly sessionLogs?: SupervisorOptions["sessionLogs"];
}

/** What follows from a record that has become durable, outside of the state. A replay runs none of it. */
export class Effects {
  readonly #parts: EffectParts;
  readonly #listeners: ((session: Session) => void)[] = [];
  readonly #recordListeners: ((committed: Committed) => void)[] = [];

  constructor(parts: EffectParts) {
    this.#parts = parts;
  }

  /** Calls back with every session that a durable event changed. */
  onSession(listener: (session: Session) => void): void {
    this.#listeners.push(listener);
  }

  /** Calls back with every record that has become durable. */
  onCommitted(listener: (committed: Committed) => void): void {
    this.#recordListeners.push(listener);
  }

  run(committed: Committed): void {
    const { events, stamp, changes } = committed;
    let seq = stamp.seq - events.length;
    for (const event of events) {
      seq += 1;
      if (event.sessionId === undefined) continue;
      this.#parts.placements.place(event, seq);
      this.#one(event, events.length === 1 ? stamp : { ...stamp, seq }, committed);
    }
    this.#parts.runner.effects(committed);
    for (const listener of this.#recordListeners) listener(committed);
    for (const session of changes.removed) {
      this.#removeContent(session);
      this.#parts.checkpoints.dropAll(session);
      this.#removeLog(session);
    }
    for (const { value } of changes.sessions) {
      if (value === undefined) continue;
      for (const listener of this.#listeners) listener(value);
    }
  }

  #one(event: SessionEvent, stamp: Stamp, { changes }: Committed): void {
    const { archiver, beats, bodies, checkpoints, links, sessionLog, sessionLogs } = this.#parts;
    const { sessionId } = event;
    const session = changes.sessions.find(({ slot }) => slot.key === sessionId)?.value;
    const isBegun = event.type === "session/resumed" || event.type === "checkpoint/restored";
    if (isBegun || session === undefined || isEnded(session.status)) beats.forget(sessionId);
    // What was beaten under another limit, or under none, says nothing about this one.
    else if (event.type === "session/updated" && (event.data.config?.heartbeatTimeoutMs ?? 0) > 0)
      beats.expect(sessionId);
    const body = bodyOf(event, stamp);
    if (body !== undefined && session !== undefined) {
      bodies.add(session, body, stamp.up);
      void bodies.saveIfFull();
    }
    const link = linkOf(event, session);
    if (link !== undefined) links.add(link);
    if (session !== undefined) checkpoints.follow(session, event);
    void checkpoints.saveIfFull();
    const logged = session ?? changes.removed.find((removed) => removed.sessionId === sessionId);
    if (logged !== undefined) logEvent(sessionLog, logged, event);
    if (session === undefined) return;
    if (event.type === "session/archived") void sessionLogs?.archive(session);
    const isShelved = event.type === "session/archived" || event.type === "session/unarchived";
    const cameArchived = event.type === "session/imported" && session.archivedAt !== undefined;
    if (isShelved || cameArchived) archiver.note(session);
  }

  /** As a removal like the others: no snapshot passes over the deletion until it is done. */
  #removeLog(session: Session): void {
    const { hold, sessionLogs } = this.#parts;
    if (sessionLogs !== undefined) void hold.removal(() => sessionLogs.remove(session));
  }

  #removeContent(session: Session): void {
    const { archiver, bodies } = this.#parts;
    bodies.remove(session, archiver.forget(session)).catch((err: unknown) => {
      const { sessionId } = session;
      this.#parts.log.warn({ err, sessionId }, "The content of a deleted session cannot be removed");
    });
  }
}
