import { describe, expect, it } from "vitest";

import { errorObject, ERRORS, RefusalError } from "../../src/protocol/errors.js";

const SPECIFIED = {
  parse_error: -32_700,
  invalid_request: -32_600,
  method_not_found: -32_601,
  invalid_params: -32_602,
  internal_error: -32_603,
};

describe("the table of errors", () => {
  it("has the codes of JSON-RPC for its own errors", () => {
    for (const [type, code] of Object.entries(SPECIFIED)) expect(ERRORS).toHaveProperty([type, "code"], code);
  });

  it("has all others in the range that is left to servers, each code once", () => {
    const own = Object.entries(ERRORS).filter(([type]) => !Object.hasOwn(SPECIFIED, type));
    for (const [, { code }] of own) {
      expect(code).toBeLessThanOrEqual(-32_000);
      expect(code).toBeGreaterThanOrEqual(-32_099);
    }
    expect(new Set(Object.values(ERRORS).map(({ code }) => code)).size).toBe(Object.keys(ERRORS).length);
  });

  it.each(Object.entries(ERRORS))("%s has a stable name and one sentence", (type, { summary }) => {
    expect(type).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(summary).toMatch(/^[A-Z].*\.$/);
  });
});

describe("a refusal", () => {
  it("becomes an error object with its name, its hint and its details", () => {
    const refusal = {
      type: "limit_reached",
      message: "Too many.",
      hint: "wait",
      details: { limit: "maxSessions", bound: 5 },
    } as const;
    expect(errorObject(refusal)).toEqual({
      code: -32_005,
      message: "Too many.",
      data: { type: "limit_reached", hint: "wait", limit: "maxSessions", bound: 5 },
    });
  });

  it("has no hint where there is nothing to do", () => {
    const { data } = errorObject({ type: "internal_error", message: "Sorry." });
    expect(data).toStrictEqual({ type: "internal_error" });
  });

  it("can be thrown", () => {
    const refusal = { type: "session_not_found", message: "Gone." } as const;
    const error = new RefusalError(refusal);
    expect(error).toMatchObject({ name: "RefusalError", message: "Gone.", refusal });
  });
});
