/**
 * Makes a data folder with a long journal in seconds: a daemon writes one record of each kind, and the journal's own
 * code writes as many like them as are asked for. So the records are what a daemon writes, whatever that is.
 *
 * usage: node makeFolder.mjs <data folder> <sessions to create> <records> <sessions that are there then>
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDaemon } from "sessiond";
import { openJournal } from "../../dist/src/journal/index.js";

/** Appends between two waits for the disk: what is under way stays small. */
const BATCH = 10_000;
/** Different keys in the metadata of one session. */
const KEYS = 16;

const dataDir = process.argv[2];
const [newSessions, records, sessions] = process.argv.slice(3).map(Number);
const [created, set] = await patterns();
const journal = await open(dataDir);
// Sessions of an hour ago: the keys of the calls that created them are forgotten.
await append(newSessions, (number) => like(created, sessionIdOf(number)));
await append(records, (number) => {
  const data = {
    key: `k${String(number % KEYS).padStart(2, "0")}`,
    value: `value-of-some-length-${1e9 + number}`,
  };
  return { ...like(set, sessionIdOf(number % sessions), data), key: { ...set.key, k: randomUUID() } };
});
await journal.close();

/** What a daemon writes when a session is created, and when its metadata is set. */
async function patterns() {
  const folder = await mkdtemp(join(tmpdir(), "sessiond-bench-pattern-"));
  try {
    const daemon = await openDaemon({ dataDir: folder });
    const client = await daemon.connect();
    const metadata = { branch: "main", state: "idle" };
    await client.session.create({
      sessionId: "pattern",
      name: "a session of the bench",
      tags: ["bench"],
      metadata,
    });
    await client.metadata.set({ sessionId: "pattern", key: "k00", value: "value-of-some-length-1000000000" });
    await client.close();
    await daemon.close();
    const written = await open(folder);
    const found = [];
    for await (const { at, up, key, events } of written.read(0)) found.push({ at, up, key, events });
    await written.close();
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same record for another session, without its key. */
function like({ at, up, events }, sessionId, data) {
  const changed = events.map((event) => ({ ...event, sessionId, ...(data === undefined ? {} : { data }) }));
  return { at, up, events: changed };
}

function sessionIdOf(number) {
  return `s${String(number).padStart(6, "0")}`;
}

async function append(count, bodyOf) {
  for (let number = 0; number < count; number++) {
    journal.append(bodyOf(number), refuse);
    if (number % BATCH === BATCH - 1 || number === count - 1) {
      await new Promise((resolve) => journal.whenDurable(resolve));
    }
  }
}

function open(folder) {
  return openJournal({
    journalDir: join(folder, "journal"),
    snapshotDir: join(folder, "snapshots"),
    restore: () => undefined,
    replay: () => undefined,
    onFailure: refuse,
    onFatal: refuse,
  });
}

function refuse(error) {
  if (error !== undefined) throw error;
}
