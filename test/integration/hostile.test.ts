import { beforeAll, describe, expect, it } from "vitest";

import { daemonForSuite } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import type { WireMessage } from "../support/wireCheck.js";

const daemon = daemonForSuite();

/** As much of a JSON Schema as tells which kinds of values it takes. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

interface Method {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly required: boolean; readonly schema: Schema }[];
}

const VALUES: readonly unknown[] = [
  0,
  -1,
  1.5,
  1e300,
  true,
  null,
  [],
  [[[]]],
  [null],
  {},
  { length: 1 },
  { toString: "x" },
  "",
  "__proto__",
  "constructor",
  "../../x",
  "/etc/passwd\0",
  "x".repeat(100_000),
];

let methods: readonly Method[];
let peer: Peer;

beforeAll(async () => {
  peer = await daemon().peer();
  ({ methods } = (await peer.call("rpc.discover")) as { methods: readonly Method[] });
});

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

/** Whether the published schema takes values of that kind at all. */
function takes(schema: Schema, value: unknown): boolean {
  const { type, anyOf } = schema;
  if (anyOf !== undefined) return anyOf.some((one) => takes(one, value));
  if (schema.enum !== undefined) return schema.enum.includes(value);
  if ("const" in schema) return schema.const === value;
  const types = [type ?? typeOf(value)].flat();
  return types.includes(typeOf(value)) || (types.includes("number") && typeof value === "number");
}

function issuesOf({ error }: WireMessage): string[] {
  const { issues = [] } = (error?.data ?? {}) as { issues?: { path: string }[] };
  return issues.map(({ path }) => path);
}

function typeOfError({ error }: WireMessage): unknown {
  return (error?.data as { type?: unknown } | undefined)?.type;
}

describe("wrong parameters", () => {
  it("S1.4 a value of the wrong kind is refused by its name, for every parameter of every method", async () => {
    let refused = 0;
    for (const method of methods) {
      for (const { name, schema } of method.params) {
        const answers = await Promise.all(
          VALUES.map(async (value) => {
            return { value, answer: await peer.ask({ method: method.name, params: { [name]: value } }) };
          }),
        );
        for (const { value, answer } of answers) {
          if (takes(schema, value)) continue;
          const about = `${method.name} ${name}: ${JSON.stringify(value).slice(0, 40)}`;
          expect(typeOfError(answer), about).toBe("invalid_params");
          expect(
            issuesOf(answer).some((path) => path.split(/[.[]/)[0] === name),
            about,
          ).toBe(true);
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(1_000);
  });

  it("S1.4 a parameter that is missing or unknown is named, for every method", async () => {
    for (const { name: method, params } of methods) {
      const stray = await peer.ask({ method, params: { sesionId: "x" } });
      expect(issuesOf(stray), method).toContain("sesionId");
      const required = params.filter((param) => param.required).map(({ name }) => name);
      // Without any parameter the others would be carried out.
      if (required.length === 0) continue;
      const missing = await peer.ask({ method });
      expect(issuesOf(missing).toSorted(), method).toEqual(required.toSorted());
      expect(typeOfError(await peer.ask({ method, params: [] })), method).toBe("invalid_params");
    }
  });

  it("S1.4 ids that are paths, or nothing, or too long, are refused and never looked up", async () => {
    const ids = ["../../x", "..", ".", "a/b", "/", "", " a", "a\0", "é", "x".repeat(129), "-a", "_a", "a\n"];
    for (const id of ids) {
      for (const { name: method, params } of methods) {
        for (const name of ["sessionId", "commandId"]) {
          if (!params.some((param) => param.name === name)) continue;
          const answer = await peer.ask({ method, params: { [name]: id } });
          expect(typeOfError(answer), `${method} ${name} ${JSON.stringify(id)}`).toBe("invalid_params");
        }
      }
    }
  });

  it("S1.4 a key __proto__ is refused wherever it stands, and changes nothing", async () => {
    const { sessionId } = await peer.call("session/create");
    const planted = '{"polluted":true}';
    const texts = [
      `{"sessionId":"${sessionId}","action":"a","details":{"__proto__":${planted}}}`,
      `{"sessionId":"${sessionId}","action":"a","details":[{"x":{"__proto__":${planted}}}]}`,
      `{"sessionId":"${sessionId}","action":"a","usage":{"__proto__":${planted}}}`,
      `{"sessionId":"${sessionId}","action":"a","__proto__":${planted}}`,
    ];
    const records = texts.map((params) => ["session/record", params]);
    const creates = ["metadata", "config"].map((name) => [
      "session/create",
      `{"${name}":{"__proto__":${planted}}}`,
    ]);
    const others = [
      ["metadata/set", `{"sessionId":"${sessionId}","key":"__proto__","value":1}`],
      ["session/get", `{"__proto__":{"sessionId":"${sessionId}"}}`],
      ["session/list", '{"__proto__":{"limit":1}}'],
      [
        "command/start",
        `{"sessionId":"${sessionId}","argv":["true"],"retry":{"__proto__":{"maxAttempts":9}}}`,
      ],
    ];
    for (const [index, [method = "", params = ""]] of [...records, ...creates, ...others].entries()) {
      const id = `proto-${index}`;
      const answer = peer.answerTo(id);
      peer.write(`{"jsonrpc":"2.0","id":"${id}","method":"${method}","params":${params}}\n`);
      expect(typeOfError(await answer), `${method} ${params}`).toBe("invalid_params");
    }
    // No program looks for a variable of this name: it is left out.
    const answer = peer.answerTo("proto-environment");
    const environment = '{"__proto__":"x","A":"1"}';
    peer.write(
      `{"jsonrpc":"2.0","id":"proto-environment","method":"session/create","params":{"environment":${environment}}}\n`,
    );
    expect(((await answer).result as { environment: object }).environment).toEqual({ A: "1" });
    const session = await peer.call("session/get", { sessionId });
    expect(session).toMatchObject({ metadata: {}, activities: 0, commands: { total: 0 } });
    expect((session as unknown as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("S1.4 names that every object has are no methods", async () => {
    for (const method of [
      "toString",
      "__proto__",
      "constructor",
      "hasOwnProperty",
      "session/",
      "",
      "SESSION/GET",
    ]) {
      const answer = await peer.ask({ method, params: {} });
      expect(typeOfError(answer), method).toBe("method_not_found");
    }
    const near = await peer.ask({ method: "session/creat" });
    expect(near.error?.data).toMatchObject({ hint: expect.stringContaining("session/create") });
  });

  it("S1.4 cursors that were tampered with are refused or harmless", async () => {
    const { sessionId } = await peer.call("session/create", { config: { autoSaveIntervalMs: 100 } });
    for (let index = 0; index < 3; index += 1) await peer.call("session/record", { sessionId, action: "x" });
    const numbers = [-1, 0, 1, 1e15, 2 ** 53, -(2 ** 53), 0.5, 1e308, null, "1", {}, []];
    for (const seq of numbers) {
      for (const offset of numbers) {
        const cursor = Buffer.from(JSON.stringify({ seq, offset })).toString("base64url");
        for (const order of ["newest", "oldest"]) {
          const params = { sessionId, order, cursor };
          const answer = await peer.ask({ method: "session/activities", params });
          if (answer.error !== undefined) expect(typeOfError(answer)).toBe("invalid_params");
        }
      }
    }
  });

  it("S1.4 after all of it the daemon is the one that it was, and its log knows of no fault", async () => {
    expect((await peer.call("daemon/status")).pid).toBe(daemon().process.pid);
    const lines = await daemon().log();
    expect(lines.filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
    expect(daemon().process.said).toBe("");
  });
});
