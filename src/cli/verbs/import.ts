import { resolve } from "node:path";

import type { Result } from "../../../client/index.js";
import { SessiondError } from "../../../client/index.js";
import { CliError } from "../cliError.js";
import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { counted } from "../humane.js";
import { withProgress } from "../progress.js";

interface ImportOptions {
  readonly onConflict?: "refuse" | "rename" | "keep";
}

/** Takes over sessions from files; fails where one of them could not be taken. */
export const importFiles: Verb<ImportOptions> = async (context, { onConflict = "refuse" }, [given = ""]) => {
  // The daemon may have been started anywhere: the folder is meant as seen from here.
  const path = resolve(given);
  const result = await context.withClient((client) =>
    withProgress(
      context,
      client,
      // Of a folder it is one file after the other.
      ({ kind, path: read }) => kind === "import" && (read === path || (read ?? "").startsWith(`${path}/`)),
      () => client.session.import({ path, onConflict }).catch(inWordsOfTheVerb),
    ),
  );
  await context.print(result, () => words(result));
  return result.skipped.length === 0 ? EXIT.ok : EXIT.failure;
};

/** The daemon names the parameter; here it is an option. */
function inWordsOfTheVerb(error: unknown): never {
  if (!(error instanceof SessiondError) || error.type !== "session_exists") throw error;
  throw new CliError(error.message, {
    type: error.type,
    exitCode: EXIT.failure,
    hint: "--on-conflict rename gives the imported ones free ids, --on-conflict keep leaves them out",
  });
}

function words({ imported, skipped }: Result<"session/import">): string {
  const lines = imported.map(({ sessionId, renamedFrom, renamedCommands = 0, ignored }) => {
    const renamed = renamedFrom === undefined ? "" : ` (was ${renamedFrom})`;
    const without = ignored === undefined ? "" : `, without ${ignored.join(", ")}`;
    const others = renamedCommands === 0 ? "" : `, ${counted(renamedCommands, "command")} with another id`;
    return `imported ${sessionId}${renamed}${others}${without}\n`;
  });
  return [...lines, ...skipped.map(({ file, reason }) => `skipped ${file}: ${reason}\n`)].join("");
}
