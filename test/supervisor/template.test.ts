import { describe, expect, it } from "vitest";

import { LIMITS } from "../../src/protocol/limits.js";
import { findTemplate, listTemplates, withDefaults } from "../../src/supervisor/template.js";
import { Registry } from "../../src/supervisor/registry.js";

const by = (defaults: Parameters<typeof withDefaults>[1]["defaults"]) => ({ templateId: "t", defaults });

/** A registry with templates of these ids, in this order. */
function registryOf(templateIds: readonly string[]): { readonly registry: Registry } {
  const registry = new Registry({ keepPerSession: 1 });
  for (const templateId of templateIds)
    registry.things.restore({
      of: "template",
      thing: { templateId, description: undefined, defaults: {}, createdAt: 1, updatedAt: 1 },
    });
  return { registry };
}

describe("the defaults of a template", () => {
  it("stand where the call says nothing, and lists and records are merged, the call's own above", () => {
    const merged = withDefaults(
      {
        name: "mine",
        tags: ["b", "c"],
        metadata: { shared: "call", own: 1 },
        environment: { LANG: "C" },
        config: { graceMs: 2, retry: { jitter: 0 } },
      },
      by({
        name: "theirs",
        purpose: "p",
        tags: ["a", "b"],
        metadata: { shared: "template", kept: true },
        environment: { LANG: "de", TERM: "x" },
        config: { graceMs: 1, idleTimeoutMs: 5, retry: { maxAttempts: 3 }, logging: { level: "debug" } },
      }),
    );
    expect(merged).toEqual({
      name: "mine",
      purpose: "p",
      tags: ["a", "b", "c"],
      metadata: { shared: "call", own: 1, kept: true },
      environment: { LANG: "C", TERM: "x" },
      config: {
        graceMs: 2,
        idleTimeoutMs: 5,
        retry: { jitter: 0, maxAttempts: 3 },
        logging: { level: "debug" },
      },
    });
  });

  it("are refused where they are too much together with those of the call", () => {
    const many = (prefix: string): string[] =>
      Array.from({ length: LIMITS.tags / 2 + 1 }, (_, index) => `${prefix}${index}`);
    expect(() => withDefaults({ tags: many("a") }, by({ tags: many("b") }))).toThrow(
      /^tags: template "t" and the call together: /,
    );
    // The same in both count once.
    expect(withDefaults({ tags: many("a") }, by({ tags: many("a") })).tags).toHaveLength(many("a").length);
    const half = "x".repeat(131_000);
    expect(() =>
      withDefaults({ environment: { A: half, B: half } }, by({ environment: { C: half, D: half } })),
    ).toThrow(/^environment: template "t"/);
  });
});

describe("templates", () => {
  it("are listed by their ids, page after page", () => {
    const source = registryOf(["b", "c", "a"]);
    const first = listTemplates(source, { limit: 2 });
    expect([first.items.map(({ templateId }) => templateId), first.total]).toEqual([["a", "b"], 3]);
    const second = listTemplates(source, { limit: 2, cursor: first.nextCursor });
    expect(second.items.map(({ templateId }) => templateId)).toEqual(["c"]);
    expect(second).not.toHaveProperty("nextCursor");
    expect(listTemplates(source, { limit: 2, cursor: "z" })).toMatchObject({ items: [], total: 3 });
    expect(listTemplates(registryOf([]), { limit: 2 })).toEqual({ items: [], total: 0 });
  });

  it("are found by their ids, or missed", () => {
    expect(findTemplate(registryOf(["a"]), "a")).toMatchObject({ templateId: "a" });
    expect(() => findTemplate(registryOf(["a"]), "b")).toThrow('There is no template "b".');
  });
});
