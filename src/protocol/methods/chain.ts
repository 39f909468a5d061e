import { z } from "zod";

import { agentId, chain as chainShape, chainedSessionId, chainEntry } from "../chain.js";
import { jsonObject } from "../json.js";
import { LIMITS } from "../limits.js";
import { method } from "../method.js";
import { absolutePath, count, idempotencyKey, listOf, page, time, written } from "../shapes.js";

const one = { agentId };
const entryOfAgent = z.strictObject({ agentId, ...chainEntry.shape });

/** What is not as it should be in a chain; `index` is that of the entry. */
const fault = z.strictObject({
  index: count,
  sessionId: chainedSessionId,
  /** Its number, its time, or its session: earlier than the one before, or gone. */
  kind: z.enum(["out_of_order", "time_reversed", "session_gone"]),
  message: z.string(),
});

export const chain = {
  "chain/append": method({
    summary:
      "Adds an interaction to the chain of an agent; its session is the agent's current one from then on. What is " +
      `kept of the prompt are its first ${LIMITS.textLength} characters, and of the response ${LIMITS.chainResponseLength}.`,
    get params() {
      return z.strictObject({
        ...one,
        sessionId: chainedSessionId,
        prompt: z.string(),
        response: z.string().optional(),
        metadata: jsonObject.optional(),
        idempotencyKey: idempotencyKey.optional(),
      });
    },
    result: entryOfAgent,
    errors: ["limit_reached"],
    access: "write",
    durable: true,
  }),
  "chain/current": method({
    summary: "Answers the last interaction of an agent: its session is where the agent goes on.",
    get params() {
      return z.strictObject(one);
    },
    result: entryOfAgent,
    errors: ["chain_not_found"],
    access: "read",
    durable: false,
  }),
  "chain/get": method({
    summary: "Lists the interactions of an agent, oldest first unless asked otherwise.",
    get params() {
      return z.strictObject({ ...one, order: z.enum(["newest", "oldest"]).default("oldest"), ...page });
    },
    get result() {
      return listOf(chainEntry);
    },
    errors: ["chain_not_found"],
    access: "read",
    durable: false,
  }),
  "chain/summary": method({
    summary: "Figures of the chain of an agent, and its sessions.",
    get params() {
      return z.strictObject(one);
    },
    get result() {
      return z.strictObject({
        ...chainShape.shape,
        /** Different ones among the entries that are still there. */
        sessions: count,
        /** The same by their ids, as they came first; of very many the last ones. */
        sessionIds: z.array(chainedSessionId).max(LIMITS.pageItems),
      });
    },
    errors: ["chain_not_found"],
    access: "read",
    durable: false,
  }),
  "chain/validate": method({
    summary:
      "Looks whether a chain is as it should be: entries and times in their order, and every session that was one of " +
      "the daemon's still there.",
    get params() {
      return z.strictObject({
        ...one,
        /** Asks besides whether this session is in the chain. */
        sessionId: chainedSessionId.optional(),
      });
    },
    get result() {
      return z.strictObject({
        agentId,
        /** No fault was found. */
        isValid: z.boolean(),
        /** Whether the session that was named is in the chain. */
        isInChain: z.boolean().optional(),
        checked: count,
        faultCount: count,
        /** The first so many. */
        faults: z.array(fault).max(LIMITS.pageItems),
      });
    },
    errors: ["chain_not_found"],
    access: "read",
    durable: false,
  }),
  "chain/reset": method({
    summary: "Forgets the chain of an agent. Its sessions stay as they are.",
    get params() {
      return z.strictObject({ ...one, idempotencyKey: idempotencyKey.optional() });
    },
    result: written,
    errors: ["chain_not_found"],
    access: "write",
    durable: true,
  }),
  "chain/list": method({
    summary: "Lists the chains of all agents, the one that was appended to last first.",
    get params() {
      return z.strictObject(page);
    },
    get result() {
      return listOf(chainShape);
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "chain/stats": method({
    summary: "Figures over the chains of all agents.",
    get params() {
      return z.strictObject({});
    },
    get result() {
      return z.strictObject({
        agents: count,
        interactions: count,
        entries: count,
        dropped: count,
        /** The first interaction of all, and the last; absent where there is none. */
        firstAt: time.optional(),
        lastAt: time.optional(),
      });
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "chain/cleanup": method({
    summary: "Drops old interactions of all agents. The current one of each stays, however old it is.",
    get params() {
      return z.strictObject({
        /** Those that are older go. */
        days: z.number().min(0).max(36_500).default(7),
        /** Only says what would go. */
        dryRun: z.boolean().default(false),
      });
    },
    get result() {
      return z.strictObject({
        /** Whose chains have become shorter. */
        agents: count,
        dropped: count,
        dryRun: z.boolean(),
      });
    },
    errors: ["shutting_down"],
    access: "write",
    durable: true,
  }),
  "chain/export": method({
    summary:
      "Writes the chain of an agent, or those of all agents, into new files: into one, or, where the path is a " +
      "folder, one an agent into it ({agent_id}_sessions.json).",
    get params() {
      return z.strictObject({
        agentId: agentId.optional(),
        /** A file that is not there yet, or a folder that is; outside of the data folder. */
        path: absolutePath,
      });
    },
    get result() {
      return z.strictObject({
        path: absolutePath,
        agents: count,
        interactions: count,
        files: count,
        sizeBytes: count,
      });
    },
    errors: ["chain_not_found"],
    access: "read",
    durable: false,
  }),
};
