import { RefusalError } from "../protocol/errors.js";
import type { Result, TemplateDefaults, ValidParams } from "../protocol/types.js";
import { mergePatches } from "../session/settings.js";
import type { Template } from "../session/state.js";
import { templateNotFound } from "../session/template.js";
import { showTemplate } from "./show/template.js";
import type { Supervisor } from "./supervisor.js";

type Source = Pick<Supervisor, "registry">;

/** The durable template of an id. @throws RefusalError where there is none */
export function findTemplate({ registry }: Source, templateId: string): Template {
  const template = registry.things.templates.committed.get(templateId);
  if (template === undefined) throw new RefusalError(templateNotFound(templateId).refusal);
  return template;
}

/** One page of the templates, by their ids. */
export function listTemplates(
  { registry }: Source,
  { limit, cursor }: ValidParams<"template/list">,
): Result<"template/list"> {
  const all = [...registry.things.templates.committed.values()].toSorted((a, b) =>
    a.templateId < b.templateId ? -1 : 1,
  );
  // The ids of which there are few and which can be no other text: the cursor is the last one shown.
  const from = cursor === undefined ? 0 : all.findIndex(({ templateId }) => templateId > cursor);
  const following = from < 0 ? [] : all.slice(from, from + limit);
  const last = from >= 0 && from + limit < all.length ? following.at(-1) : undefined;
  return {
    items: following.map((template) => showTemplate(template)),
    total: all.length,
    ...(last === undefined ? {} : { nextCursor: last.templateId }),
  };
}

/** The fields of a new session with the defaults of its template under them: lists and records are merged. */
export function withDefaults<Fields extends TemplateDefaults>(
  fields: Fields,
  defaults: TemplateDefaults,
): Fields {
  const tags = [...new Set([...(defaults.tags ?? []), ...(fields.tags ?? [])])];
  return {
    ...defaults,
    ...fields,
    tags,
    metadata: { ...defaults.metadata, ...fields.metadata },
    environment: { ...defaults.environment, ...fields.environment },
    config: mergePatches(defaults.config, fields.config),
  };
}
