import { alertVerbs } from "./alertVerbs.js";
import { bindingVerbs } from "./bindingVerbs.js";
import { chainVerbs } from "./chainVerbs.js";
import { checkpointVerbs } from "./checkpointVerbs.js";
import { conversationVerbs } from "./conversationVerbs.js";
import { MORE_VERBS } from "./moreVerbs.js";
import { collect, durationMs, eventTypes, sizeBytes, wholeNumber } from "./optionValues.js";
import { shelfVerbs } from "./shelfVerbs.js";
import { SORTS } from "./top/order.js";
import type { VerbSpec } from "./verb.js";
import { PING } from "./verbs/ping.js";

const DAEMON = "The daemon:";
const SESSIONS = "Sessions:";
const LOOK = "What happens:";

const REF = "an id, the beginning of one that no other has, or a name";

/** Every verb, in the order of the help. */
export const VERBS: readonly VerbSpec[] = [
  {
    name: "start",
    group: DAEMON,
    about: "start the daemon, here or in the background",
    options: [
      { flags: "-d, --detach", about: "start it in the background and come back when it answers" },
      { flags: "-q, --quiet", about: "print nothing; the log is in its file" },
    ],
    takesSettings: true,
    load: async () => (await import("./verbs/start.js")).start,
  },
  {
    name: "stop",
    group: DAEMON,
    about: "stop the daemon, and wait until it is gone",
    options: [
      {
        flags: "--commands",
        about: "end running commands, too; else they go on, and the next daemon has them",
      },
      { flags: "--timeout <duration>", about: "how long to wait (30s)", parse: durationMs },
    ],
    load: async () => (await import("./verbs/stop.js")).stop,
  },
  {
    name: "restart",
    group: DAEMON,
    about: "stop the daemon and start it in the background",
    takesSettings: true,
    load: async () => (await import("./verbs/restart.js")).restart,
  },
  {
    name: "status",
    group: DAEMON,
    about: "what the daemon holds, and whether it is well",
    load: async () => (await import("./verbs/status.js")).status,
  },
  {
    name: "doctor",
    group: DAEMON,
    about: "what this machine lets the daemon do, and what to do about it; works without one",
    more: "Ends with 1 where something is to be done.",
    load: async () => (await import("./verbs/doctor.js")).doctor,
  },
  PING,
  {
    name: "run",
    group: SESSIONS,
    about: "run a command in a session, with its output here",
    args: [["<command...>", "the program and its arguments; put -- before them"]],
    options: [
      { flags: "--name <name>", about: "name of the new session (the program's)" },
      { flags: "--template <template>", about: "make the new session by this template" },
      { flags: "--session <session>", about: "run it in this session, which stays open" },
      { flags: "--timeout <duration>", about: "stop each try after so long", parse: durationMs },
      { flags: "--retries <count>", about: "further tries after one that fails", parse: wholeNumber(0) },
      { flags: "--cwd <folder>", about: "folder to run it in (this one)" },
      { flags: "--memory <size>", about: "end it when it takes more, such as 512M or 2G", parse: sizeBytes },
      {
        flags: "--processes <count>",
        about: "processes and threads that it may have",
        parse: wholeNumber(1),
      },
      {
        flags: "--cpu <percent>",
        about: "of one core that it may use, where the kernel can hold that",
        parse: wholeNumber(1),
      },
    ],
    passesThrough: true,
    more:
      "Ends with the exit code of the command; with 128 + n where signal n ended it, 124 after\n" +
      "--timeout, 127 where it could not be started. Ctrl-C is passed on to the command, and a\n" +
      "second Ctrl-C kills it; a third leaves it as it is. Standard input is passed on (</dev/null: none),\n" +
      "unless there are --retries. The command sees no terminal: its size is in COLUMNS and LINES.",
    load: async () => (await import("./verbs/run.js")).run,
  },
  {
    name: "attach",
    group: SESSIONS,
    about: "follow a command that runs, with its output here",
    args: [["<command>", "its id, the beginning of it, or its session: the newest that runs there"]],
    options: [
      { flags: "--from <moment>", about: "from its start or from now on (start)", choices: ["start", "now"] },
      { flags: "--stdin", about: "pass standard input on to it, where it was started with some" },
    ],
    more:
      "Ends as the command ends, with the exit code that run would have. Ctrl-C leaves it running,\n" +
      "and ends with 130. It goes on through a restart of the daemon.",
    load: async () => (await import("./verbs/attach.js")).attach,
  },
  {
    name: "list",
    alias: "ls",
    group: SESSIONS,
    about: "list sessions, newest first",
    options: [
      {
        flags: "--status <status>",
        about: "only those",
        choices: [
          "active",
          "paused",
          "completed",
          "failed",
          "abandoned",
          "timed_out",
          "ended",
          "archived",
          "trashed",
        ],
      },
      {
        flags: "--tag <tag>",
        about: "only those with this tag; again for more, all must match",
        parse: collect,
      },
      { flags: "--user <user>", about: "only those of this user" },
      { flags: "--name <name>", about: "only those of this name" },
      { flags: "--all", about: "every one, archived ones too" },
      { flags: "--limit <count>", about: "at most so many (20)", parse: wholeNumber(1) },
    ],
    load: async () => (await import("./verbs/list.js")).list,
  },
  {
    name: "show",
    group: SESSIONS,
    about: "show a session, its commands and activities",
    args: [["<session>", REF]],
    options: [{ flags: "--tree", about: "show the sessions that it was made from, and those made from it" }],
    load: async () => (await import("./verbs/show.js")).show,
  },
  ...conversationVerbs(SESSIONS, REF),
  ...chainVerbs(SESSIONS),
  {
    name: "end",
    group: SESSIONS,
    about: "end a session; what runs in it is stopped",
    args: [["<session>", REF]],
    options: [
      {
        flags: "--status <status>",
        about: "how it ended (completed)",
        choices: ["completed", "failed", "abandoned"],
      },
      { flags: "--reason <text>", about: "why" },
    ],
    load: async () => (await import("./verbs/end.js")).end,
  },
  ...bindingVerbs(SESSIONS, REF),
  {
    name: "release",
    group: SESSIONS,
    about: "take a session from whoever has claimed it, so that anyone may write to it",
    args: [["<session>", REF]],
    load: async () => (await import("./verbs/release.js")).release,
  },
  {
    name: "rm",
    group: SESSIONS,
    about: "delete ended sessions with all that they hold",
    args: [["<sessions...>", REF]],
    options: [{ flags: "-f, --force", about: "end those that are alive first, as abandoned" }],
    load: async () => (await import("./verbs/rm.js")).rm,
  },
  ...checkpointVerbs(SESSIONS, REF),
  ...shelfVerbs(SESSIONS, REF),
  {
    name: "clone",
    group: SESSIONS,
    about: "make a session as a copy of another one",
    args: [["<session>", REF]],
    options: [
      { flags: "--through <message>", about: "the last message that is copied, its id or its number (all)" },
      { flags: "--name <name>", about: "name of the new session (that of the other one)" },
    ],
    load: async () => (await import("./verbs/clone.js")).clone,
  },
  {
    name: "export",
    group: SESSIONS,
    about: "write a session into a new file, which import takes",
    args: [
      ["<session>", REF],
      ["[file]", "a file that is not there yet (session_<id>.json, here)"],
    ],
    options: [{ flags: "--secrets", about: "with what looks like a secret in its environment" }],
    more:
      "A file that ends in .jsonl, or compressed in .jsonl.gz, gets everything, its conversation too.\n" +
      "Any other gets the documented shape, with all activities.",
    load: async () => (await import("./verbs/export.js")).exportSession,
  },
  {
    name: "import",
    group: SESSIONS,
    about: "take over sessions from files",
    args: [["<path>", "a file that export wrote, or a session_*.json; or a folder with such files"]],
    options: [
      {
        flags: "--on-conflict <way>",
        about: "where an id is taken: import nothing, take a free id, or keep what is there (refuse)",
        choices: ["refuse", "rename", "keep"],
      },
    ],
    load: async () => (await import("./verbs/import.js")).importFiles,
  },
  {
    name: "top",
    group: LOOK,
    about: "watch the sessions that go on, with what they use",
    options: [
      { flags: "--once", about: "print one table, as where there is no terminal" },
      { flags: "--interval <duration>", about: "look again so often (2s)", parse: durationMs },
      { flags: "--sort <column>", about: "sort by it at first (cpu)", choices: [...SORTS] },
    ],
    more: "Keys: q quit, arrows or j k select, Enter details, x end or stop, s sort, r reverse, / filter,\np pause. A session that ends stays for ten seconds.",
    load: async () => (await import("./verbs/top.js")).top,
  },
  {
    name: "search",
    group: LOOK,
    about: "find what was said, recorded or noted in all sessions",
    args: [["<query...>", 'words that all must be there, "a phrase", prefix*, -not']],
    options: [
      { flags: "--session <session>", about: "only in this session" },
      { flags: "--tag <tag>", about: "only in sessions with this tag; again for more", parse: collect },
      { flags: "--role <role>", about: "only messages of", choices: ["system", "user", "assistant", "tool"] },
      { flags: "--trashed", about: "in sessions that lie in the trash, too" },
      { flags: "--newest", about: "the newest first, and not the best" },
      { flags: "--limit <count>", about: "at most so many (20)", parse: wholeNumber(1) },
    ],
    more: "A phrase has to reach it with its quotes: sessiond search '\"out of memory\" -test'. Put -- before\na query that begins with a minus. Ends with 1 where nothing is found.",
    load: async () => (await import("./verbs/search.js")).search,
  },
  {
    name: "metrics",
    group: LOOK,
    about: "what the machine and its sessions use, or what one session has used",
    args: [["[session]", REF]],
    options: [{ flags: "--since <duration>", about: "how far back (1h)", parse: durationMs }],
    load: async () => (await import("./verbs/metrics.js")).metrics,
  },
  {
    name: "logs",
    group: LOOK,
    about: "print the daemon's log, or that of one session",
    args: [["[session]", REF]],
    options: [
      { flags: "-f, --follow", about: "go on with what comes" },
      { flags: "-n, --lines <count>", about: "so many of the last lines (50)", parse: wholeNumber(0) },
    ],
    load: async () => (await import("./verbs/logs.js")).logs,
  },
  {
    name: "events",
    group: LOOK,
    about: "print events, the past ones or those that come",
    options: [
      { flags: "-f, --follow", about: "go on with what comes" },
      {
        flags: "-n, --last <count>",
        about: "so many of the last ones (20; with -f none)",
        parse: wholeNumber(0),
      },
      { flags: "--since <seq>", about: "all that came after this number", parse: wholeNumber(0) },
      { flags: "--session <session>", about: "only those of this session" },
      {
        flags: "--type <type>",
        about: "only those, such as session/ended or command/*; again for more",
        parse: eventTypes,
      },
    ],
    load: async () => (await import("./verbs/events.js")).events,
  },
  ...alertVerbs(LOOK),
  ...MORE_VERBS,
];
