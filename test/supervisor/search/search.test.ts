import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { FileBodies } from "../../../src/content/fileBodies.js";
import type { SearchQuery } from "../../../src/search/messages.js";
import type { Session } from "../../../src/session/state.js";
import { Bodies } from "../../../src/supervisor/bodies.js";
import type { Changes } from "../../../src/supervisor/changes.js";
import { markedText } from "../../../src/supervisor/read/search.js";
import { Search, type SearchTimes } from "../../../src/supervisor/search/search.js";
import { temporaryFolders } from "../../disk/temporaryFolder.js";
import { session } from "../../session/samples.js";
import { until } from "../../support/until.js";

const newFolder = temporaryFolders();
/** Waits as long as it takes, on whatever machine. */
const PATIENT: SearchTimes = { patienceMs: 15_000 };
const QUERY: SearchQuery = {
  match: '"lemur"',
  kinds: ["message", "activity", "session"],
  order: "newest",
  limit: 1_000,
};

/** Sessions and what was said in them, as a supervisor has them, and its search. */
class World {
  readonly sessions = new Map<string, Session>();
  readonly said: string[] = [];
  readonly folder: string;
  bodies: Bodies;
  #seq = 0;

  private constructor(root: string) {
    this.folder = join(root, "search");
    this.bodies = new Bodies({ store: new FileBodies(join(root, "content")) });
  }

  static async open(): Promise<World> {
    return new World(await newFolder());
  }

  search(times: SearchTimes = PATIENT): Search {
    const note = (_: object, message: string): void => void this.said.push(message);
    const search = new Search(
      {
        folder: this.folder,
        sessions: this.sessions,
        bodies: this.bodies,
        log: { debug: note, info: note, warn: note, error: note },
      },
      times,
    );
    onTestFinished(() => search.close());
    return search;
  }

  create(sessionId: string, name?: string): void {
    this.#seq += 1;
    this.sessions.set(sessionId, session({ sessionId, createdSeq: this.#seq, name }));
  }

  say(sessionId: string, count: number): void {
    const owner = this.sessions.get(sessionId);
    if (owner === undefined) throw new Error("there is no such session");
    const { appended } = owner.conversation;
    for (let index = appended + 1; index <= appended + count; index++) {
      this.#seq += 1;
      const body = { seq: this.#seq, at: this.#seq, messageId: `m${index}`, index, content: "a lemur" };
      this.bodies.add(owner, { kind: "conversation", body: { ...body, role: "user" } }, 0);
    }
    const total = appended + count;
    this.sessions.set(sessionId, { ...owner, conversation: { count: total, appended: total, hidden: [] } });
  }

  delete(sessionId: string): Changes {
    const removed = this.sessions.get(sessionId);
    this.sessions.delete(sessionId);
    const none = { seq: this.#seq, sessions: [], executions: [], dropped: [] };
    return { ...none, removed: removed === undefined ? [] : [removed] };
  }
}

const placesIn = async (search: Search): Promise<(number | null)[]> => {
  const { hits, progress } = await search.find(QUERY);
  expect(progress).toBeUndefined();
  return hits.map(({ place }) => place);
};

describe("the search", () => {
  it("ends its thread after a while without a search, and begins anew with the next one", async () => {
    const world = await World.open();
    world.create("a");
    world.say("a", 2);
    const search = world.search({ ...PATIENT, idleMs: 10 });
    expect(search.isOpen).toBe(false);
    await search.find(QUERY);
    await until("the thread to end", () => !search.isOpen);
    world.say("a", 1);
    expect(await placesIn(search)).toEqual([3, 2, 1]);
  });

  it("answers what is there, and how far it is, where it would have to wait", async () => {
    const world = await World.open();
    for (let at = 0; at < 300; at++) world.create(`s${at}`, "lemur");
    world.create("a");
    world.say("a", 600);
    const search = world.search({ patienceMs: 0 });
    const { hits, progress } = await search.find(QUERY);
    expect(hits.length).toBeLessThan(900);
    expect(progress).toMatchObject({ total: 301 });
    const found = await until("the whole", async () => {
      const { hits, progress } = await search.find(QUERY);
      return progress === undefined && hits.length;
    });
    expect(found).toBe(900);
  });

  it("wakes up to forget a deleted session, and only where there is an index", async () => {
    const world = await World.open();
    world.create("a");
    world.create("b");
    world.say("b", 1);
    const asleep = world.search({ ...PATIENT, removalMs: 0 });
    asleep.note({ events: [], changes: world.delete("a") });
    expect(asleep.isOpen).toBe(false);
    expect(await placesIn(asleep)).toEqual([1]);
    await asleep.close();
    const search = world.search({ ...PATIENT, removalMs: 0 });
    search.note({ events: [], changes: world.delete("b") });
    await until("the thread", () => search.isOpen);
    expect(await placesIn(search)).toEqual([]);
  });

  it("follows a state that was put back", async () => {
    const world = await World.open();
    world.create("a");
    const before = world.sessions.get("a");
    world.say("a", 3);
    const search = world.search();
    expect(await placesIn(search)).toEqual([3, 2, 1]);
    await search.close();
    if (before !== undefined) world.sessions.set("a", before);
    world.bodies = new Bodies({ store: new FileBodies(join(world.folder, "..", "other")) });
    world.say("a", 1);
    expect(await placesIn(world.search())).toEqual([1]);
  });

  it("makes an index anew that shows its damage late", async () => {
    const world = await World.open();
    world.create("a", "lemur ".repeat(4_000));
    const first = world.search();
    await first.find(QUERY);
    await first.close();
    const file = join(world.folder, "index.db");
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0x5a, 3 * 4096));
    const search = world.search();
    expect((await search.find(QUERY)).hits).toHaveLength(1);
    expect(world.said).toEqual(["The search index is damaged, and is made anew"]);
  });

  it("refuses where it cannot be opened, and goes on when it can", async () => {
    const world = await World.open();
    world.create("a", "lemur");
    await mkdir(join(world.folder, "index.db"), { recursive: true, mode: 0o700 });
    const search = world.search();
    await expect(search.find(QUERY)).rejects.toMatchObject({ refusal: { type: "search_unavailable" } });
    await rm(world.folder, { recursive: true });
    expect((await search.find(QUERY)).hits).toHaveLength(1);
    await search.close();
    await expect(search.find(QUERY)).rejects.toMatchObject({ refusal: { type: "search_unavailable" } });
  });

  it("begins anew after a failure of the bodies", async () => {
    const world = await World.open();
    world.create("a");
    world.say("a", 1);
    const read = world.bodies.read.bind(world.bodies);
    world.bodies.read = () => Promise.reject(new Error("no"));
    const search = world.search();
    expect((await search.find(QUERY)).progress).toBeDefined();
    expect(world.said).toEqual(["The search index is not kept up to date; the next search begins anew"]);
    world.bodies.read = read;
    expect(await placesIn(search)).toEqual([1]);
  });
});

describe("a snippet", () => {
  it("is told apart from its marks", () => {
    expect(markedText("a \u0002lemur\u0003 and \u0002one\u0003")).toEqual({
      snippet: "a lemur and one",
      marks: [
        { from: 2, to: 7 },
        { from: 12, to: 15 },
      ],
    });
    expect(markedText("nothing")).toEqual({ snippet: "nothing", marks: [] });
  });
});
