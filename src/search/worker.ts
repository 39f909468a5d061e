import { parentPort, workerData } from "node:worker_threads";

import { closeIndexFile, isDamage, openIndexFile } from "./indexFile.js";
import { searchIndex } from "./indexReader.js";
import { IndexWriter } from "./indexWriter.js";
import type { Asked, Failure, Opening, Request, Response } from "./messages.js";

// The thread that has the index. It answers one question after the other, the opening first, under the id 0; a null
// asks it to close, and it ends. Between two questions that write, the others have their turn.
const port = parentPort;
if (port === null) throw new Error("This is the thread of the search, and no program.");

/** Carries out one question. */
type Answering = { readonly [K in keyof Asked]: (params: Asked[K]["params"]) => Asked[K]["answer"] };

const answer = (response: Response): void => port.postMessage(response);

function failureOf(error: unknown): Failure {
  return { message: error instanceof Error ? error.message : String(error), isDamage: isDamage(error) };
}

try {
  const database = openIndexFile(workerData as Opening);
  const writer = new IndexWriter(database);
  const answering: Answering = {
    describe: (rows) => writer.describe(rows),
    add: (batch) => {
      writer.add(batch);
      return null;
    },
    remove: (sessions) => writer.remove(sessions),
    strangers: (known) => writer.strangers(known),
    search: (query) => searchIndex(database, query),
  };
  port.on("message", (request: Request | null) => {
    if (request === null) {
      writer.close();
      closeIndexFile(database, writer.writtenLength);
      port.close();
      return;
    }
    const { id, ask, params } = request;
    try {
      // A question and its parameters come in one piece, which the compiler cannot follow through a table.
      answer({ id, answer: (answering[ask] as (params: unknown) => unknown)(params) });
    } catch (error) {
      answer({ id, failure: failureOf(error) });
    }
  });
  answer({ id: 0, answer: null });
} catch (error) {
  answer({ id: 0, failure: failureOf(error) });
}
