import { search } from "../../supervisor/read/search.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function searchHandlers({ supervisor }: Services): NamespaceHandlers<"search"> {
  return { "search/query": (params) => search(supervisor, params) };
}
