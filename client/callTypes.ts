import type { MethodName, Params, Result } from "../src/protocol/types.js";
import type { CallOptions } from "./calls.js";

/** The methods that can be called without params. Where there are none at all, every key is in their type. */
type ParamsAreOptional<M extends MethodName> = string extends keyof Params<M>
  ? true
  : Partial<Params<M>> extends Params<M>
    ? true
    : false;

/** The arguments of a call: params may be left out where the method requires none. */
export type CallArguments<M extends MethodName> =
  ParamsAreOptional<M> extends true
    ? [params?: Params<M>, options?: CallOptions]
    : [params: Params<M>, options?: CallOptions];

/** Calls any method of the protocol, typed by it. */
export type Call = <M extends MethodName>(method: M, ...args: CallArguments<M>) => Promise<Result<M>>;

type NamespaceOf<M extends string> = M extends `${infer N}/${string}` ? N : never;

/**
 * The namespaces that have a property of their own. Not `event`: the daemon would send events that nobody
 * receives; `client.events()` subscribes. Not `search`: `client.search()` finds.
 */
export type Namespace = Exclude<NamespaceOf<MethodName>, "event" | "search">;

/** Every method as a function: `session/create` is `session.create`. */
export type Namespaces = {
  readonly [N in Namespace]: {
    readonly [M in MethodName as M extends `${N}/${infer Verb}` ? Verb : never]: (
      ...args: CallArguments<M>
    ) => Promise<Result<M>>;
  };
};

interface Page {
  readonly items: readonly unknown[];
  readonly nextCursor?: string | undefined;
}

/** The methods that answer a list in pages. */
export type ListMethod = {
  [M in MethodName]: Result<M> extends Page ? M : never;
}[MethodName];

/** One item of such a list. */
export type ItemOf<M extends ListMethod> = Result<M>["items"][number];
