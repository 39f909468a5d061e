import { freemem, loadavg, totalmem } from "node:os";

import { SessiondError, type Client, type CommandShape, type SessionShape } from "../../../client/index.js";
import { firstItems } from "../firstItems.js";
import { rowOf, type Usage } from "./row.js";
import type { Look } from "./state.js";

/** Sessions that are looked at: more than anybody reads, and few enough to be asked for every two seconds. */
const MOST_ROWS = 500;
/** How long a session that has ended is still shown. */
const ENDED_SHOWN_MS = 10_000;
/** Commands of a session whose details are open. */
const MOST_COMMANDS = 100;

/** Looks at the daemon and the machine again and again, and remembers what has just ended. */
export class Source {
  readonly #client: Client;
  #known: ReadonlySet<string> = new Set();
  readonly #ended = new Map<string, { readonly session: SessionShape; readonly seenMs: number }>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** @param openId the session whose commands are wanted as well */
  async look(openId?: string): Promise<Look> {
    const client = this.#client;
    const [status, active, paused, running, usage, commands] = await Promise.all([
      client.daemon.status(),
      this.#sessions("active"),
      this.#sessions("paused"),
      client.command.list({ status: "running", limit: MOST_ROWS }),
      latestUsage(client),
      openId === undefined ? undefined : this.#commandsOf(openId),
    ]);
    const sessions = [...active.items, ...paused.items].slice(0, MOST_ROWS);
    await this.#noteEnded(new Set(sessions.map(({ sessionId }) => sessionId)));
    const newest = new Map<string, CommandShape>();
    for (const command of running.items.toReversed()) newest.set(command.sessionId, command);
    const all = [...sessions, ...[...this.#ended.values()].map(({ session }) => session)];
    const totalBytes = totalmem();
    return {
      atMs: Date.now(),
      rows: all.map((session) => rowOf(session, usage.get(session.sessionId), newest.get(session.sessionId))),
      total: active.total + paused.total,
      daemon: { version: status.version, uptimeMs: status.uptimeMs, memoryBytes: status.memory.rssBytes },
      machine: { load: loadavg(), usedBytes: totalBytes - freemem(), totalBytes },
      commands,
    };
  }

  #sessions(status: "active" | "paused"): Promise<{ items: SessionShape[]; total: number }> {
    return firstItems(MOST_ROWS, (page) => this.#client.session.list({ status, ...page }));
  }

  async #commandsOf(sessionId: string): Promise<readonly CommandShape[]> {
    return (await this.#client.command.list({ sessionId, limit: MOST_COMMANDS }).catch(noneIfGone)).items;
  }

  /** Those that are not there any more have ended: they are shown for a moment, with how they did. */
  async #noteEnded(present: ReadonlySet<string>): Promise<void> {
    const nowMs = performance.now();
    const left = [...this.#known].filter((sessionId) => !present.has(sessionId)).slice(0, MOST_COMMANDS);
    for (const sessionId of left) {
      const session = await this.#client.session.get({ sessionId }).catch(() => undefined);
      if (session?.endedAt !== undefined) this.#ended.set(sessionId, { session, seenMs: nowMs });
    }
    this.#known = present;
    for (const [sessionId, { seenMs }] of this.#ended)
      if (nowMs - seenMs > ENDED_SHOWN_MS || present.has(sessionId)) this.#ended.delete(sessionId);
  }
}

type Untyped = (method: string, params: object) => Promise<unknown>;
type Measured = Usage & { readonly sessionId: string };

/** What each session uses. Of a daemon that takes no samples nothing is known, and that is no failure. */
async function latestUsage(client: Client): Promise<ReadonlyMap<string, Usage>> {
  try {
    const call = client.call as Untyped;
    const { items } = (await call("metrics/latest", { limit: 1_000 })) as { items: Measured[] };
    return new Map(
      items.map(({ sessionId, cpuPercent, memoryBytes, processes }) => [
        sessionId,
        { cpuPercent, memoryBytes, processes },
      ]),
    );
  } catch (error) {
    if (error instanceof SessiondError && error.type === "method_not_found") return new Map();
    throw error;
  }
}

function noneIfGone(error: unknown): { items: CommandShape[] } {
  if (error instanceof SessiondError && error.type === "session_not_found") return { items: [] };
  throw error;
}
