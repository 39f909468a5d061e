import { RefusalError } from "../protocol/errors.js";
import { templateDefaults } from "../protocol/template.js";
import type { Result, TemplateDefaults, ValidParams } from "../protocol/types.js";
import { mergePatches } from "../session/settings.js";
import type { Template } from "../session/state.js";
import { evolveTemplate, templateNotFound } from "../session/template.js";
import type { KeyedCall } from "./keys.js";
import type { After } from "./ledger.js";
import { showTemplate } from "./show/template.js";
import type { Supervisor } from "./supervisor.js";

type Source = Pick<Supervisor, "registry">;

/** Saves a template in place of one that was there, and answers it. */
export function saveTemplate(
  supervisor: Pick<Supervisor, "registry" | "submit">,
  { templateId, description, defaults }: Omit<ValidParams<"template/save">, "idempotencyKey">,
  call: KeyedCall | undefined,
): Promise<Result<"template/save">> {
  const show = ({ events: [event], stamp }: After): object => {
    // The record is not applied yet: at head is the one that was there.
    const before = supervisor.registry.things.templates.head(templateId);
    const template = event === undefined ? before : evolveTemplate(before, event, stamp);
    return template === undefined ? {} : showTemplate(template);
  };
  const command = { type: "template/save", templateId, description, defaults } as const;
  return supervisor.submit(command, { call, show }) as Promise<Result<"template/save">>;
}

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

/** What is merged of both has limits that the sum may be over although neither is. */
const MERGED = templateDefaults.pick({ tags: true, environment: true });

/**
 * The fields of a new session with the defaults of its template under them: lists and records are merged.
 *
 * @throws RefusalError where template and call are too much together; what metadata may be, the state machine says
 */
export function withDefaults<Fields extends TemplateDefaults>(
  fields: Fields,
  { templateId, defaults }: Pick<Template, "templateId" | "defaults">,
): Fields {
  const tags = [...new Set([...(defaults.tags ?? []), ...(fields.tags ?? [])])];
  const environment = { ...defaults.environment, ...fields.environment };
  const [issue] = MERGED.safeParse({ tags, environment }).error?.issues ?? [];
  if (issue !== undefined) {
    const message = `${issue.path.join(".")}: template "${templateId}" and the call together: ${issue.message}.`;
    const hint = "leave some out of the call, or save the template with fewer";
    throw new RefusalError({ type: "invalid_params", message, hint });
  }
  return {
    ...defaults,
    ...fields,
    tags,
    metadata: { ...defaults.metadata, ...fields.metadata },
    environment,
    config: mergePatches(defaults.config, fields.config),
  };
}
