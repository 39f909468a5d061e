/** What the exit code says. The numbers from 64 up are those of sysexits.h, which service managers know too. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** No daemon answers. */
  unavailable: 69,
  /** Trying again later may help: a limit is reached, the disk is full, the daemon is stopping. */
  tryAgain: 75,
  /** The configuration cannot be used. */
  config: 78,
  /** `run` was stopped by its `--timeout`; the code that `timeout(1)` uses. */
  timedOut: 124,
  /** `run` could not start the command; the code that shells use. */
  notStarted: 127,
  /** Ctrl-C. */
  interrupted: 130,
  /** Nobody reads the output any more. */
  brokenPipe: 141,
} as const;
