import { PassThrough, Readable } from "node:stream";

import type { Io } from "../../src/cli/context.js";
import { runCli } from "../../src/cli/run.js";

/** What a call in this process printed, and its exit code. */
export interface Said {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a call of the command line in this process, or whatever `run` runs. */
export async function say(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly isTerminal?: boolean } = {},
  run: (argv: readonly string[], io: Io) => Promise<number> = runCli,
): Promise<Said> {
  const { isTerminal = false } = options;
  // Nobody's home: a configuration that the developer has must not change what a test sees.
  const env = { HOME: "/nowhere", ...options.env };
  const stream = (): PassThrough & { isTTY: boolean; columns: number } =>
    Object.assign(new PassThrough(), { isTTY: isTerminal, columns: 80 });
  const stdout = stream();
  const stderr = stream();
  const io: Io = { stdin: Readable.from([]), stdout, stderr, env };
  const exitCode = await run(args, io);
  const read = (from: PassThrough): string => String((from.read() as Buffer | null) ?? "");
  return { exitCode, out: read(stdout), err: read(stderr) };
}
