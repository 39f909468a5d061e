import { describe, expect, it } from "vitest";

import type { Refusal } from "../../src/protocol/errors.js";
import { ServerPeer } from "../../src/rpc/peer.js";
import { Refused } from "../../src/rpc/refused.js";

/** The messages that the specification's own examples answer. */
const SPEC_ERRORS: Partial<Record<Refusal["type"], object>> = {
  parse_error: { code: -32700, message: "Parse error" },
  invalid_request: { code: -32600, message: "Invalid Request" },
  method_not_found: { code: -32601, message: "Method not found" },
};

function subtract(params: unknown): number {
  if (Array.isArray(params)) return (params[0] as number) - (params[1] as number);
  const { minuend, subtrahend } = params as { minuend: number; subtrahend: number };
  return minuend - subtrahend;
}

/** The methods of the examples, by name and by position, and some that misbehave. */
function dispatch(method: string, params: unknown, notified: string[]): unknown {
  switch (method) {
    case "subtract":
      return subtract(params);
    case "sum":
      return (params as number[]).reduce((total, value) => total + value, 0);
    case "get_data":
      return ["hello", 5];
    case "update":
    case "notify_hello":
    case "notify_sum":
      notified.push(method);
      return undefined;
    case "later":
      return Promise.resolve("later");
    case "echo":
      return params;
    default:
      throw new Refused({ type: "method_not_found", message: "none" });
  }
}

function specPeer(): ServerPeer<string[]> {
  return new ServerPeer({
    dispatch,
    errorObject: ({ type }) => SPEC_ERRORS[type] ?? { code: 0, message: type },
    limits: { batchLength: 10, queueBytes: 1_000 },
    onInternalError: (error) => {
      throw error;
    },
  });
}

/** Request and answer, in the order of section 7 of https://www.jsonrpc.org/specification. */
const EXAMPLES: readonly (readonly [string, string, string | undefined])[] = [
  [
    "positional parameters",
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    '{"jsonrpc": "2.0", "result": 19, "id": 1}',
  ],
  [
    "positional parameters the other way round",
    '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
    '{"jsonrpc": "2.0", "result": -19, "id": 2}',
  ],
  [
    "named parameters",
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    '{"jsonrpc": "2.0", "result": 19, "id": 3}',
  ],
  [
    "named parameters the other way round",
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
    '{"jsonrpc": "2.0", "result": 19, "id": 4}',
  ],
  ["a notification", '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
  ["a notification of an unknown method", '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  [
    "a non-existent method",
    '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    '{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}',
  ],
  [
    "invalid JSON",
    '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
    '{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}',
  ],
  [
    "an invalid request",
    '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
    '{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}',
  ],
  [
    "a batch of invalid JSON",
    '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
    '{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}',
  ],
  [
    "an empty array",
    "[]",
    '{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}',
  ],
  [
    "an invalid batch that is not empty",
    "[1]",
    '[{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}]',
  ],
  [
    "an invalid batch",
    "[1,2,3]",
    `[${Array(3).fill('{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}').join()}]`,
  ],
  [
    "a batch of everything",
    `[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]`,
    `[{"jsonrpc": "2.0", "result": 7, "id": "1"},
      {"jsonrpc": "2.0", "result": 19, "id": "2"},
      {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
      {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
      {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}]`,
  ],
  [
    "a batch of notifications",
    `[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]`,
    undefined,
  ],
];

const INVALID = '{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}';

/** What the examples leave open. */
const MORE: readonly (readonly [string, string, string | undefined])[] = [
  ["a number", "1", INVALID],
  ["null", "null", INVALID],
  ["a string", '"x"', INVALID],
  ["null in a batch", "[null]", `[${INVALID}]`],
  ["an array in a batch", "[[]]", `[${INVALID}]`],
  [
    "a batch of one",
    '[{"jsonrpc":"2.0","method":"get_data","id":1}]',
    '[{"jsonrpc":"2.0","id":1,"result":["hello",5]}]',
  ],
  [
    "a batch with one answer",
    '[{"jsonrpc":"2.0","method":"get_data","id":1},{"jsonrpc":"2.0","method":"update"}]',
    '[{"jsonrpc":"2.0","id":1,"result":["hello",5]}]',
  ],
  [
    "a batch that is answered later",
    '[{"jsonrpc":"2.0","method":"later","id":1},{"jsonrpc":"2.0","method":"later"},{"jsonrpc":"2.0","method":"get_data","id":2}]',
    '[{"jsonrpc":"2.0","id":1,"result":"later"},{"jsonrpc":"2.0","id":2,"result":["hello",5]}]',
  ],
  ["a batch of later notifications", '[{"jsonrpc":"2.0","method":"later"}]', undefined],
  ["a later notification", '{"jsonrpc":"2.0","method":"later"}', undefined],
  ["no params", '{"jsonrpc":"2.0","method":"echo","id":1}', '{"jsonrpc":"2.0","id":1,"result":null}'],
  [
    "id null",
    '{"jsonrpc":"2.0","method":"get_data","id":null}',
    '{"jsonrpc":"2.0","id":null,"result":["hello",5]}',
  ],
  ["id 0", '{"jsonrpc":"2.0","method":"later","id":0}', '{"jsonrpc":"2.0","id":0,"result":"later"}'],
  [
    "a fractional id",
    '{"jsonrpc":"2.0","method":"later","id":-1.5}',
    '{"jsonrpc":"2.0","id":-1.5,"result":"later"}',
  ],
  [
    "the greatest safe id",
    '{"jsonrpc":"2.0","method":"later","id":9007199254740991}',
    '{"jsonrpc":"2.0","id":9007199254740991,"result":"later"}',
  ],
  ["an id that JSON.parse rounds", '{"jsonrpc":"2.0","method":"later","id":9007199254740993}', INVALID],
  ["an id out of range", '{"jsonrpc":"2.0","method":"later","id":1e400}', INVALID],
  ["an id of another type", '{"jsonrpc":"2.0","method":"later","id":{}}', INVALID],
  ["a boolean id", '{"jsonrpc":"2.0","method":"later","id":true}', INVALID],
  ["params null", '{"jsonrpc":"2.0","method":"later","params":null,"id":7}', INVALID.replace("null", "7")],
  ["params of text", '{"jsonrpc":"2.0","method":"later","params":"x","id":7}', INVALID.replace("null", "7")],
  ["no version", '{"method":"later","id":"a"}', INVALID.replace("null", '"a"')],
  ["another version", '{"jsonrpc":"1.0","method":"later","id":"a"}', INVALID.replace("null", '"a"')],
  ["no method", '{"jsonrpc":"2.0","id":"a"}', INVALID.replace("null", '"a"')],
  ["an answer", '{"jsonrpc":"2.0","id":1,"result":1}', INVALID.replace("null", "1")],
  [
    "a request with a result",
    '{"jsonrpc":"2.0","id":1,"method":"later","result":null}',
    INVALID.replace("null", "1"),
  ],
  [
    "a request with an error",
    '{"jsonrpc":"2.0","id":1,"method":"later","error":{}}',
    INVALID.replace("null", "1"),
  ],
  ["deep nesting", "[".repeat(100_000) + "]".repeat(100_000), `[${INVALID}]`],
  ["a planted prototype", '{"__proto__":{"jsonrpc":"2.0","method":"later","id":1}}', INVALID],
];

describe.each([
  ["the specification", EXAMPLES],
  ["beyond the specification", MORE],
])("ServerPeer, by %s", (_, table) => {
  it.each(table)("%s", async (_name, request, expected) => {
    const answer = await specPeer().receive(request, []);
    expect(answer === undefined ? undefined : JSON.parse(answer)).toEqual(
      expected === undefined ? undefined : JSON.parse(expected),
    );
  });
});
