import type { Result } from "../../protocol/types.js";
import { showTemplate } from "../../supervisor/show/template.js";
import { findTemplate, listTemplates } from "../../supervisor/template.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function templateHandlers({ supervisor }: Services): NamespaceHandlers<"template"> {
  return {
    "template/save": (params) => {
      const { call, fields } = keyed("template/save", params);
      const { templateId, description, defaults } = fields;
      const show = (): object => {
        const template = supervisor.registry.things.templates.head(templateId);
        return template === undefined ? {} : showTemplate(template);
      };
      const command = { type: "template/save", templateId, description, defaults } as const;
      return supervisor.submit(command, { call, show }) as Promise<Result<"template/save">>;
    },
    "template/get": ({ templateId }) => showTemplate(findTemplate(supervisor, templateId)),
    "template/list": (params) => listTemplates(supervisor, params),
    "template/delete": (params) => {
      const { call, fields } = keyed("template/delete", params);
      return supervisor.submit({ type: "template/delete", ...fields }, { call });
    },
  };
}
