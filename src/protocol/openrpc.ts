import { z } from "zod";

import { ERRORS, type ErrorType } from "./errors.js";
import { EVENTS, NOTIFICATIONS } from "./events.js";
import { METHODS } from "./methods/index.js";

/** Errors that every method can answer. */
const COMMON: readonly ErrorType[] = ["invalid_params", "internal_error", "shutting_down"];
/** Errors that every durable write can answer besides. */
const DURABLE: readonly ErrorType[] = ["journal_unavailable", "idempotency_conflict", "limit_reached"];

/** Errors that every method can answer besides to which the caller's lease is shown. */
const LEASED: readonly ErrorType[] = ["lease_held", "lease_lost"];

/**
 * The OpenRPC 1.3 document of the protocol (https://spec.open-rpc.org), made from the one definition. What
 * the daemon sends unasked is described under `x-notifications`, and the `data` of its events under `x-events`: OpenRPC
 * has no word for notifications of a server.
 */
export function openRpcDocument(version: string): object {
  return {
    openrpc: "1.3.2",
    info: { title: "sessiond", version, description: "Sessions of agents and tools, over JSON-RPC 2.0." },
    methods: Object.entries(METHODS).map(([name, declaration]) => {
      const schema = schemaOf(declaration.params);
      const isLeased = "lease" in declaration.params.shape;
      const errors = [
        ...declaration.errors,
        ...(isLeased ? LEASED : []),
        ...COMMON,
        ...(declaration.durable ? DURABLE : []),
      ];
      return {
        name,
        summary: declaration.summary,
        paramStructure: "by-name",
        params: paramsOf(schema),
        result: { name: "result", schema: schemaOf(declaration.result, "output") },
        errors: [...new Set(errors)].map((type) => errorOf(type)),
        "x-access": declaration.access,
        "x-durable": declaration.durable,
      };
    }),
    "x-notifications": Object.fromEntries(
      Object.entries(NOTIFICATIONS).map(([name, params]) => [name, schemaOf(params, "output")]),
    ),
    "x-events": Object.fromEntries(
      Object.entries(EVENTS).map(([type, data]) => [type, schemaOf(data(), "output")]),
    ),
  };
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

function schemaOf(shape: z.ZodType, io: "input" | "output" = "input"): ObjectSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: "any" });
  return schema as ObjectSchema;
}

function paramsOf({ properties = {}, required = [] }: ObjectSchema): object[] {
  const params = Object.entries(properties).map(([name, schema]) => ({
    name,
    required: required.includes(name),
    schema,
  }));
  // OpenRPC wants the required ones first.
  return [...params.filter((param) => param.required), ...params.filter((param) => !param.required)];
}

function errorOf(type: ErrorType): object {
  const { code, summary } = ERRORS[type];
  return { code, message: summary, data: { type } };
}
