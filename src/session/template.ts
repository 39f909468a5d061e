import type { Bounds, Command } from "./commands.js";
import { type Decision, happened, type Head, limitReached, refuse, type Refused } from "./decision.js";
import type { Event, Stamp } from "./events.js";
import { faultOfMetadata } from "./metadata.js";
import type { Template } from "./state.js";

type TemplateCommand = Extract<Command, { type: `template/${string}` }>;

/** Decides what is asked of a template. */
export function decideTemplate(head: Head, command: TemplateCommand, bounds: Bounds): Decision {
  const { templateId } = command;
  const known = head.things.templates.head(templateId);
  if (command.type === "template/delete") {
    if (known === undefined) return templateNotFound(templateId);
    return happened({ type: "template/deleted", data: { templateId } });
  }
  const { headSize } = head.things.templates;
  if (known === undefined && headSize >= bounds.templates) {
    const message = `There are ${headSize} templates, and no more than ${bounds.templates} are allowed.`;
    return limitReached("templates", bounds.templates, message, "delete some with template/delete");
  }
  const { description, defaults } = command;
  return (
    faultOfMetadata(defaults.metadata ?? {}, bounds) ??
    happened({ type: "template/saved", data: { templateId, description, defaults } })
  );
}

/** The template after an event, as a new object; undefined after its deletion. */
export function evolveTemplate(
  template: Template | undefined,
  event: Event,
  { at }: Stamp,
): Template | undefined {
  switch (event.type) {
    case "template/saved":
      return { ...event.data, createdAt: template?.createdAt ?? at, updatedAt: at };
    case "template/deleted":
      return undefined;
    default:
      return template;
  }
}

/** The id of the template that an event is about, if any. */
export function templateIdOf(event: Event): string | undefined {
  return event.type === "template/saved" || event.type === "template/deleted"
    ? event.data.templateId
    : undefined;
}

export function templateNotFound(templateId: string): Refused {
  return refuse("template_not_found", `There is no template "${templateId}".`, {
    hint: "template/list shows those that there are",
  });
}
