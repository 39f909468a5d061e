import type { FolderOwner } from "../content/places.js";
import { openJournal, openMemoryJournal, type Journal, type StoredRecord } from "../journal/index.js";
import type { Event } from "../session/events.js";
import type { Session } from "../session/state.js";
import type { Bodies } from "./bodies.js";
import type { Checkpoints } from "./checkpoints.js";
import { bodyOf } from "./bodyOf.js";
import { linkOf, type WantedLink } from "./invocationLinks.js";
import type { KeyEntry, Keys } from "./keys.js";
import type { Placements } from "./placements.js";
import { recordText } from "./recordText.js";
import type { Registry } from "./registry.js";
import { restoreEntry } from "./snapshot.js";
import type { SupervisorOptions } from "./options.js";

/** What a recovery brings back. */
export interface Recoverable {
  readonly registry: Registry;
  readonly keys: Keys;
  readonly bodies: Bodies;
  readonly checkpoints: Checkpoints;
  readonly placements: Placements;
}

/** What a start found. */
export interface Recovery {
  readonly records: number;
  /** Commands of earlier daemons that this one goes on with. */
  readonly adoptedCommands: number;
  readonly lostCommands: number;
  readonly durationMs: number;
}

/** What a replay went through. */
interface Recovered {
  readonly journal: Journal;
  readonly records: number;
  /** Sessions that it saw deleted: the earlier daemon may have ended before it removed what they kept. */
  readonly deleted: readonly FolderOwner[];
  /** Sessions that it saw leave the archive: what they keep may still be compressed. */
  readonly unarchived: readonly FolderOwner[];
  /** Links of invocations that the earlier daemon may not have come to. */
  readonly links: readonly WantedLink[];
}

/** What a replay collects on its way. */
interface Found {
  readonly deleted: FolderOwner[];
  readonly unarchived: FolderOwner[];
  readonly links: WantedLink[];
}

/** Opens the journal and brings the state up to it. Replay runs `evolve` alone: no effect runs twice. */
export async function recover(options: SupervisorOptions, state: Recoverable): Promise<Recovered> {
  const { log, clock, onFatal } = options;
  const callbacks = {
    onFailure: (err: Error): void => {
      state.registry.rollback();
      log.error({ err, event: "journal.full" }, "The journal takes no writes; reads go on");
    },
    onFatal,
  };
  if (options.journal === undefined)
    return { journal: openMemoryJournal(), records: 0, deleted: [], unarchived: [], links: [] };
  let records = 0;
  const found: Found = { deleted: [], unarchived: [], links: [] };
  const journal = await openJournal({
    ...options.journal,
    ...callbacks,
    contentText: ({ key, events }) => recordText(key as KeyEntry | undefined, events as readonly Event[]),
    restore: (entry) => {
      // The file with the up-time may be older than the snapshot, and a session's time must not lie ahead of the clock.
      const { session } = entry as { readonly session?: Session };
      if (session !== undefined) clock.advanceTo(session.lastActivityUp);
      restoreEntry(state, entry, clock.upMs());
    },
    replay: (record) => {
      records += 1;
      clock.advanceTo(record.up);
      return replay(state, record, found);
    },
    onTorn: (notice) => log.warn({ notice, event: "journal.set_aside" }, notice.reason),
  });
  await state.placements.begin();
  return { journal, records, ...found };
}

function replay(
  { registry, keys, bodies, checkpoints, placements }: Recoverable,
  record: StoredRecord,
  found: Found,
): void | Promise<void> {
  const { seq, at, up } = record;
  const events = record.events as readonly Event[];
  const changes = registry.apply(events, { seq, at, up });
  registry.commit(changes);
  if (record.key !== undefined) {
    const { k, m, d, a } = record.key as KeyEntry;
    keys.restore({ k, m, d, a, seq, at });
  }
  let eventSeq = seq - events.length;
  for (const event of events) {
    eventSeq += 1;
    placements.place(event, eventSeq);
    const session = event.sessionId === undefined ? undefined : registry.session(event.sessionId);
    const body = bodyOf(event, { seq: eventSeq, at });
    if (body !== undefined && session !== undefined) bodies.add(session, body, up);
    if (session !== undefined) checkpoints.follow(session, event);
    const link = linkOf(event, session);
    if (link !== undefined) found.links.push(link);
    if (event.type === "session/unarchived" && session !== undefined) found.unarchived.push(ownerOf(session));
  }
  for (const session of changes.removed) {
    bodies.forget(session);
    checkpoints.dropAll(session);
    found.deleted.push(ownerOf(session));
  }
  return bodies.saveIfFull() ?? checkpoints.saveIfFull();
}

/** The session by its name on disk alone, so that nothing else of it is held in memory. */
function ownerOf({ sessionId, createdSeq }: FolderOwner): FolderOwner {
  return { sessionId, createdSeq };
}
