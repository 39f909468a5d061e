import type { VerbSpec } from "./verb.js";

/**
 * The verbs that tie sessions to processes which the daemon did not start.
 *
 * @param group the heading that they stand under
 * @param session what the help says of how a session is named
 */
export function bindingVerbs(group: string, session: string): readonly VerbSpec[] {
  return [
    {
      name: "bind",
      group,
      about: "bind a session to a process: when that is gone, the session ends",
      args: [
        ["<session>", session],
        ["<pid>", "a running process of yours"],
      ],
      options: [
        {
          flags: "--on-exit <what>",
          about: "what the end of the process makes of the session (exit_code)",
          choices: ["exit_code", "complete", "fail", "abandon"],
        },
      ],
      load: async () => (await import("./verbs/bind.js")).bind,
    },
    {
      name: "unbind",
      group,
      about: "let a session go on without its process",
      args: [["<session>", session]],
      load: async () => (await import("./verbs/bind.js")).unbind,
    },
  ];
}
