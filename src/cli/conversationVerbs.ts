import { wholeNumber } from "./optionValues.js";
import type { VerbSpec } from "./verb.js";

/**
 * The verbs of what is said and done in a session, in the order of the help.
 *
 * @param group the heading that they stand under
 * @param session what the help says of how a session is named
 */
export function conversationVerbs(group: string, session: string): readonly VerbSpec[] {
  return [
    {
      name: "messages",
      group,
      about: "print the last messages of a session's conversation",
      args: [["<session>", session]],
      options: [
        { flags: "-n, --last <count>", about: "so many of them (20)", parse: wholeNumber(1) },
        { flags: "--full", about: "long ones too as a whole" },
      ],
      load: async () => (await import("./verbs/messages.js")).messages,
    },
    {
      name: "say",
      group,
      about: "append a message to a session's conversation",
      args: [
        ["<session>", session],
        ["<words...>", "what is said; - reads it from standard input"],
      ],
      options: [
        {
          flags: "--role <role>",
          about: "who says it (user)",
          choices: ["system", "user", "assistant", "tool"],
        },
        { flags: "--tool <name>", about: "the tool that says it" },
      ],
      load: async () => (await import("./verbs/say.js")).say,
    },
    {
      name: "invocations",
      group,
      about: "list what tools did in a session, newest first",
      args: [["<session>", session]],
      options: [
        { flags: "--tool <tool>", about: "only those of this tool" },
        {
          flags: "--status <status>",
          about: "only those",
          choices: ["running", "succeeded", "failed", "cancelled", "abandoned"],
        },
        { flags: "--limit <count>", about: "at most so many (20)", parse: wholeNumber(1) },
      ],
      load: async () => (await import("./verbs/invocations.js")).invocations,
    },
  ];
}
