import { decideAlert } from "./alert.js";
import { decideAlertRule } from "./alertRule.js";
import type { Bounds, Command, Moment } from "./commands.js";
import { decideChain } from "./chain.js";
import { decideCheckpoint } from "./decideCheckpoint.js";
import { decideExecution } from "./decideExecution.js";
import { decideInvocation } from "./invocation.js";
import { decideSession } from "./decideSession.js";
import type { Decision, Head } from "./decision.js";
import { decideTemplate } from "./template.js";
import { decideRelease } from "./workspace.js";

/**
 * What follows from a command: the events that it makes, none where nothing changes, or a refusal. Pure:
 * the same head, command and moment give the same decision, and none of them is changed.
 */
export function decide(head: Head, command: Command, moment: Moment, bounds: Bounds): Decision {
  switch (command.type) {
    case "command/start":
    case "command/signal":
    case "command/report-start":
    case "command/report-end":
    case "command/report-stall":
    case "command/report-recovery":
      return decideExecution(head, command, moment, bounds);
    case "invocation/start":
    case "invocation/finish":
    case "invocation/link":
      return decideInvocation(head, command, moment, bounds);
    case "checkpoint/create":
    case "checkpoint/restore":
    case "checkpoint/delete":
      return decideCheckpoint(head, command, moment, bounds);
    case "template/save":
    case "template/delete":
      return decideTemplate(head, command, bounds);
    case "chain/append":
    case "chain/reset":
    case "chain/trim":
      return decideChain(head, command, bounds);
    case "alert/set-rule":
    case "alert/delete-rule":
      return decideAlertRule(head, command, bounds);
    case "alert/fire":
    case "alert/resolve":
    case "alert/acknowledge":
    case "alert/report-delivery":
      return decideAlert(head, command, bounds);
    case "workspace/release":
      return decideRelease(head, command);
    default:
      return decideSession(head, command, moment, bounds);
  }
}
