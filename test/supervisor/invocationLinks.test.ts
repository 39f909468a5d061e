import { readdir, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { folderName, invocationLinkPath } from "../../src/content/places.js";
import type { Session } from "../../src/session/state.js";
import { ContentHold } from "../../src/supervisor/contentHold.js";
import { InvocationLinks, linkOf, type WantedLink } from "../../src/supervisor/invocationLinks.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { session } from "../session/samples.js";
import { until } from "../support/until.js";

const folder = temporaryFolders();
let contentDir: string;
let sessions: Map<string, Session>;
let warnings: object[];
let links: InvocationLinks;

beforeEach(async () => {
  contentDir = await folder();
  sessions = new Map([["s", session()]]);
  warnings = [];
  links = new InvocationLinks({
    contentDir,
    hold: new ContentHold(),
    sessions,
    log: { warn: (fields) => void warnings.push(fields) },
  });
});

const wanted = (changes: Partial<WantedLink> = {}): WantedLink => {
  return { owner: session(), invocationId: "i", path: "/nowhere", ...changes };
};
const settled = (): Promise<true> => until("the links to be made", () => !links.isBusy);

describe("the links of a session", () => {
  it("are made one after the other, and are there before it is idle again", async () => {
    links.add(wanted());
    links.add(wanted({ invocationId: "j", path: "/elsewhere" }));
    links.add(wanted({ path: "/later" }));
    expect(links.isBusy).toBe(true);
    await settled();
    expect(await readlink(invocationLinkPath(contentDir, session(), "i"))).toBe("/later");
    expect(await readlink(invocationLinkPath(contentDir, session(), "j"))).toBe("/elsewhere");
    expect(warnings).toEqual([]);
  });

  it("are not made for a session that is gone, or is another one by now", async () => {
    sessions.set("s", session({ createdSeq: 9 }));
    links.add(wanted());
    links.add(wanted({ owner: session({ sessionId: "t" }) }));
    await settled();
    expect(await readdir(contentDir)).toEqual([]);
  });

  it("bring no folder back where the session is deleted meanwhile", async () => {
    let looks = 0;
    // Gone at the second look, which comes when the link is there.
    sessions.get = () => (looks++ === 0 ? session() : undefined);
    links.add(wanted());
    await settled();
    expect(looks).toBe(2);
    expect(await readdir(contentDir)).toEqual([]);
  });

  it("fail alone, and are told to the log", async () => {
    await symlink("/nowhere", join(contentDir, folderName(session())));
    links.add(wanted());
    const other = session({ sessionId: "t" });
    sessions.set("t", other);
    links.add(wanted({ owner: other }));
    await settled();
    expect(warnings).toMatchObject([{ sessionId: "s", invocationId: "i" }]);
    expect(await readlink(invocationLinkPath(contentDir, other, "i"))).toBe("/nowhere");
  });

  it("are left to the next start once it closes", async () => {
    links.add(wanted());
    await links.close();
    links.add(wanted({ invocationId: "late" }));
    await settled();
    expect(await readdir(contentDir)).toEqual([]);
  });
});

describe("the link that an event asks for", () => {
  const data = { invocationId: "i", tool: "t", startedAt: 1, path: "/p" };

  it("is that of an invocation with a path", () => {
    const event = { type: "invocation/started", sessionId: "s", data } as const;
    const owner = { sessionId: "s", createdSeq: 1 };
    expect(linkOf(event, session())).toEqual({ owner, invocationId: "i", path: "/p" });
    expect(linkOf(event, undefined)).toBeUndefined();
    expect(linkOf({ ...event, data: { ...data, path: undefined } }, session())).toBeUndefined();
    expect(linkOf({ type: "session/touched", sessionId: "s", data: {} }, session())).toBeUndefined();
  });
});
