import type { Script, ScriptedDaemon, SeenCall } from "./scriptedDaemon.js";
import { refusal } from "./scriptedDaemon.js";

/** As much of a session as the client looks at. */
export interface StoredSession {
  readonly sessionId: string;
  readonly name?: string;
  readonly workingDirectory?: string;
  status: string;
  endedAt?: string;
  endReason?: string;
  config: { heartbeatTimeoutMs: number };
}

/** Sessions in a scripted daemon: created, found, changed and ended. */
export class SessionStore {
  readonly sessions: StoredSession[] = [];

  /** @param daemon answers the methods of sessions out of this store from now on. */
  constructor(daemon: ScriptedDaemon) {
    const scripts: Record<string, Script> = {
      "session/create": ({ params }) => this.add(params),
      "session/get": (call) => this.#of(call),
      "session/list": ({ params }) => {
        const items = this.sessions.filter(
          ({ name, status }) => name === params["name"] && status === params["status"],
        );
        return { items: items.toReversed().slice(0, params["limit"] as number), total: items.length };
      },
      "session/update": (call) => Object.assign(this.#of(call), { config: call.params["config"] }),
      "session/heartbeat": (call) => ({ status: this.#open(call, "session_not_active").status }),
      "checkpoint/restore": (call) => {
        const { sessionId, config } = this.#of(call);
        const restored: StoredSession = { sessionId, config, status: "active" };
        this.sessions[this.sessions.indexOf(this.#of(call))] = restored;
        return restored;
      },
      "session/end": (call) =>
        Object.assign(this.#open(call, "invalid_transition"), {
          status: call.params["status"],
          endReason: call.params["reason"],
          endedAt: "2026-01-01T00:00:00Z",
        }),
    };
    Object.assign(daemon.scripts, scripts);
  }

  add(fields: Partial<StoredSession> = {}): StoredSession {
    const sessionId = fields.sessionId ?? `id-${this.sessions.length + 1}`;
    const session = { sessionId, status: "active", config: { heartbeatTimeoutMs: 0 }, ...fields };
    this.sessions.push(session);
    return session;
  }

  #of({ params }: SeenCall): StoredSession {
    const session = this.sessions.find(({ sessionId }) => sessionId === params["sessionId"]);
    if (session === undefined) throw refusal("session_not_found");
    return session;
  }

  #open(call: SeenCall, type: string): StoredSession {
    const session = this.#of(call);
    if (session.endedAt !== undefined) throw refusal(type, { status: session.status });
    return session;
  }
}
