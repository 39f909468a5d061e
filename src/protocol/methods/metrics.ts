import { z } from "zod";

import { LIMITS } from "../limits.js";
import { method } from "../method.js";
import { figures, fileCounts, machine, metricPoint, metricSummary, responseTimes } from "../metrics.js";
import { count, id, listOf, page, time } from "../shapes.js";

export const metrics = {
  "metrics/latest": method({
    summary:
      "Lists what the processes of sessions used at the last look, newest session first. They are looked at every five " +
      "seconds; a session in which nothing has run for ten minutes is not in it.",
    get params() {
      return z.strictObject({ sessionIds: z.array(id).max(LIMITS.pageItems).optional(), ...page });
    },
    get result() {
      return listOf(z.strictObject({ sessionId: id, at: time, ...figures }));
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "metrics/get": method({
    summary:
      "Answers what a session used over a time, with averages and maxima, and what was counted in it; without a " +
      "session, the same of the whole machine. Kept are an hour of samples, a day of minutes and 30 days of hours.",
    get params() {
      return z.strictObject({
        sessionId: id.optional(),
        /** An hour before `until` where it is left out. */
        since: time.optional(),
        /** Now where it is left out. */
        until: time.optional(),
        /** How much time one point stands for; made longer where there would be too many points. */
        stepMs: z.int().min(5_000).max(LIMITS.durationMs).optional(),
      });
    },
    get result() {
      return z.strictObject({
        sessionId: id.optional(),
        since: time,
        until: time,
        stepMs: count,
        /** Oldest first; times at which nothing was measured have none. */
        points: z.array(metricPoint),
        summary: metricSummary,
        /** Of a session, since its creation. */
        activity: z
          .strictObject({
            /** From its creation to its end, or to now. */
            durationMs: count,
            commandsStarted: count,
            commandsFailed: count,
            commandsRunning: count,
            activities: count,
            messages: count,
            /** Activities of the kind `error`. */
            errors: count,
            invocations: count,
            responseTimes,
            files: fileCounts.optional(),
          })
          .optional(),
        /** Of the machine, as it is now. */
        machine: machine.optional(),
      });
    },
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
  "session/processes": method({
    summary:
      "Lists the processes of a session as they are now, by their ids: those of its commands with all that descends from them.",
    get params() {
      return z.strictObject({ sessionId: id, ...page });
    },
    get result() {
      return listOf(
        z.strictObject({
          pid: count,
          parentPid: count,
          /** The command that it belongs to. */
          commandId: id.optional(),
          /** The program's name, which the system may cut. */
          name: z.string(),
          /** Of one core, since the look before; 0 at the first one. */
          cpuPercent: figures.cpuPercent,
          memoryBytes: count,
          startedAt: time.optional(),
        }),
      );
    },
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
};
