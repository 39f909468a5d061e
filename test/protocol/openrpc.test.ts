import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

import { ERRORS, type ErrorType } from "../../src/protocol/errors.js";
import { EVENTS } from "../../src/protocol/events.js";
import { METHODS } from "../../src/protocol/methods/index.js";
import { openRpcDocument } from "../../src/protocol/openrpc.js";

const FIXTURE = fileURLToPath(new URL("openrpc.json", import.meta.url));
/** Writes that do what is due when they are made: they need no key. */
const LEVEL_TRIGGERED = ["retention/run", "chain/cleanup"];
/** Set to 1, the test writes the fixture instead of holding the document against it. */
const UPDATE = "SESSIOND_UPDATE_OPENRPC";
const TO_UPDATE =
  "The protocol has changed. If that is what you wanted, and old clients can live with it, write the new document with\n" +
  `  ${UPDATE}=1 npx vitest run --config test/vitest.config.ts test/protocol/openrpc.test.ts\n` +
  "and read its diff.";

interface Param {
  readonly name: string;
  readonly required: boolean;
  readonly schema: object;
}

interface Document {
  readonly openrpc: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly methods: readonly {
    readonly name: string;
    readonly summary: string;
    readonly paramStructure: string;
    readonly params: readonly Param[];
    readonly result: { readonly name: string; readonly schema: object };
    readonly errors: readonly {
      readonly code: number;
      readonly message: string;
      readonly data: { type: ErrorType };
    }[];
    readonly "x-access": string;
    readonly "x-durable": boolean;
  }[];
  readonly "x-notifications": Readonly<Record<string, object>>;
  readonly "x-events": Readonly<Record<string, object>>;
}

// As it goes over the wire: what JSON drops is not part of it.
const document = JSON.parse(JSON.stringify(openRpcDocument("0.0.0"))) as Document;

/** Keywords of JSON Schema that the document uses; a new one is looked at before it is added here. */
const KEYWORDS = new Set([
  "type",
  "properties",
  "required",
  "additionalProperties",
  "propertyNames",
  "items",
  "anyOf",
  "oneOf",
  "enum",
  "const",
  "default",
  "description",
  "format",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "minItems",
  "maxItems",
]);

/** Goes through a schema and all schemas in it. */
function checkSchema(schema: unknown, path: string): void {
  expect(typeof schema === "object" && schema !== null && !Array.isArray(schema), path).toBe(true);
  const { properties, propertyNames, additionalProperties, items, anyOf, oneOf, ...rest } = schema as Record<
    string,
    unknown
  >;
  for (const keyword of Object.keys(schema as object))
    expect(KEYWORDS, `${path}: ${keyword}`).toContain(keyword);
  for (const [name, inner] of Object.entries(properties ?? {})) checkSchema(inner, `${path}.${name}`);
  for (const [index, inner] of ((anyOf ?? oneOf ?? []) as unknown[]).entries())
    checkSchema(inner, `${path}|${index}`);
  if (items !== undefined) checkSchema(items, `${path}[]`);
  if (propertyNames !== undefined) checkSchema(propertyNames, `${path} keys`);
  if (typeof additionalProperties === "object") checkSchema(additionalProperties, `${path}.*`);
  for (const name of (rest["required"] ?? []) as string[]) expect(properties, path).toHaveProperty([name]);
  if (typeof rest["pattern"] === "string")
    expect(() => new RegExp(rest["pattern"] as string, "u")).not.toThrow();
}

/** Writes it as the project's formatter would, which else would change it. */
async function writeFixture(): Promise<void> {
  const { format, resolveConfig } = await import("prettier");
  const options = { ...(await resolveConfig(FIXTURE)), parser: "json" };
  await writeFile(FIXTURE, await format(JSON.stringify(document), options));
}

describe("the OpenRPC document", () => {
  it("is the one that was agreed on", async () => {
    if (process.env[UPDATE] === "1") return writeFixture();
    const agreed = JSON.parse(await readFile(FIXTURE, "utf8")) as unknown;
    expect(document, TO_UPDATE).toEqual(agreed);
  });

  it("has the shape of OpenRPC 1.3", () => {
    expect(document.openrpc).toMatch(/^1\.3\.\d+$/);
    expect(document.info).toMatchObject({ title: "sessiond", version: "0.0.0" });
    const names = document.methods.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(Object.keys(METHODS));
    for (const { name, summary, paramStructure, params, result, errors, ...more } of document.methods) {
      expect(name).toMatch(/^(?:[a-z]+\/[a-zA-Z]+|rpc\.discover)$/);
      expect(summary, name).toMatch(/^[A-Z].*\.$/s);
      expect(paramStructure).toBe("by-name");
      const required = params.map((param) => param.required);
      expect(required, `${name}: the required ones come first`).toEqual(required.toSorted((a, b) => +b - +a));
      expect(new Set(params.map((param) => param.name)).size).toBe(params.length);
      for (const param of params) checkSchema(param.schema, `${name} ${param.name}`);
      checkSchema(result.schema, `${name} result`);
      for (const { code, message, data } of errors) {
        expect(ERRORS[data.type], `${name}: ${data.type}`).toEqual({ code, summary: message });
      }
      expect(errors.map(({ data }) => data.type)).toContain("invalid_params");
      expect(Object.keys(more).toSorted()).toEqual(["x-access", "x-durable"]);
    }
  });

  it("says of writes what writes need: a key, and the errors of the journal", () => {
    for (const { name, params, errors, ...method } of document.methods) {
      const types = errors.map(({ data }) => data.type);
      const isDurable = method["x-durable"];
      const isKeyed = isDurable && !LEVEL_TRIGGERED.includes(name);
      expect(
        params.some((param) => param.name === "idempotencyKey"),
        name,
      ).toBe(isKeyed);
      expect(types.includes("journal_unavailable"), name).toBe(isDurable);
      // Every key is one more that is remembered.
      if (isKeyed) expect(types, name).toContain("limit_reached");
      if (isDurable) expect(method["x-access"], name).toBe("write");
    }
  });

  it("describes every event, and nothing else", () => {
    expect(Object.keys(document["x-events"])).toEqual(Object.keys(EVENTS));
    for (const [type, schema] of Object.entries(document["x-events"])) {
      expect(type).toMatch(/^[a-z]+\/[a-z]+$/);
      checkSchema(schema, type);
    }
  });

  it("describes what the daemon sends unasked", () => {
    expect(Object.keys(document["x-notifications"])).toEqual(["event", "event/gap", "session/taken"]);
    for (const [name, schema] of Object.entries(document["x-notifications"])) checkSchema(schema, name);
  });

  it("has one code for one error, within the range that JSON-RPC leaves to servers", () => {
    const codes = Object.values(ERRORS).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    const reserved = new Set([-32700, -32600, -32601, -32602, -32603]);
    const own = codes.filter((code) => !reserved.has(code));
    expect(codes.length - own.length).toBe(5);
    expect(own.every((code) => code <= -32000 && code >= -32099)).toBe(true);
  });
});
