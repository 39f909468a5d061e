import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fromEnvironment } from "../../src/config/layers.js";
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
