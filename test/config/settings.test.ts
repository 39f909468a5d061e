import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fromDocument, fromEnvironment } from "../../src/config/layers.js";
import { SETTINGS, settingsOf } from "../../src/config/settings.js";

describe("SETTINGS", () => {
  it("gives every setting names that are its own, a meaning and what is allowed", () => {
    for (const name of ["key", "variable", "flag", "option"] as const) {
      expect(new Set(SETTINGS.map((setting) => setting[name])).size).toBe(SETTINGS.length);
    }
    expect(SETTINGS.filter((setting) => setting.meaning === "" || setting.allowed === "")).toEqual([]);
    expect(SETTINGS.length).toBeGreaterThanOrEqual(30);
  });

  it("derives the names from the place in the schema", () => {
    expect(SETTINGS.find((setting) => setting.key === "sessions.idleTimeoutMs")).toMatchObject({
      path: ["sessions", "idleTimeoutMs"],
      variable: "SESSIOND_SESSIONS_IDLE_TIMEOUT_MS",
      flag: "--sessions-idle-timeout-ms",
      option: "sessionsIdleTimeoutMs",
      kind: "integer",
    });
  });

  it("takes every integer setting from its variable", () => {
    for (const { variable, key, kind } of SETTINGS) {
      if (kind !== "integer") continue;
      const layer = fromEnvironment({ [variable]: " 5000 " });
      expect([...layer.values]).toEqual([[key, 5_000]]);
    }
  });
});

describe("a list", () => {
  const policies = [{ match: { tags: ["ci"] }, keep: { count: 3 }, action: "trash" }];

  it("S4.6 is given as JSON in a variable or flag", () => {
    const layer = fromEnvironment({ SESSIOND_RETENTION_POLICIES: ` ${JSON.stringify(policies)} ` });
    expect(layer).toEqual({ values: new Map([["retention.policies", policies]]), problems: [] });
    expect(SETTINGS.find(({ key }) => key === "retention.policies")).toMatchObject({ kind: "json" });
  });

  it("says what is allowed where it is none, or holds what means nothing", () => {
    for (const text of ["ci", "[", "{}", '[{"action":"burn"}]', '[{"action":"trash","matches":{}}]']) {
      const { values, problems } = fromEnvironment({ SESSIOND_RETENTION_POLICIES: text });
      expect([values.size, problems.length], text).toEqual([0, 1]);
      expect(problems[0]).toContain("allowed is a list of policies such as [");
    }
    const { problems } = fromDocument("the file", {
      retention: { policies: [{ match: { tag: "ci" }, action: "burn" }] },
    });
    expect(problems).toEqual([
      "the file: there is no setting retention.policies.0.match.tag",
      expect.stringMatching(
        /^the file: retention\.policies\.0\.action is "burn"; allowed is a list of policies such as/,
      ) as string,
    ]);
  });
});

describe("settingsOf", () => {
  it("knows the kinds that a later section may bring", () => {
    const root = z.strictObject({
      gateway: z
        .strictObject({
          enabled: z.boolean().default(false),
          host: z.string().default("localhost"),
          port: z.int(),
        })
        .prefault({ port: 1 }),
    });
    expect(
      settingsOf(root).map(({ variable, kind, allowed, meaning }) => [variable, kind, allowed, meaning]),
    ).toEqual([
      ["SESSIOND_GATEWAY_ENABLED", "boolean", "true or false", ""],
      ["SESSIOND_GATEWAY_HOST", "string", "a string", ""],
      ["SESSIOND_GATEWAY_PORT", "integer", expect.stringContaining("a whole number"), ""],
    ]);
  });
});
