import { z } from "zod";

import type { ErrorType } from "../errors.js";
import { method } from "../method.js";
import { writtenSession } from "../session.js";
import { sessionWrite, written } from "../shapes.js";

const write = z.strictObject(sessionWrite);
const errors: readonly ErrorType[] = ["session_not_found", "invalid_transition"];

/** Where a session is kept when it has ended, and for how long. */
export const shelf = {
  "session/pin": method({
    summary:
      "Has retention leave a session alone, whatever its age. Whoever asks for it can still delete it.",
    params: write,
    result: writtenSession,
    errors,
    access: "write",
    durable: true,
  }),
  "session/unpin": method({
    summary: "Lets retention have a pinned session again.",
    params: write,
    result: writtenSession,
    errors,
    access: "write",
    durable: true,
  }),
  "session/archive": method({
    summary:
      "Archives an ended session: it stays readable, compressed, and is listed where archived ones are asked for.",
    params: write,
    result: writtenSession,
    errors,
    access: "write",
    durable: true,
  }),
  "session/unarchive": method({
    summary: "Brings an archived session back to the others.",
    params: write,
    result: writtenSession,
    errors,
    access: "write",
    durable: true,
  }),
  "session/trash": method({
    summary:
      "Puts an ended session into the trash: it can be read and taken out again until retention empties the trash.",
    params: write,
    result: writtenSession,
    errors,
    access: "write",
    durable: true,
  }),
  "session/untrash": method({
    summary: "Takes a session out of the trash.",
    params: write,
    result: writtenSession,
    errors,
    access: "write",
    durable: true,
  }),
  "session/delete": method({
    summary:
      "Deletes an ended session with all that it holds, at once. Nothing outside its own folder is touched.",
    params: write,
    result: written,
    errors,
    access: "write",
    durable: true,
  }),
};
