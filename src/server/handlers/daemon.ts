import { RefusalError } from "../../protocol/errors.js";
import { PROTOCOL_VERSION } from "../../protocol/limits.js";
import { METHODS } from "../../protocol/methods/index.js";
import type { Result } from "../../protocol/types.js";
import { countSessions, countCommands } from "../../supervisor/read/counts.js";
import { showTime } from "../../supervisor/show/session.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function daemonHandlers(services: Services): NamespaceHandlers<"daemon"> {
  const { supervisor } = services;
  return {
    "daemon/hello": ({ protocolVersion }) => {
      if (protocolVersion !== undefined && protocolVersion !== PROTOCOL_VERSION)
        throw otherVersion(protocolVersion);
      return {
        protocolVersion: PROTOCOL_VERSION,
        version: services.version,
        methods: Object.keys(METHODS),
        limits: { ...services.limits },
        idempotency: services.idempotency,
      };
    },
    "daemon/ping": () => ({ pong: true, at: showTime(supervisor.clock.nowMs()) }),
    "daemon/status": () => showStatus(services),
    "daemon/health": () => showHealth(services),
    "daemon/doctor": () => showFindings(services),
    "daemon/backup": ({ path }) => supervisor.backups.run(path),
    "daemon/shutdown": ({ commands }) => {
      services.shutdown(commands);
      return { stopping: true };
    },
  };
}

function showStatus(services: Services): Result<"daemon/status"> {
  const { supervisor, startedAtMs } = services;
  const { registry, journal, clock, recovery } = supervisor;
  const { activities, ...sessions } = countSessions(registry);
  const memory = process.memoryUsage();
  const { sizeBytes, segments, snapshotSeq } = journal.health;
  return {
    version: services.version,
    pid: process.pid,
    startedAt: showTime(startedAtMs),
    uptimeMs: Math.max(0, Math.round(clock.nowMs() - startedAtMs)),
    cumulativeUptimeMs: Math.round(clock.upMs()),
    ...services.places,
    sessions,
    commands: countCommands(registry),
    supervision: supervisor.supervision,
    activities,
    connections: services.connectionCount(),
    subscriptions: supervisor.feed.size,
    idempotencyKeys: supervisor.keys.size,
    journal: { seq: journal.committed, oldestSeq: journal.oldestSeq, sizeBytes, segments, snapshotSeq },
    recovery: { ...recovery },
    memory: { rssBytes: memory.rss, heapUsedBytes: memory.heapUsed },
    loop: services.loop.figures,
  };
}

function showHealth({ supervisor, limits, connectionCount }: Services): Result<"daemon/health"> {
  const { journal, keys } = supervisor;
  const { state, reason, damage } = journal.health;
  const maxConnections = limits["connections"] ?? Number.POSITIVE_INFINITY;
  const maxKeys = limits["idempotencyKeys"] ?? Number.POSITIVE_INFINITY;
  const check = (
    name: string,
    isWell: boolean,
    detail: string,
  ): Result<"daemon/health">["checks"][number] => ({
    name,
    status: isWell ? "ok" : "degraded",
    detail,
  });
  const checks = [
    check(
      "journal",
      state === "ok" && damage === undefined,
      reason ?? damage ?? `durable up to ${journal.committed}`,
    ),
    check("connections", connectionCount() < maxConnections, `${connectionCount()} of ${maxConnections}`),
    check("idempotency", keys.size < maxKeys, `${keys.size} of ${maxKeys} keys`),
  ];
  checks.push(alertsCheck(supervisor.alerts.open));
  return { status: checks.every(({ status }) => status === "ok") ? "ok" : "degraded", checks };
}

/** How many of the open alerts are named. */
const NAMED_ALERTS = 5;

/** What is wrong with a session is no trouble of the daemon, so such an alert is named and nothing more. */
function alertsCheck(
  open: Services["supervisor"]["alerts"]["open"],
): Result<"daemon/health">["checks"][number] {
  const isTrouble = open.some(({ sessionId, severity }) => sessionId === undefined && severity !== "info");
  const names = open
    .slice(-NAMED_ALERTS)
    .map(({ ruleId, sessionId }) => (sessionId === undefined ? ruleId : `${ruleId} of session ${sessionId}`));
  const more = open.length > names.length ? `, and ${open.length - names.length} more` : "";
  const detail = open.length === 0 ? "none is open" : `${open.length} open: ${names.join(", ")}${more}`;
  return { name: "alerts", status: isTrouble ? "degraded" : "ok", detail };
}

async function showFindings({ examine, supervisor }: Services): Promise<Result<"daemon/doctor">> {
  const { state, reason, damage } = supervisor.journal.health;
  const isWell = state === "ok" && damage === undefined;
  const journal = isWell
    ? {
        name: "journal",
        status: "ok" as const,
        detail: `durable up to event ${supervisor.journal.committed}`,
      }
    : {
        name: "journal",
        status: "trouble" as const,
        detail: reason ?? damage ?? state,
        advice: "see the log; sessiond journal verify looks at all of it",
      };
  const checks = [...(await examine()), journal];
  const has = (status: string): boolean => checks.some((check) => check.status === status);
  return { status: has("trouble") ? "trouble" : has("limited") ? "limited" : "ok", checks };
}

function otherVersion(given: number): RefusalError {
  return new RefusalError({
    type: "unsupported_protocol",
    message: `The client speaks version ${given} of the protocol; this daemon speaks ${PROTOCOL_VERSION}.`,
    hint: given > PROTOCOL_VERSION ? "upgrade the daemon and restart it" : "upgrade the client",
    details: { supported: [PROTOCOL_VERSION] },
  });
}
