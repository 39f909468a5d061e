import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSecretKey, presentable } from "../../src/log/presentable.js";
import { REDACTED } from "../../src/secretNames.js";

describe("secrets", () => {
  it.each([
    "token",
    "accessToken",
    "x-api-key",
    "API_KEY",
    "client_secret",
    "Authorization",
    "cookie",
    "set-cookie",
    "MYSQL_PWD",
    "signingKey",
    "passwordHash",
    "jwt",
  ])("hides the value of %s", (key) =>
    expect(presentable({ a: [{ [key]: "hunter2" }] })).toEqual({ a: [{ [key]: REDACTED }] }),
  );

  it("hides an environment and a lease as a whole, whatever they hold", () => {
    expect(presentable({ env: { A: "1" }, environment: ["A=1"], lease: "l" })).toEqual({
      env: REDACTED,
      environment: REDACTED,
      lease: REDACTED,
    });
  });

  it("leaves counts, absent values and harmless names alone", () => {
    const value = { token: 7, password: null, secret: undefined, tokens: 12, tokenUsage: { input: 3 } };
    expect(presentable(value)).toEqual(value);
    expect(["sessionId", "key", "keys"].filter(isSecretKey)).toEqual([]);
  });

  it("hides the passwords in URLs, in messages and stacks too, also where a text is cut", () => {
    const url = "redis://ada:hunter2@host/";
    const error = new Error(`no answer from ${url}`);
    const long = `${"x".repeat(16_384 - 15)}${url}`;
    const shown = presentable({ url, list: [url], error, long });
    expect(shown).toMatchObject({ url: "redis://ada:[redacted]@host/", error: { type: "Error" } });
    expect(JSON.stringify(shown)).not.toContain("ada:h");
  });

  it("never lets one through, wherever it is", () => {
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 8 },
        fc.constantFrom(1, "plain", null),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("a", "authToken", "b", "env"), tie("node"), { maxKeys: 3 }),
        fc.record({ password: fc.constant("hunter2") }),
      ),
    })).node;
    fc.assert(fc.property(tree, (value) => !JSON.stringify(presentable(value)).includes("hunter2")));
  });
});

describe("size", () => {
  it("cuts long strings, deep values and long lists", () => {
    const deep = (levels: number): unknown => (levels === 0 ? "bottom" : { inner: deep(levels - 1) });
    expect(presentable("x".repeat(20_000))).toBe(`${"x".repeat(16_384)}… (20000 characters)`);
    expect(JSON.stringify(presentable(deep(6)))).toContain("bottom");
    let deepest: unknown = "bottom";
    for (let level = 0; level < 100_000; level++) deepest = [deepest];
    expect(JSON.stringify(presentable(deepest))).toBe('[[[[[[["[…]"]]]]]]]');
    const list = presentable(Array.from({ length: 10_000 }, (_, index) => index)) as unknown[];
    expect(list.length).toBeLessThanOrEqual(501);
    expect(list.at(-1)).toBe("… more than one line takes");
    const keys = presentable(
      Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, 1])),
    );
    expect(Object.keys(keys as object).length).toBeLessThanOrEqual(501);
  });

  it("ends at a cycle", () => {
    const cycle: Record<string, unknown> = { name: "loop" };
    cycle["self"] = cycle;
    expect(JSON.stringify(presentable(cycle))).toContain('"self":"{…}"');
  });
});

describe("kinds", () => {
  it("has words for what JSON has not", () => {
    const values = [
      10n,
      Symbol("s"),
      () => 1,
      new Date(0),
      new Date(Number.NaN),
      Buffer.alloc(3),
      new Map([["a", 1]]),
      new Set(["a"]),
      undefined,
      true,
    ];
    expect(presentable(values)).toEqual([
      "10",
      "Symbol(s)",
      "<function>",
      "1970-01-01T00:00:00.000Z",
      "Invalid Date",
      "<3 bytes>",
      [["a", 1]],
      ["a"],
      undefined,
      true,
    ]);
  });

  it("shows an error with its code, causes and inner errors, and no secret of theirs", () => {
    const inner = Object.assign(new RangeError("inner"), { code: "EINNER", authToken: "hunter2" });
    const error = new AggregateError([inner], "outer", { cause: "why" });
    expect(presentable(error)).toEqual({
      type: "AggregateError",
      message: "outer",
      stack: expect.stringContaining("outer"),
      cause: "why",
      errors: [
        {
          type: "RangeError",
          message: "inner",
          stack: expect.stringContaining("inner"),
          code: "EINNER",
          authToken: REDACTED,
        },
      ],
    });
    const bare = new Error("bare");
    delete bare.stack;
    expect(presentable(bare)).toEqual({ type: "Error", message: "bare", stack: "" });
  });

  it("keeps a chain of causes finite", () => {
    let error = new Error("first");
    for (let index = 0; index < 1_000; index++) error = new Error("next", { cause: error });
    expect(JSON.stringify(presentable(error)).length).toBeLessThan(60_000);
  });

  it("survives a getter that throws and a revoked proxy", () => {
    const hostile = {
      get bad(): string {
        throw new Error("no");
      },
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(presentable({ hostile, proxy, good: 1 })).toEqual({
      hostile: { bad: "<unreadable: Error: no>" },
      proxy: expect.stringContaining("<unreadable: TypeError"),
      good: 1,
    });
  });

  it("keeps a planted __proto__ a plain key", () => {
    const shown = presentable(JSON.parse('{"__proto__": {"polluted": 1}}')) as object;
    expect(Object.getPrototypeOf(shown)).toBe(Object.prototype);
    expect(Object.keys(shown)).toEqual(["__proto__"]);
  });
});
