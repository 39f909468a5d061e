/**
 * One room and what it may import. A room is a folder or a single file; a file belongs to the room that names it most
 * exactly. What is not listed is refused; its own files a room may always import.
 *
 * Entries are rooms or files of this project, packages, or `node:` for all of Node's modules.
 */
export interface Wall {
  readonly room: string;
  /** What the program may load. */
  readonly imports: readonly string[];
  /** By `import type` alone: gone when the program runs. */
  readonly types?: readonly string[];
  /** By `import()` alone: loaded when it is needed. */
  readonly lazy?: readonly string[];
  /** Why it is walled so. */
  readonly reason: string;
}

/** The rooms that know the machine and nothing of sessions. */
const MACHINE_ROOMS = [
  "src/journal",
  "src/content",
  "src/process",
  "src/sampling",
  "src/schedule",
  "src/log",
  "src/search",
  "src/paths",
];

/** The walls of the house, from the ground up. */
export const WALLS: readonly Wall[] = [
  {
    room: "src/protocol",
    imports: ["zod"],
    reason: "the one definition of what is said on the socket; everybody may know it, it knows nobody",
  },
  {
    room: "src/session",
    imports: [],
    types: ["src/protocol"],
    reason: "pure: time, chance and ids come in with the command, so a replay gives the same state",
  },
  {
    room: "src/disk",
    imports: ["node:"],
    reason: "the only room that renames, syncs and unlinks; small enough to be read before one trusts it",
  },
  {
    room: "src/lanes.ts",
    imports: [],
    reason: "a leaf: whoever has many files to look at lets others get to the disk in between",
  },
  {
    room: "src/serial.ts",
    imports: [],
    reason: "a leaf: whoever has to do one thing after the other waits here",
  },
  {
    room: "src/journal",
    imports: ["node:", "src/disk"],
    reason: "keeps records without knowing what they mean",
  },
  {
    room: "src/content",
    imports: ["node:", "src/disk"],
    reason: "keeps bodies without knowing what they mean",
  },
  {
    room: "src/process",
    imports: ["node:", "src/disk", "src/lanes.ts", "src/serial.ts", "src/secretNames.ts"],
    reason: "starts and stops processes without knowing for whom",
  },
  {
    room: "src/sampling",
    imports: ["node:", "pidusage", "chokidar", "ignore", "src/disk", "src/serial.ts"],
    reason: "measures processes and folders without knowing whose they are, and starts and stops none",
  },
  {
    room: "src/doctor",
    imports: ["node:", "src/process"],
    reason: "looks at the machine and changes nothing, for a daemon and for who has none",
  },
  {
    room: "src/schedule",
    imports: ["node:", "node-cron", "src/disk"],
    reason: "knows when, and not what",
  },
  {
    room: "src/log",
    imports: ["node:", "pino", "pino-roll", "src/disk", "src/secretNames.ts"],
    lazy: ["pino-pretty"],
    reason: "writes lines; what makes them pretty is loaded for people only",
  },
  {
    room: "src/paths",
    imports: ["node:"],
    reason: "says what a path is good for; makes nothing, and changes nothing",
  },
  {
    room: "src/search",
    imports: ["node:", "node-sqlite3-wasm", "src/disk"],
    reason: "keeps words without knowing whose they are; SQLite is loaded by its own thread alone",
  },
  {
    room: "src/config/socketPath.ts",
    imports: ["node:"],
    reason: "the client takes its default from it, and must not load zod for that",
  },
  {
    room: "src/config",
    imports: ["node:", "zod", "env-paths", "src/config/socketPath.ts", "src/secretNames.ts"],
    reason: "read before anything else is there",
  },
  {
    room: "src/rpc",
    imports: ["node:", "json-rpc-2.0"],
    types: ["src/protocol"],
    reason: "serves both ends, so it loads nothing that the client should not",
  },
  {
    room: "src/supervisor",
    imports: ["node:", "src/session", "src/protocol", "src/lanes.ts", "src/serial.ts", ...MACHINE_ROOMS],
    reason: "the one place where decisions meet the machine",
  },
  {
    room: "src/jobs",
    imports: ["node:", "src/schedule", "src/supervisor"],
    reason: "what is due by the clock goes through the supervisor like everything else",
  },
  {
    room: "src/server",
    imports: ["node:", "proper-lockfile", "src/protocol", "src/rpc", "src/supervisor", "src/disk"],
    reason: "translates between the socket and the supervisor; decides nothing",
  },
  {
    room: "client/files.ts",
    imports: ["node:", "src/disk", "client"],
    reason: "an entry of its own: who only wants safe files loads no connection, and the other way round",
  },
  {
    room: "client",
    imports: ["node:", "src/rpc", "src/config/socketPath.ts"],
    types: ["src/protocol"],
    reason: "a program that uses the client loads json-rpc-2.0 and nothing else",
  },
  {
    room: "src/cli",
    imports: [
      "node:",
      "commander",
      "client",
      "src/protocol",
      "src/config",
      "src/config/socketPath.ts",
      "src/version.ts",
    ],
    lazy: ["src/daemon.ts", "src/doctor", "src/journal", "pino-pretty"],
    reason: "a client like any other; what only `start` and the offline verbs need is loaded by them",
  },
  {
    room: "src/version.ts",
    imports: ["node:"],
    reason: "a leaf, so that everybody may ask for the version",
  },
  {
    room: "src/secretNames.ts",
    imports: [],
    reason: "a leaf, so that whoever shows something hides the same: environments, logs, wrong settings",
  },
  {
    room: "src/daemon.ts",
    imports: [
      "node:",
      "pino",
      "src/config",
      "src/protocol",
      "src/rpc",
      "src/session",
      "src/supervisor",
      "src/jobs",
      "src/server",
      "src/disk",
      "src/doctor",
      "src/version.ts",
      ...MACHINE_ROOMS,
    ],
    reason: "the composition root: the one file that knows every room",
  },
  {
    room: "src/index.ts",
    imports: ["node:", "client", "src/daemon.ts", "src/config", "src/version.ts"],
    reason: "the daemon as a library: starts one and hands out a client",
  },
  {
    room: "src/main.ts",
    imports: ["node:", "src/cli"],
    reason: "argv in, exit code out",
  },
];

/** Where programs begin: every file has to be reached from one of these. */
export const ENTRIES = [
  "src/main.ts",
  "src/index.ts",
  "client/index.ts",
  "client/files.ts",
  "src/search/worker.ts",
];

/** The top level of the repository; names that begin with a dot may stand beside it. */
export const HOUSE = [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "SECURITY.md",
  "src",
  "client",
  "systemd",
  "launchd",
  "test",
];

/** Lines of a file from which on it needs a reason, and above which there is none. */
export const SIZES = { usual: 200, most: 300 };

/** Files above the usual size, and why each is still one thing. */
export const LONG_FILES: Readonly<Record<string, string>> = {
  "src/journal/writer.ts":
    "one state machine: open batch, sync, failure; taken apart, its order could not be followed",
  "src/log/rollingFile.ts": "one state machine: a file that is opened, rolled, given up and opened again",
  "src/log/sessionLogs.ts": "one state machine: what is opened, closed and moved comes in turn",
  "src/supervisor/runner.ts": "the commands that run: what events, callers and a stop want of each of them",
  "src/process/resources/limitWatch.ts": "one state machine: what is watched, and what each look makes of it",
  "src/supervisor/run.ts": "one state machine: the tries of a command",
  "src/supervisor/launcher.ts":
    "the folders of tries: what is started in them, found in them, and when they go",
  "src/session/commands.ts": "one list: all that can be asked of the state machine",
  "src/cli/verbTable.ts": "a table: every verb as it is called, a few lines each",
  "src/supervisor/bodies.ts": "one place for what is not saved yet, and for every way in and out of it",
  "src/session/decideExecution.ts":
    "what is asked of a command and what is reported of it: one decision each",
  "src/session/evolve.ts": "one list of what each event makes of a session",
  "src/protocol/session.ts":
    "one shape: all that a session is on the wire, and its settings, a line or two each",
  "src/protocol/methods/session.ts": "the declarations of one namespace, a few lines a method",
  "src/session/events.ts": "a table: what each type of event holds",
  "src/supervisor/collection.ts": "two layers of things, their owners and those who name them: one state",
  "src/session/state.ts": "the types of all that the state holds, side by side, most of it what they mean",
  "src/supervisor/metrics/metrics.ts":
    "the one face of what is measured: what a round does, what is asked of it, and what it follows",
  "src/supervisor/ledger.ts": "the one way of every write, from the lease and the key to the answer",
  "src/supervisor/supervisor.ts": "the one face behind which everything about sessions is put together",
  "client/session.ts": "the handle of a session: one object, a few lines for each thing that it can do",
  "src/supervisor/workspaces/workspaces.ts":
    "the one face of workspaces: made, used, measured, let go, and brought to an end after a crash",
  "src/daemon.ts": "the composition root: each room opened once, in order",
  "src/server/connection.ts": "one state machine: a connection from its first byte to its last",
};

/**
 * What changes the names in a folder or syncs, called outside `disk/`, by file; with the reason. The calls of
 * `DiskOperations` count too, although they are disk's own.
 */
export const DISK_CALLS: Readonly<
  Record<string, { readonly calls: readonly string[]; readonly reason: string }>
> = {
  "src/journal/reserve.ts": {
    calls: ["unlinkSync"],
    reason: "the reserve is given back in the very turn in which a write failed, by disk's own operation",
  },
  "src/process/resources/cgroupFiles.ts": {
    calls: ["rmdir"],
    reason: "a group of the kernel is a folder of its own file system: nothing of it is on a disk",
  },
  "src/index.ts": {
    calls: ["rm"],
    reason: "the temporary folder of a daemon in memory: nothing in it is to last",
  },
  "src/cli/demo/stage.ts": {
    calls: ["rm", "rmSync"],
    reason: "the demo's own temporary folder, also when it is interrupted: nothing in it is to last",
  },
  "src/server/socketFile.ts": {
    calls: ["rename"],
    reason: "a socket gets its name once it listens; nothing durable is in it, so no folder is synced",
  },
};
