import { z } from "zod";

import { json } from "../json.js";
import { method } from "../method.js";
import { id, label, sessionWrite, written } from "../shapes.js";

const key = label.refine((value) => value !== "__proto__", 'a key cannot be named "__proto__"');
const entry = { sessionId: id, key };
const write = { ...sessionWrite, key };

export const metadata = {
  "metadata/get": method({
    summary: "Answers one value, or the default where there is none.",
    get params() {
      return z.strictObject({ ...entry, default: json.optional() });
    },
    get result() {
      return z.strictObject({ value: json, found: z.boolean() });
    },
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
  "metadata/set": method({
    summary: "Sets one value.",
    get params() {
      return z.strictObject({ ...write, value: json });
    },
    result: written,
    errors: ["session_not_found", "session_not_active", "limit_reached"],
    access: "write",
    durable: true,
  }),
  "metadata/delete": method({
    summary: "Deletes one value. Deleting what is not there changes nothing.",
    get params() {
      return z.strictObject(write);
    },
    result: written,
    errors: ["session_not_found", "session_not_active"],
    access: "write",
    durable: true,
  }),
};
