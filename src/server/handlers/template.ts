import { showTemplate } from "../../supervisor/show/template.js";
import { findTemplate, listTemplates, saveTemplate } from "../../supervisor/template.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function templateHandlers({ supervisor }: Services): NamespaceHandlers<"template"> {
  return {
    "template/save": (params) => {
      const { call, fields } = keyed("template/save", params);
      return saveTemplate(supervisor, fields, call);
    },
    "template/get": ({ templateId }) => showTemplate(findTemplate(supervisor, templateId)),
    "template/list": (params) => listTemplates(supervisor, params),
    "template/delete": (params) => {
      const { call, fields } = keyed("template/delete", params);
      return supervisor.submit({ type: "template/delete", ...fields }, { call });
    },
  };
}
