import { redactEnvironment } from "../../process/environment.js";
import type { TemplateShape } from "../../protocol/types.js";
import type { Template } from "../../session/state.js";
import { showTime, withoutUndefined } from "./session.js";

/** A template as the protocol shows it. */
export function showTemplate({
  templateId,
  description,
  defaults,
  createdAt,
  updatedAt,
}: Template): TemplateShape {
  const { environment, ...others } = defaults;
  return {
    templateId,
    ...(description === undefined ? {} : { description }),
    defaults: {
      ...withoutUndefined(others),
      ...(environment === undefined ? {} : { environment: redactEnvironment(environment) }),
    },
    createdAt: showTime(createdAt),
    updatedAt: showTime(updatedAt),
  };
}
