import type { MethodName, Result, ValidParams } from "../protocol/types.js";
import { invalidParams, shortened } from "./issues.js";
import type { SchemaIssue } from "./issues.js";
import { nearestName } from "./nearest.js";
import { Refused } from "./refused.js";

/** What a method's handler is given and must answer, both from the one definition. */
export type Handler<M extends MethodName, Connection> = (
  params: ValidParams<M>,
  connection: Connection,
) => Result<M> | Promise<Result<M>>;

/** A handler for every method: a missing one does not compile. */
export type Handlers<Connection> = { readonly [M in MethodName]: Handler<M, Connection> };

/** The part of a method's declaration that calling it needs, as zod provides it. It is asked for at the first call. */
export interface Declaration {
  readonly params: { safeParse(value: unknown): Parsed };
}

type Parsed =
  | { readonly success: true; readonly data: unknown }
  | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } };

/**
 * Calls a method by name: answers its result, or a promise where the handler is asynchronous. Throws an error
 * that carries a refusal where there is no such method or its params are not valid; `params` may be undefined.
 */
export type Dispatch<Context> = (method: string, params: unknown, context: Context) => unknown;

/** Any handler, for callers that know no more than its name. */
type AnyHandler<Context> = (params: never, context: Context) => unknown;

/**
 * Binds the table of methods to their handlers. Throws when a method has no handler, or a handler no method.
 */
export function createDispatch<Context>(
  table: Readonly<Record<string, Declaration>>,
  handlers: Readonly<Record<string, AnyHandler<Context>>>,
): Dispatch<Context> {
  // A map holds what was put there and nothing else: `toString` and `__proto__` are names like any other.
  const methods = new Map(
    Object.entries(table).map(([name, declaration]) => [name, bind(name, declaration, handlers)]),
  );
  const stray = Object.keys(handlers).find((name) => !methods.has(name));
  if (stray !== undefined) throw new Error(`The handler of "${stray}" has no declaration in the table.`);

  return (name, params, context) => {
    const call = methods.get(name);
    if (call === undefined) throw unknownMethod(name, methods.keys());
    return call(params, context);
  };
}

function bind<Context>(
  name: string,
  declaration: Declaration,
  handlers: Readonly<Record<string, AnyHandler<Context>>>,
): (params: unknown, context: Context) => unknown {
  if (!Object.hasOwn(handlers, name)) throw new Error(`The method "${name}" has no handler.`);
  // The types are right by what stands next to each other here: the handler gets what its own schema let through.
  const handler = handlers[name] as (params: unknown, context: Context) => unknown;
  let schema: Declaration["params"] | undefined;
  return (params, context) => {
    if (Array.isArray(params)) throw byPosition(name);
    schema ??= declaration.params;
    const parsed = schema.safeParse(params ?? {});
    if (!parsed.success) throw new Refused(invalidParams(parsed.error.issues));
    return handler(parsed.data, context);
  };
}

function unknownMethod(name: string, known: Iterable<string>): Refused {
  const nearest = nearestName(name, known);
  return new Refused({
    type: "method_not_found",
    message: `There is no method ${JSON.stringify(shortened(name))}.`,
    hint: nearest === undefined ? "rpc.discover answers all methods." : `Did you mean "${nearest}"?`,
  });
}

function byPosition(name: string): Refused {
  return new Refused({
    type: "invalid_params",
    message: `${name} takes its parameters by name, not by position.`,
    hint: 'Send an object: {"params": {"name": value}}.',
  });
}
