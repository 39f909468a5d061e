import type { ValidParams } from "../../protocol/types.js";
import type { Answer, After } from "../../supervisor/ledger.js";
import { showSession } from "../../supervisor/show/session.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

/** What keeps a session, or puts it somewhere else. */
type ShelfMethod = `session/${"pin" | "unpin" | "archive" | "unarchive" | "trash" | "untrash" | "delete"}`;
type ShelfHandlers = Pick<NamespaceHandlers<"session">, ShelfMethod>;

export function shelfHandlers({ supervisor }: Services): ShelfHandlers {
  const shown = ({ session }: After): object => (session === undefined ? {} : showSession(session));
  const submit = (type: ShelfMethod, params: ValidParams<ShelfMethod>): Promise<Answer> => {
    const { call, lease, fields } = keyed(type, params);
    return supervisor.submit(
      { type, ...fields },
      type === "session/delete" ? { call, lease } : { call, lease, show: shown },
    );
  };
  const handle =
    <M extends ShelfMethod>(type: M) =>
    (params: ValidParams<ShelfMethod>): ReturnType<ShelfHandlers[M]> =>
      submit(type, params) as ReturnType<ShelfHandlers[M]>;

  return {
    "session/pin": handle("session/pin"),
    "session/unpin": handle("session/unpin"),
    "session/archive": handle("session/archive"),
    "session/unarchive": handle("session/unarchive"),
    "session/trash": handle("session/trash"),
    "session/untrash": handle("session/untrash"),
    "session/delete": handle("session/delete"),
  };
}
