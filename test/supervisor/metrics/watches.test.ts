import { EventEmitter } from "node:events";

import { describe, expect, it } from "vitest";

import type { MakeWatcher } from "../../../src/sampling/fileWatch.js";
import type { Session } from "../../../src/session/state.js";
import { Watches } from "../../../src/supervisor/metrics/watches.js";

class Watcher extends EventEmitter {
  isClosed = false;
  readonly path: string;
  readonly ignored: Parameters<MakeWatcher>[1];
  constructor(path: string, ignored: Parameters<MakeWatcher>[1]) {
    super();
    this.path = path;
    this.ignored = ignored;
  }
  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

const session = (more: Partial<Session> = {}): Session =>
  ({
    sessionId: "s",
    createdSeq: 1,
    status: "active",
    workingDirectory: "/w",
    config: { metrics: { watchFiles: true } },
    ...more,
  }) as Session;

function opened(most?: number) {
  const made: Watcher[] = [];
  const changes: string[] = [];
  const warnings: object[] = [];
  const watches = new Watches({
    onChange: (of, change) => changes.push(`${of.sessionId} ${of.name ?? ""} ${change}`),
    log: { warn: (fields) => warnings.push(fields) },
    make: (path, ignored) => {
      const watcher = new Watcher(path, ignored);
      made.push(watcher);
      return watcher as never;
    },
    ...(most === undefined ? {} : { most }),
  });
  return { watches, made, changes, warnings };
}

describe("the folders of sessions that are watched", () => {
  it("are those of sessions that ask for it, as long as they are alive and stay there", () => {
    const { watches, made, changes } = opened();
    watches.follow(session({ config: {} as Session["config"] }));
    watches.follow(session({ workingDirectory: undefined }));
    expect(made).toHaveLength(0);
    watches.follow(session());
    watches.follow(session({ name: "new" }));
    expect(made.map(({ path }) => path)).toEqual(["/w"]);
    made[0]?.emit("add", "/w/a");
    expect(changes).toEqual(["s new created"]);
    watches.follow(session({ workingDirectory: "/v" }));
    expect(made.map(({ path, isClosed }) => [path, isClosed])).toEqual([
      ["/w", true],
      ["/v", false],
    ]);
    watches.follow(session({ workingDirectory: "/v", status: "completed" }));
    expect(made[1]?.isClosed).toBe(true);
    made[1]?.emit("add", "/v/a");
    expect(changes).toHaveLength(1);
    expect(watches.stateOf("s")).toBeUndefined();
  });

  it("are watched anew for another session of the same id, and not for one that is gone", async () => {
    const { watches, made } = opened();
    watches.follow(session());
    watches.follow(session({ createdSeq: 2 }));
    expect(made.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    watches.forget("s");
    expect(made[1]?.isClosed).toBe(true);
    watches.follow(session({ createdSeq: 3 }));
    await watches.close();
    expect(made[2]?.isClosed).toBe(true);
  });

  it("share what the system has for all, and a failure is said with the session", () => {
    const { watches, made, warnings } = opened(3);
    watches.follow(session());
    for (const name of ["a", "b"]) made[0]?.ignored(`/w/${name}`);
    watches.follow(session({ sessionId: "t", workingDirectory: "/v" }));
    expect([made[1]?.ignored("/v/a"), made[1]?.ignored("/v/b")]).toEqual([false, true]);
    expect(watches.stateOf("t")).toEqual({ state: "partial" });
    made[0]?.emit("error", Object.assign(new Error("x"), { code: "ENOSPC" }));
    expect(warnings).toMatchObject([
      { sessionId: "t", state: "partial" },
      { sessionId: "s", state: "failed", detail: "ENOSPC" },
    ]);
  });
});
