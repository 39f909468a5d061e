import type { NamespaceHandlers, Services } from "./services.js";

export function pathHandlers({ paths }: Services): NamespaceHandlers<"path"> {
  return {
    "path/validate": (params) => paths.validate(params),
  };
}
