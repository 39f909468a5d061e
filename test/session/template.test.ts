import { describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import type { Decision, Head } from "../../src/session/decision.js";
import type { Template } from "../../src/session/state.js";
import { evolveTemplate, templateIdOf } from "../../src/session/template.js";
import { decided, headOf, onlyEvent } from "./samples.js";

const TEMPLATE: Template = {
  templateId: "t",
  description: "old",
  defaults: { purpose: "x" },
  createdAt: 1_000,
  updatedAt: 1_000,
};
const save: Command = {
  type: "template/save",
  templateId: "t",
  description: undefined,
  defaults: { tags: ["a"] },
};
const remove: Command = { type: "template/delete", templateId: "t" };
const stamp = { seq: 7, at: 9_000, up: 1 };

function headWith(template: Template | undefined, headSize = template === undefined ? 0 : 1): Head {
  const head = headOf([]);
  return { ...head, things: { ...head.things, templates: { head: () => template, headSize } } };
}

function refusalOf(decision: Decision): object {
  return "refusal" in decision ? decision.refusal : {};
}

describe("a template", () => {
  it("is saved, in place of the one that was there, which it is as old as", () => {
    const event = onlyEvent(decided(headWith(undefined), save));
    expect(templateIdOf(event)).toBe("t");
    expect(evolveTemplate(undefined, event, stamp)).toEqual({
      templateId: "t",
      description: undefined,
      defaults: { tags: ["a"] },
      createdAt: 9_000,
      updatedAt: 9_000,
    });
    expect(evolveTemplate(TEMPLATE, event, stamp)).toMatchObject({
      description: undefined,
      defaults: { tags: ["a"] },
      createdAt: 1_000,
      updatedAt: 9_000,
    });
  });

  it("is refused where there are too many, and where no session could have its metadata", () => {
    const bounds = { templates: 1 };
    expect(refusalOf(decided(headWith(undefined, 1), save, { bounds }))).toMatchObject({
      type: "limit_reached",
      details: { limit: "templates", bound: 1 },
    });
    expect(decided(headWith(TEMPLATE), save, { bounds })).toHaveProperty("events");
    const defaults = { metadata: { long: "x".repeat(20_000) } };
    expect(refusalOf(decided(headWith(undefined), { ...save, defaults }))).toMatchObject({
      type: "limit_reached",
      details: { limit: "metadataValueLength" },
    });
  });

  it("is deleted once", () => {
    const event = onlyEvent(decided(headWith(TEMPLATE), remove));
    expect(templateIdOf(event)).toBe("t");
    expect(evolveTemplate(TEMPLATE, event, stamp)).toBeUndefined();
    expect(refusalOf(decided(headWith(undefined), remove))).toMatchObject({ type: "template_not_found" });
  });

  it("is left alone by the events of others", () => {
    const touched = { type: "session/touched", sessionId: "s", data: {} } as const;
    expect(evolveTemplate(TEMPLATE, touched, stamp)).toBe(TEMPLATE);
    expect(templateIdOf(touched)).toBeUndefined();
  });
});
