import { z } from "zod";

import { jsonObject } from "./json.js";
import { sessionConfigPatch } from "./session.js";
import { absolutePath, environment, id, label, tags, text, time } from "./shapes.js";

/** What a session is born with where its creation does not say otherwise. */
export const templateDefaults = z
  .strictObject({
    name: label,
    purpose: text,
    description: text,
    userId: label,
    workingDirectory: absolutePath,
    tags,
    metadata: jsonObject,
    environment,
    config: sessionConfigPatch,
  })
  .partial();

/** Defaults under a name. Values of the environment that look like secrets are redacted. */
export const template = z.strictObject({
  templateId: id,
  description: text.optional(),
  defaults: templateDefaults,
  createdAt: time,
  updatedAt: time,
});
