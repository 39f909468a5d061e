import { collect, wholeNumber } from "./optionValues.js";
import type { VerbSpec } from "./verb.js";

const MORE = "More:";

/** The verbs that are needed rarely, in the order of the help. */
export const MORE_VERBS: readonly VerbSpec[] = [
  {
    name: "call",
    group: MORE,
    about: "call a method of the protocol and print its answer",
    args: [
      ["<method>", "such as session/get; `sessiond call rpc.discover` answers them all"],
      ["[params]", "as JSON; - reads them from standard input"],
    ],
    load: async () => (await import("./verbs/call.js")).call,
  },
  {
    name: "journal",
    group: MORE,
    about: "check, print or repair the journal; works without a daemon",
    args: [["<task>", "verify, dump or repair"]],
    options: [
      { flags: "--since <seq>", about: "dump: all that came after this event", parse: wholeNumber(0) },
      { flags: "--until <seq>", about: "dump: up to this event", parse: wholeNumber(1) },
      { flags: "--dry-run", about: "repair: say what it would do, and change nothing" },
      { flags: "-y, --yes", about: "repair: also where events are lost by it" },
    ],
    more:
      "verify reads everything and names every fault; it ends with 1 where a daemon would refuse to\n" +
      "start. dump prints records as lines of JSON, and goes on behind damage. repair keeps the longest\n" +
      "state that is whole, and copies every file that it changes before.",
    load: async () => (await import("./verbs/journal.js")).journal,
  },
  {
    name: "backup",
    group: MORE,
    about: "copy everything into a folder, while the daemon goes on",
    args: [["<folder>", "a folder that is empty or does not exist yet"]],
    load: async () => (await import("./verbs/backup.js")).backup,
  },
  {
    name: "restore",
    group: MORE,
    about: "make a backup the state of the data folder; no daemon may run on it",
    args: [["<folder>", "the folder of a backup"]],
    options: [
      { flags: "--replace", about: "move a state that is there aside" },
      { flags: "--dry-run", about: "check the backup, and change nothing" },
    ],
    load: async () => (await import("./verbs/restore.js")).restore,
  },
  {
    name: "check-path",
    group: MORE,
    about: "whether paths can be used: form, rights, links, restricted places, git, space",
    args: [["<paths...>", "files or folders; nothing is made"]],
    options: [
      {
        flags: "--need <what>",
        about: "read, write, execute, file or folder; may be given more than once",
        parse: collect,
      },
      { flags: "--missing", about: "they may still have to be made" },
      {
        flags: "--as <platform>",
        about: "by the rules of another platform, the text alone",
        choices: ["linux", "macos", "windows"],
      },
      { flags: "--propose", about: "propose a cleaned path" },
    ],
    load: async () => (await import("./verbs/checkPath.js")).checkPath,
  },
  {
    name: "socket-path",
    group: MORE,
    about: "print the path of the socket",
    load: async () => (await import("./verbs/socketPath.js")).socketPath,
  },
  {
    name: "version",
    group: MORE,
    about: "print the version",
    load: async () => (await import("./verbs/version.js")).version,
  },
  {
    name: "demo",
    group: MORE,
    about: "see it work, a kill -9 included",
    options: [{ flags: "--keep", about: "leave the demo's folder where it is" }],
    load: async () => (await import("./demo/demo.js")).demo,
  },
];
