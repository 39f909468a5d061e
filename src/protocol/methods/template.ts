import { z } from "zod";

import { method } from "../method.js";
import { id, idempotencyKey, listOf, page, seq, text, written } from "../shapes.js";
import { template as templateShape, templateDefaults } from "../template.js";

export const template = {
  "template/save": method({
    summary: "Saves defaults for new sessions under an id, in place of those that were there.",
    get params() {
      return z.strictObject({
        templateId: id,
        description: text.optional(),
        defaults: templateDefaults,
        idempotencyKey: idempotencyKey.optional(),
      });
    },
    get result() {
      return z.strictObject({ ...templateShape.shape, seq });
    },
    errors: ["limit_reached"],
    access: "write",
    durable: true,
  }),
  "template/get": method({
    summary: "Answers one template.",
    get params() {
      return z.strictObject({ templateId: id });
    },
    result: templateShape,
    errors: ["template_not_found"],
    access: "read",
    durable: false,
  }),
  "template/list": method({
    summary: "Lists the templates by their ids.",
    get params() {
      return z.strictObject(page);
    },
    get result() {
      return listOf(templateShape);
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "template/delete": method({
    summary: "Deletes a template. Sessions that were made by it stay as they are.",
    get params() {
      return z.strictObject({ templateId: id, idempotencyKey: idempotencyKey.optional() });
    },
    result: written,
    errors: ["template_not_found"],
    access: "write",
    durable: true,
  }),
};
