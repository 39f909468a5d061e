import type { MethodName } from "../src/protocol/types.js";
import type { Call, Namespace, Namespaces } from "./callTypes.js";

/** Known while the client runs; checked against the protocol when it is compiled. */
const NAMESPACES = {
  daemon: true,
  session: true,
  metadata: true,
  metrics: true,
  message: true,
  invocation: true,
  checkpoint: true,
  command: true,
  log: true,
  path: true,
  retention: true,
  template: true,
  chain: true,
  alert: true,
} satisfies Record<Namespace, true>;

/** Read from any object by the language itself: no method has such a name. */
const NOT_VERBS: ReadonlySet<string> = new Set(["then", "toJSON"]);

/** The methods as functions, by namespace; each calls `call` with its own name. */
export function namespaces(call: Call): Namespaces {
  const entries = Object.keys(NAMESPACES).map((namespace) => [namespace, verbs(namespace, call)]);
  return Object.fromEntries(entries) as Namespaces;
}

function verbs(namespace: string, call: Call): object {
  return new Proxy(
    {},
    {
      get(target, verb) {
        if (typeof verb === "symbol" || NOT_VERBS.has(verb) || verb in target)
          return Reflect.get(target, verb);
        const method = `${namespace}/${verb}` as MethodName;
        return (...args: Parameters<Call>[1][]) => (call as Untyped)(method, ...args);
      },
    },
  );
}

type Untyped = (method: string, ...args: unknown[]) => Promise<unknown>;
