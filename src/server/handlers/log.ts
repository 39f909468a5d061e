import type { NamespaceHandlers, Services } from "./services.js";

export function logHandlers({ logbook }: Services): NamespaceHandlers<"log"> {
  return {
    "log/write": (params) => logbook.write(params),
    "log/query": (params) => logbook.query(params),
    "log/tail": (params) => logbook.tail(params),
  };
}
