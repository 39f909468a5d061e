import type { Client, Result } from "../../client/index.js";
import { CliError } from "./cliError.js";
import { EXIT } from "./exitCodes.js";

type Alert = Result<"alert/list">["items"][number];

/**
 * The alert that a person means, by its id or the beginning of it.
 *
 * @throws {CliError} when there is none, or more than one
 */
export async function alertOf(client: Client, given: string): Promise<Alert> {
  const found: Alert[] = [];
  for await (const alert of client.pages("alert/list"))
    if (given !== "" && alert.alertId.startsWith(given)) found.push(alert);
  const [alert, ...others] = found;
  if (alert !== undefined && others.length === 0) return alert;
  const message =
    alert === undefined
      ? `There is no alert ${JSON.stringify(given)}.`
      : `More than one alert begins with ${JSON.stringify(given)}.`;
  throw new CliError(message, {
    type: alert === undefined ? "alert_not_found" : "ambiguous",
    exitCode: EXIT.failure,
    hint: alert === undefined ? "see those that there are with: sessiond alerts" : "give more of the id",
  });
}
