import { redactEnvironment } from "../../process/environment.js";
import type { EventShape } from "../../protocol/types.js";
import type { Event, Stamp } from "../../session/events.js";
import { evolve } from "../../session/evolve.js";
import { evolveExecution } from "../../session/evolveExecution.js";
import { evolveTemplate } from "../../session/template.js";
import { evolveAlert } from "../../session/alert.js";
import { evolveAlertRule } from "../../session/alertRule.js";
import { showAlert, showRule } from "./alert.js";
import { showChainEvent } from "./chain.js";
import { showExecution } from "./execution.js";
import { showInvocationEvent } from "./invocation.js";
import { showSession, showTime, withoutUndefined } from "./session.js";
import { showTemplate } from "./template.js";

/** An event of the journal as subscribers see it: times for people, nothing secret, nothing internal. */
export function showEvent(event: Event, stamp: Stamp): EventShape {
  const { type, sessionId } = event;
  return {
    seq: stamp.seq,
    at: showTime(stamp.at),
    type,
    ...(sessionId === undefined ? {} : { sessionId }),
    data: showData(event, stamp),
  } as EventShape;
}

function showData(event: Event, stamp: Stamp): unknown {
  switch (event.type) {
    case "session/created":
    case "session/cloned":
    case "session/imported": {
      const session = evolve(undefined, event, stamp);
      return session === undefined ? {} : showSession(session);
    }
    case "session/updated": {
      const { environment, ...fields } = event.data;
      const shown = withoutUndefined(fields);
      return environment === undefined ? shown : { ...shown, environment: redactEnvironment(environment) };
    }
    case "session/claimed": {
      const { epoch, holder } = event.data;
      return withoutUndefined({ epoch, holder });
    }
    case "session/bound": {
      const { pid, name, onExit } = event.data;
      return withoutUndefined({ pid, name, onExit });
    }
    case "activity/recorded": {
      const { at, ...fields } = event.data;
      return withoutUndefined({ ...fields, at: at === undefined ? undefined : showTime(at) });
    }
    case "invocation/started":
    case "invocation/finished":
    case "invocation/linked":
      return showInvocationEvent(event);
    case "chain/appended":
    case "chain/trimmed":
    case "chain/reset":
      return showChainEvent(event);
    case "checkpoint/created": {
      const { value, ...fields } = event.data;
      return withoutUndefined({ ...fields, status: value.status, messages: value.conversation.count });
    }
    case "checkpoint/restored":
      return { checkpointId: event.data.checkpointId, status: event.data.value.status };
    case "template/saved": {
      const template = evolveTemplate(undefined, event, stamp);
      return template === undefined ? {} : showTemplate(template);
    }
    case "alert/configured": {
      const rule = evolveAlertRule(undefined, event, stamp);
      return rule === undefined ? {} : showRule(rule);
    }
    case "alert/fired": {
      const alert = evolveAlert(undefined, event, stamp);
      return alert === undefined ? {} : showAlert(alert);
    }
    default:
      return showCommandEvent(event, stamp);
  }
}

/** Of what happens to commands; all other data is shown as it is. */
function showCommandEvent(event: Event, stamp: Stamp): unknown {
  switch (event.type) {
    case "command/accepted":
    case "command/imported": {
      const execution = evolveExecution(undefined, event, stamp);
      return execution === undefined ? {} : showExecution(execution);
    }
    case "command/started": {
      const { commandId, attempt, process, supervision, holding } = event.data;
      return withoutUndefined({ commandId, attempt, pid: process.pid, supervision, ...holding });
    }
    case "command/retrying":
      return withoutUndefined({ ...event.data, nextAttemptAt: showTime(event.data.nextAttemptAt) });
    case "command/stalled": {
      const { since, lastOutputAt, lastHeartbeatAt, ...shown } = event.data;
      return withoutUndefined({ ...shown, ...timesOf({ since, lastOutputAt, lastHeartbeatAt }) });
    }
    case "command/signalled":
      return { commandId: event.data.commandId, signal: event.data.signal };
    case "command/ended": {
      const { tool: _, stdoutBytes: __, stderrBytes: ___, endedAt, ...shown } = event.data;
      return withoutUndefined({ ...shown, endedAt: endedAt === undefined ? undefined : showTime(endedAt) });
    }
    default:
      return withoutUndefined(event.data);
  }
}

function timesOf(times: Readonly<Record<string, number | undefined>>): object {
  const shown = Object.entries(times).map(([key, at]) => [key, at === undefined ? undefined : showTime(at)]);
  return Object.fromEntries(shown) as object;
}
