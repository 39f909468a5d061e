import { goneSignal } from "../goneSignal.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function logHandlers({ logbook }: Services): NamespaceHandlers<"log"> {
  return {
    "log/write": (params) => logbook.write(params),
    "log/query": (params) => logbook.query(params),
    "log/tail": (params, connection) => logbook.tail(params, goneSignal(connection)),
  };
}
