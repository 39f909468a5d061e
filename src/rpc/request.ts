import type { JSONRPCRequest } from "json-rpc-2.0";

/** What identifies a request; its answer brings it back. */
export type RequestId = string | number | null;

/** Why a message is no request, and the id to answer under: null where it has none that could be read. */
export interface RequestFault {
  readonly id: RequestId;
  readonly message: string;
}

/** A message that passed `faultOfRequest`. Without an id it is a notification. */
export type Request = JSONRPCRequest & { readonly params?: object };

/**
 * Says what keeps a message from being a JSON-RPC 2.0 request, or nothing. Stricter than the library: it lets
 * any `method`, `params` and `id` through, and throws at null.
 */
export function faultOfRequest(message: unknown): RequestFault | undefined {
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    return { id: null, message: "A request is a JSON object." };
  }
  const { jsonrpc, id, method, params, result, error } = message as Record<string, unknown>;
  if (id !== undefined && !isId(id)) {
    return {
      id: null,
      message: "The id of a request is a string, null, or a number that JavaScript can hold exactly.",
    };
  }
  const fault = faultOfMembers(jsonrpc, method, params);
  if (fault !== undefined) return { id: id ?? null, message: fault };
  if (result !== undefined || error !== undefined) {
    return { id: id ?? null, message: "This is an answer, and the daemon asked nothing." };
  }
  return undefined;
}

function faultOfMembers(jsonrpc: unknown, method: unknown, params: unknown): string | undefined {
  if (jsonrpc !== "2.0") return 'A request has "jsonrpc": "2.0".';
  if (typeof method !== "string") return "A request names its method by a string.";
  if (params !== undefined && (typeof params !== "object" || params === null)) {
    return "The params of a request are an object; they may be left out.";
  }
  return undefined;
}

/** JSON.parse rounds an integer over 2^53 without a word, and the caller would get back an id that it never sent. */
function isId(id: unknown): id is RequestId {
  if (typeof id !== "number") return typeof id === "string" || id === null;
  return Number.isSafeInteger(id) || (Number.isFinite(id) && !Number.isInteger(id));
}
