import type { VerbSpec } from "./verb.js";

/**
 * The verbs of checkpoints, in the order of the help.
 *
 * @param group the heading that they stand under
 * @param session what the help says of how a session is named
 */
export function checkpointVerbs(group: string, session: string): readonly VerbSpec[] {
  return [
    {
      name: "checkpoint",
      group,
      about: "keep a session as it is now",
      args: [
        ["<session>", session],
        ["[label]", "what to call it"],
      ],
      load: async () => (await import("./verbs/checkpoint.js")).checkpoint,
    },
    {
      name: "checkpoints",
      group,
      about: "list the checkpoints of a session, newest first",
      args: [["<session>", session]],
      load: async () => (await import("./verbs/checkpoints.js")).checkpoints,
    },
    {
      name: "rollback",
      group,
      about: "bring a session back to a checkpoint, which can be undone",
      args: [
        ["<session>", session],
        ["[checkpoint]", "an id, the beginning of one, or a label (the newest that was asked for)"],
      ],
      load: async () => (await import("./verbs/rollback.js")).rollback,
    },
  ];
}
