import { keyed, keyedCall } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function metadataHandlers({ supervisor }: Services): NamespaceHandlers<"metadata"> {
  return {
    "metadata/get": ({ sessionId, key, default: fallback = null }) => {
      const { metadata } = supervisor.session(sessionId);
      const found = Object.hasOwn(metadata, key);
      return { value: found ? (metadata[key] ?? null) : fallback, found };
    },
    "metadata/set": (params) => {
      // Written out, as the most frequent of all calls: a spread costs as much as deciding it.
      const { sessionId, key, value, lease } = params;
      const call = keyedCall("metadata/set", params);
      return supervisor.submit({ type: "metadata/set", sessionId, key, value }, { call, lease });
    },
    "metadata/delete": (params) => {
      const { call, lease, fields } = keyed("metadata/delete", params);
      return supervisor.submit({ type: "metadata/delete", ...fields }, { call, lease });
    },
  };
}
