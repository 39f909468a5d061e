import { describe, expect, it } from "vitest";
import type { z } from "zod";

import { ERRORS } from "../../src/protocol/errors.js";
import { EVENTS } from "../../src/protocol/events.js";
import type { Method } from "../../src/protocol/method.js";
import { METHODS } from "../../src/protocol/methods/index.js";

const methods = Object.entries(METHODS) as [string, Method<z.ZodObject>][];
const keysOf = ({ params }: Method<z.ZodObject>): string[] => Object.keys(params.shape);

/** Writes that cannot be repeated: after a shutdown there is nobody to ask; backups and logs are not in the journal. */
const UNKEYED = ["daemon/backup", "daemon/shutdown", "command/write", "log/write"];
/** Writes that do what is due when they are made: done again, they find nothing left of it, so they need no key. */
const LEVEL_TRIGGERED = ["retention/run", "chain/cleanup"];

describe.each(methods)("%s", (name, method) => {
  it("is named noun/verb, and described in one sentence", () => {
    if (name !== "rpc.discover") expect(name).toMatch(/^[a-z]+\/[a-z][A-Za-z]*$/);
    expect(method.summary).toMatch(/^[A-Z].*[.]$/);
  });

  it("names a key that it does not know", () => {
    const { error } = method.params.safeParse({ surplus: 1 });
    const issue = error?.issues.find(({ code }) => code === "unrecognized_keys");
    expect(issue).toMatchObject({ keys: ["surplus"] });
  });

  it("declares errors of the table, each once", () => {
    for (const type of method.errors) expect(Object.keys(ERRORS)).toContain(type);
    expect(new Set(method.errors).size).toBe(method.errors.length);
  });

  it("can miss a thing that it names", () => {
    const keys = keysOf(method).filter((key) => !method.params.shape[key]?.safeParse(undefined).success);
    // A chain has sessions of other tools as well.
    if (keys.includes("sessionId") && !name.startsWith("chain/"))
      expect(method.errors).toContain("session_not_found");
    if (keys.includes("commandId")) expect(method.errors).toContain("command_not_found");
    if (keys.includes("subscriptionId")) expect(method.errors).toContain("subscription_not_found");
  });

  it("takes an idempotency key, and waits for the disk, if it writes", () => {
    const isDurable = method.access === "write" && !UNKEYED.includes(name);
    const isRepeatable = isDurable && !LEVEL_TRIGGERED.includes(name);
    expect(keysOf(method).includes("idempotencyKey")).toBe(isRepeatable);
    expect(method.durable).toBe(isDurable);
    if (isRepeatable) expect(method.params.shape["idempotencyKey"]?.safeParse(undefined).success).toBe(true);
  });

  it("is paged if it lists", () => {
    if (!name.endsWith("/list") && name !== "session/activities") return;
    expect(keysOf(method)).toEqual(expect.arrayContaining(["limit", "cursor"]));
    const result = method.result as z.ZodObject;
    expect(Object.keys(result.shape)).toEqual(["items", "nextCursor", "total"]);
  });
});

describe("params", () => {
  it("are filled in where there is a default", () => {
    expect(METHODS["session/list"].params.parse({})).toEqual({
      includeArchived: false,
      includeTrashed: false,
      order: "newest",
      limit: 100,
    });
    expect(METHODS["session/end"].params.parse({ sessionId: "s" })).toEqual({
      sessionId: "s",
      status: "completed",
    });
    expect(METHODS["command/signal"].params.parse({ commandId: "c" })).toMatchObject({ signal: "SIGTERM" });
  });

  it("cannot end a session as timed out: that is a limit's to say", () => {
    const parsed = METHODS["session/end"].params.safeParse({ sessionId: "s", status: "timed_out" });
    expect(parsed.success).toBe(false);
  });

  it("remove a text by null, and nothing else", () => {
    const ok = (fields: object): boolean =>
      METHODS["session/update"].params.safeParse({ sessionId: "s", ...fields }).success;
    expect(ok({ name: null, purpose: null, description: null, userId: null })).toBe(true);
    for (const key of ["workingDirectory", "tags", "metadata", "environment", "config"]) {
      expect(ok({ [key]: null })).toBe(false);
    }
  });

  it("are strict at every level", () => {
    const create = METHODS["session/create"].params;
    for (const config of [{ idleTimeout: 1 }, { retry: { attempts: 1 } }, { logging: { verbose: true } }]) {
      const { error } = create.safeParse({ config });
      expect(error?.issues[0]).toMatchObject({
        code: "unrecognized_keys",
        path: expect.arrayContaining(["config"]),
      });
    }
  });

  it("refuse a key of metadata that would be a prototype", () => {
    const set = METHODS["metadata/set"].params;
    expect(set.safeParse({ sessionId: "s", key: "k", value: null }).success).toBe(true);
    expect(set.safeParse({ sessionId: "s", key: "__proto__", value: 1 }).success).toBe(false);
    expect(set.safeParse({ sessionId: "s", key: "k" }).success).toBe(false);
    expect(set.safeParse({ sessionId: "s", key: "k", value: JSON.parse('{"__proto__":1}') }).success).toBe(
      false,
    );
  });

  it("start a program that has a name, with arguments that an operating system takes", () => {
    const ok = (argv: unknown): boolean =>
      METHODS["command/start"].params.safeParse({ sessionId: "s", argv }).success;
    expect([["make"], ["make", "", "x y", "ä"]].map((argv) => ok(argv))).toEqual([true, true]);
    for (const argv of [[], [""], ["a\0"], ["make", "a\0b"], "make all", [1]]) expect(ok(argv)).toBe(false);
  });

  it("subscribe to types in full or by namespace", () => {
    const ok = (type: string): boolean =>
      METHODS["event/subscribe"].params.safeParse({ types: [type] }).success;
    expect(["session/ended", "session/*"].map((type) => ok(type))).toEqual([true, true]);
    const wrong = ["*", "session", "session/", "*/ended", "session/**", "session/endd", "sessions/*"];
    for (const type of wrong) expect(ok(type), type).toBe(false);
    for (const type of Object.keys(EVENTS)) expect(ok(type), type).toBe(true);
  });

  it("have retries within bounds", () => {
    const ok = (retry: object): boolean =>
      METHODS["command/start"].params.safeParse({ sessionId: "s", argv: ["x"], retry }).success;
    const good = [{}, { maxAttempts: 1 }, { maxAttempts: 1_000 }, { jitter: 0 }, { jitter: 1 }];
    expect(good.filter((retry) => !ok(retry))).toEqual([]);
    const wrong = [
      { maxAttempts: 0 },
      { maxAttempts: 1_001 },
      { jitter: -0.1 },
      { jitter: 1.1 },
      { backoffCoefficient: 0.9 },
      { nonRetryableExitCodes: [256] },
      { initialIntervalMs: -1 },
    ];
    expect(wrong.filter((retry) => ok(retry))).toEqual([]);
  });
});
