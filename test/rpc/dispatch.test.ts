import { describe, expect, it, vi } from "vitest";
import { z } from "zod";

import type { Refusal } from "../../src/protocol/errors.js";
import { METHODS } from "../../src/protocol/methods/index.js";
import { createDispatch } from "../../src/rpc/dispatch.js";
import type { Dispatch, Handlers } from "../../src/rpc/dispatch.js";
import { Refused, refusalOf } from "../../src/rpc/refused.js";

/** The real table with its real handler types fits; this compiles or it does not. */
const real: (handlers: Handlers<string>) => Dispatch<string> = (handlers) =>
  createDispatch(METHODS, handlers);
// @ts-expect-error A missing handler does not compile.
const missing: Handlers<string> = { "daemon/ping": () => ({ pong: true, at: "" }) };

const TABLE = {
  "thing/get": { params: z.strictObject({ thingId: z.string(), limit: z.int().min(1).default(100) }) },
  "thing/set": {
    params: z.strictObject({
      path: z
        .string()
        .refine((value) => value.startsWith("/"), "expected an absolute path")
        .optional(),
      retry: z.strictObject({ maxAttempts: z.int().max(10) }).optional(),
      tags: z.array(z.string().max(3)).optional(),
      status: z.enum(["on", "off"]).optional(),
      environment: z.record(z.string().regex(/^[^=]+$/, "a name has no ="), z.string()).optional(),
      either: z.union([z.string(), z.strictObject({ count: z.int() })]).optional(),
    }),
  },
  "thing/nothing": { params: z.strictObject({}) },
};

function thing() {
  const get = vi.fn((params: { thingId: string; limit: number }, context: string) => ({
    ...params,
    context,
  }));
  const set = vi.fn(() => Promise.resolve("set"));
  const nothing = vi.fn((params: object) => params);
  const dispatch = createDispatch<string>(TABLE, {
    "thing/get": get,
    "thing/set": set,
    "thing/nothing": nothing,
  });
  return { dispatch, get, set, nothing };
}

function refusalFrom(method: string, params: unknown): Refusal {
  try {
    thing().dispatch(method, params, "");
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== undefined) return refusal;
  }
  throw new Error("it was not refused");
}

describe("createDispatch", () => {
  it("gives the handler validated params, defaults filled in, and the context, in the same turn", () => {
    expect(thing().dispatch("thing/get", { thingId: "a" }, "here")).toEqual({
      thingId: "a",
      limit: 100,
      context: "here",
    });
  });

  it("asks for the schema of a method when it is first called, and keeps it", () => {
    const params = vi.fn(() => z.strictObject({}));
    const table = {
      "thing/rare": {
        get params() {
          return params();
        },
      },
    };
    const dispatch = createDispatch<string>(table, { "thing/rare": () => "done" });
    expect(params).not.toHaveBeenCalled();
    for (let call = 0; call < 3; call++) expect(dispatch("thing/rare", {}, "")).toBe("done");
    expect(params).toHaveBeenCalledTimes(1);
  });

  it("passes a promise through", async () => {
    await expect(thing().dispatch("thing/set", {}, "")).resolves.toBe("set");
  });

  it("takes omitted params for an empty object", () => {
    expect(thing().dispatch("thing/nothing", undefined, "")).toEqual({});
  });

  it.each(["toString", "__proto__", "constructor", "hasOwnProperty", ""])("has no method %j", (name) => {
    expect(refusalFrom(name, {})).toMatchObject({
      type: "method_not_found",
      hint: "rpc.discover answers all methods.",
    });
  });

  it.each([
    ["thing/gett", "thing/get"],
    ["Thing/Get", "thing/get"],
    ["thing.set", "thing/set"],
    ["nothing", undefined],
    ["x".repeat(100_000), undefined],
  ])("names the nearest known method to %.20s", (name, nearest) => {
    const { hint, message } = refusalFrom(name, {});
    expect(hint).toBe(
      nearest === undefined ? "rpc.discover answers all methods." : `Did you mean "${nearest}"?`,
    );
    expect(message.length).toBeLessThan(120);
  });

  it("takes no parameters by position", () => {
    expect(refusalFrom("thing/get", ["a"])).toMatchObject({
      type: "invalid_params",
      message: "thing/get takes its parameters by name, not by position.",
    });
  });

  it.each<[unknown, string, { path: string; message: string }[]]>([
    [
      {},
      "thingId: expected string, received undefined",
      [{ path: "thingId", message: "expected string, received undefined" }],
    ],
  ])("says what is missing", (params, message, issues) => {
    expect(refusalFrom("thing/get", params)).toEqual({
      type: "invalid_params",
      message,
      details: { issues },
    });
  });

  it.each<[string, unknown, string]>([
    ["a rule of its own", { path: "secret" }, "path: expected an absolute path"],
    ["a nested bound", { retry: { maxAttempts: 11 } }, "retry.maxAttempts: expected number to be <=10"],
    ["an item", { tags: ["a", "secret"] }, "tags[1]: expected string to have <=3 characters"],
    ["one of some words", { status: "secret" }, 'status: expected one of "on"|"off"'],
    ["a key", { environment: { "a=b": "secret" } }, "environment.a=b: a name has no ="],
    [
      "alternatives",
      { either: { count: "secret" } },
      "either: expected string, received object, or count: expected number, received string",
    ],
    ["an unknown one", { foo: "secret" }, 'unknown parameter "foo"'],
    ["an unknown one inside", { retry: { maxAttempts: 1, foo: "secret" } }, 'unknown parameter "retry.foo"'],
    ["a planted prototype", JSON.parse('{"__proto__": {"path": "secret"}}'), 'unknown parameter "__proto__"'],
    [
      "several",
      { path: "secret", foo: 1, bar: 2 },
      'path: expected an absolute path; unknown parameter "foo"; unknown parameter "bar"',
    ],
  ])("names the parameter and what was expected: %s", (_, params, message) => {
    expect(refusalFrom("thing/set", params).message).toBe(message);
  });

  it("says what is wrong with all of them", () => {
    expect(refusalFrom("thing/set", 5)).toMatchObject({ message: "expected object, received number" });
  });

  it("names at most eight faults, and shortens long keys", () => {
    const nine = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [`${index}${"k".repeat(1_000)}`, 1]),
    );
    const { message, details } = refusalFrom("thing/set", nine);
    expect(details?.["issues"]).toHaveLength(8);
    expect(message).toMatch(/; and 1 more$/);
    expect(message.length).toBeLessThan(1_000);
  });

  it("does not call the handler for invalid params", () => {
    const { dispatch, set } = thing();
    expect(() => dispatch("thing/set", { foo: 1 }, "")).toThrow(Refused);
    expect(set).not.toHaveBeenCalled();
  });

  it("is not built with a method that has no handler, or a handler that has no method", () => {
    expect(() => createDispatch(TABLE, {})).toThrow('The method "thing/get" has no handler.');
    expect(() => createDispatch({ toString: TABLE["thing/get"] }, {})).toThrow(
      'The method "toString" has no handler.',
    );
    expect(() => createDispatch({}, { "thing/get": () => 1 })).toThrow('The handler of "thing/get"');
    expect(() => real(missing)).toThrow("has no handler");
  });
});
