import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { LIMITS } from "../../src/protocol/limits.js";
import type { Session } from "../../src/session/state.js";
import type { ActivityBody } from "../../src/supervisor/bodyOf.js";
import type { BodyPage, PageOptions } from "../../src/supervisor/bodyPage.js";
import { exportSession } from "../../src/supervisor/exportSession.js";
import { sessionInFile } from "../../src/supervisor/files/sessionShape.js";
import { Transfers } from "../../src/supervisor/transfers.js";
import { session as sample } from "../session/samples.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();

type Item = BodyPage<ActivityBody>["items"][number];

const body = (seq: number): ActivityBody => ({ seq, at: seq * 1_000, action: `a${seq}`, details: { seq } });
const bodies = (count: number): ActivityBody[] =>
  Array.from({ length: count }, (_, index) => body(index + 1));

let folder: string;
let path: string;
let asked: Parameters<typeof exportSession>[1];
beforeEach(async () => {
  folder = await newFolder();
  await mkdir(join(folder, "data"));
  path = join(folder, "file.json");
  asked = { sessionId: "s", path, includeSecrets: false };
});

/** What an export reads: one session with these items, of which `activities` were counted. */
function sourceOf(items: readonly Item[], activities: number, onRead: (pages: number) => void = () => {}) {
  const state: { session: Session; asked: PageOptions[] } = {
    session: sample({ sessionId: "s", createdSeq: 1, activities }),
    asked: [],
  };
  const read = (_: Session, __: "activities", options: PageOptions): Promise<BodyPage<ActivityBody>> => {
    state.asked.push(options);
    // Where the row is a list, an offset in it is as good as one in a file.
    const from = options.cursor?.offset ?? 0;
    const to = from + options.limit;
    const next = to < items.length ? { seq: to, offset: to } : undefined;
    onRead(state.asked.length);
    return Promise.resolve({ items: items.slice(from, to), next });
  };
  const source = {
    session: () => state.session,
    bodies: { read },
    journal: { committed: 1_000_000 },
    transfers: new Transfers(),
    dataDir: join(folder, "data"),
  };
  return { source: source as unknown as Parameters<typeof exportSession>[0], state };
}

interface File {
  readonly activity_log: readonly { readonly action: string; readonly timestamp: string }[];
}

const exported = async (): Promise<File> => JSON.parse(await readFile(path, "utf8")) as File;

describe("exportSession", () => {
  it.each([0, 1, 2_500])("writes all of %i activities, oldest first, page by page", async (count) => {
    const { source, state } = sourceOf(bodies(count), count);
    const result = await exportSession(source, asked);
    const text = await readFile(path, "utf8");
    expect(result).toEqual({
      path,
      sizeBytes: Buffer.byteLength(text),
      activities: count,
      messages: 0,
      damaged: 0,
    });
    const { activity_log: log, ...rest } = await exported();
    expect(rest).toEqual(JSON.parse(JSON.stringify(sessionInFile(state.session))));
    expect(log.map(({ action }) => action)).toEqual(bodies(count).map(({ action }) => action));
    expect(state.asked.every(({ order, limit }) => order === "oldest" && limit === LIMITS.pageItems)).toBe(
      true,
    );
    expect(state.asked.length).toBe(Math.ceil(count / LIMITS.pageItems));
  });

  it("leaves out what is damaged, and counts it, also where a page has nothing else", async () => {
    const damaged: Item[] = Array.from({ length: 1_000 }, (_, offset) => ({ damaged: true, offset }));
    const { source } = sourceOf([...damaged, body(1_001), { damaged: true, offset: 9 }, body(1_003)], 1_003);
    expect(await exportSession(source, asked)).toMatchObject({ activities: 2, damaged: 1_001 });
    expect((await exported()).activity_log.map(({ action }) => action)).toEqual(["a1001", "a1003"]);
  });

  it("counts what is gone without a trace", async () => {
    const { source } = sourceOf([], 7);
    expect(await exportSession(source, asked)).toMatchObject({ activities: 0, damaged: 7 });
    expect((await exported()).activity_log).toEqual([]);
  });

  it("ends where the session was when it was asked for", async () => {
    const { source, state } = sourceOf(bodies(3_000), 1_500);
    Object.assign(source.journal, { committed: 1_500 });
    expect(await exportSession(source, asked)).toMatchObject({ activities: 1_500, damaged: 0 });
    expect(state.asked.length).toBe(2);
  });

  it("refuses a session that is deleted meanwhile, and leaves nothing", async () => {
    const { source, state } = sourceOf(bodies(2_500), 2_500, (pages) => {
      if (pages === 2) state.session = sample({ sessionId: "s", createdSeq: 99 });
    });
    await expect(exportSession(source, asked)).rejects.toMatchObject({
      refusal: { type: "session_not_found" },
    });
    expect(await readdir(folder)).toEqual(["data"]);
  });

  it("says what is the matter with the path", async () => {
    const { source } = sourceOf([], 0);
    await expect(
      exportSession(source, { ...asked, path: join(folder, "data", "file") }),
    ).rejects.toMatchObject({
      refusal: { type: "invalid_params", message: expect.stringContaining("lies in the data folder") },
    });
  });
});
