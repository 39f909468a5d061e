import type { Result } from "../../protocol/types.js";
import { underKey } from "../heldCall.js";
import type { KeyedCall } from "../keys.js";
import type { Supervisor } from "../supervisor.js";
import { Import, type ImportFields } from "./import.js";
import { openSource } from "./importSource.js";

/**
 * Takes over the sessions of a folder, or of one file. Each is one record of the journal. A keyed call that is
 * repeated finds what it did before it broke off: each file has a key of its own, made of the call's, and the last
 * record carries the whole answer. One that is repeated meanwhile joins the import that is under way.
 *
 * @throws RefusalError where the path is of no use, or with "refuse" where an id is taken: then nothing was imported
 */
export function importSessions(
  supervisor: Supervisor,
  fields: ImportFields,
  call: KeyedCall | undefined,
): Promise<Result<"session/import">> {
  return underKey(supervisor, call, async (keyed) =>
    new Import(supervisor, fields, keyed, await openSource(fields.path)).run(),
  );
}
