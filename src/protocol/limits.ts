/**
 * Bounds that hold for every peer. Those that an operator may set are in `config/schema.ts`;
 * `daemon/hello` answers the ones in force.
 */
export const LIMITS = {
  /** Levels of arrays and objects in a value that a caller stores (metadata, details). */
  nestingDepth: 64,
  /** Characters of an id that a caller brings. */
  idLength: 128,
  /** Characters of a name, a purpose or a tag. */
  labelLength: 256,
  /** Characters of a description, a reason or a path. */
  textLength: 4_096,
  /** Templates of one daemon. */
  templates: 1_000,
  /** Agents that have a chain of sessions. */
  chains: 100_000,
  /** Entries of one chain; the oldest leave when there are more. */
  chainEntries: 10_000,
  /** Characters of a response that a chain keeps; of a prompt it keeps `textLength`. */
  chainResponseLength: 200,
  /** Characters of the metadata of one entry of a chain, as JSON. */
  chainMetadataLength: 4_096,
  /** Rules for alerts, beside those that come with the daemon. */
  alertRules: 100,
  /** Characters of whom one rule tells, as JSON. */
  alertTargetsLength: 16_384,
  /** Alerts that are open at a time; no further one fires. */
  openAlerts: 1_000,
  /** Alerts that are over and still kept: the oldest leave when there are more. */
  pastAlerts: 1_000,
  /** Tags of one session. */
  tags: 64,
  /** Keys in the metadata of one session. */
  metadataKeys: 1_024,
  /** Characters of one metadata value, as JSON. */
  metadataValueLength: 65_536,
  /** Characters of all metadata of one session, as JSON. */
  metadataLength: 262_144,
  /** Characters of the details of one activity, and of the input and the output of one invocation, as JSON. */
  detailsLength: 65_536,
  /** Characters of the content of one message, as JSON. */
  messageLength: 1_048_576,
  /** Invocations of one session that run at a time. */
  runningInvocations: 256,
  /** Invocations of one session that are over and still found by their id alone; the file has all. */
  knownInvocations: 1_000,
  /** Checkpoints of one session that somebody asked for. */
  checkpoints: 100,
  /** Those that its restores make: the newest stay, and they keep nobody from making others. */
  automaticCheckpoints: 10,
  /** Places in one conversation in which restored checkpoints took messages back. */
  hiddenRuns: 10_000,
  /** Different tools that the totals of one session tell apart; the rest is counted as "other". */
  toolNames: 256,
  /** Entries of argv, and variables of an environment. */
  arguments: 4_096,
  /** Characters of one argument or one variable. */
  argumentLength: 131_072,
  /** Characters of all names and values of one environment. */
  environmentLength: 262_144,
  /** Characters of the text that is written to a command's standard input. */
  stdinLength: 1_048_576,
  /** Characters of one piece of input in `command/write`. */
  inputLength: 262_144,
  /** Bytes of output in one answer of `command/output`. */
  outputBytes: 262_144,
  /** Paths of one `path/validate`. */
  pathsAtOnce: 100,
  /** Items of one page of a list. */
  pageItems: 1_000,
  /** Characters of one page, about: a page of large items ends before its limit. */
  pageLength: 1_048_576,
  /** Characters of what `search/query` looks for. */
  queryLength: 1_024,
  /** Items of one page of `search/query`. */
  searchItems: 100,
  /** Lines of one `log/write`. */
  logEntries: 500,
  /** Characters of the message of one line of a log. */
  logMessageLength: 16_384,
  /** Bytes of a log that one `log/query` or `log/tail` looks at; what is behind them comes with the next call. */
  logScanBytes: 8_388_608,
  /** Longest time that a following `log/tail` holds its answer back. */
  logTailMs: 60_000,
  /** Files that one `session/import` takes. */
  importFiles: 10_000,
  /** Bytes of one such file, decompressed, and of a registry. */
  importFileBytes: 4_194_304,
  /** Activities of one session that is imported. */
  importActivities: 10_000,
  /** Highest limit of processes and threads: as many ids as Linux has. */
  processes: 4_194_304,
  /** Highest limit of the processor, in percent of one core. */
  cpuPercent: 1_000_000,
  /** Subscriptions of one connection. */
  subscriptionsPerConnection: 64,
  /** Longest time that `command/wait` and a following `command/output` hold an answer back. */
  waitMs: 86_400_000,
  /** Longest duration of any setting: some 10 years. */
  durationMs: 315_360_000_000,
} as const;

/** The version of this protocol: a client of another one is told so by `daemon/hello`. */
export const PROTOCOL_VERSION = 1;
