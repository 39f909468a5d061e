import { type ChildProcess, spawn } from "node:child_process";

import { SerialByKey } from "../serial.js";
import { baseEnvironment } from "./environment.js";
import { stopGroup } from "./stop.js";

/** git did not do what it was asked for. The message is in its own words, shortened. */
export class GitError extends Error {
  override readonly name = "GitError";
  /** Undefined where it was stopped, or never ran. */
  readonly exitCode: number | undefined;

  constructor(message: string, exitCode?: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface GitOptions {
  /** The program; looked up in the daemon's own PATH. */
  readonly program?: string;
  /** How long one call may take. */
  readonly timeoutMs: number;
  /** Stops what is under way. */
  readonly signal?: AbortSignal | undefined;
}

/** A setting of git and its value. */
export type GitSetting = readonly [name: string, value: string];

/** So much of what git says is kept: more is wanted by nobody. */
const KEPT_CHARACTERS = 1_048_576;
/** So much of what it complains about is told. */
const TOLD_CHARACTERS = 600;

/**
 * What no repository may decide for us, because it lets programs of its choice run or reaches for the network. A
 * repository may have come from anywhere, with a configuration of its own in it.
 */
const NEUTRAL: readonly GitSetting[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["submodule.recurse", "false"],
  ["protocol.allow", "never"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
];

/**
 * Runs git: by argv, without a shell, a terminal or an input, in a group of its own that is stopped as a whole when
 * its time is up.
 *
 * Its environment is made anew, so no `GIT_…` variable of the daemon's reaches it. The settings of the system and the
 * user stay in force (no `GIT_CONFIG_NOSYSTEM`): they are written by people whom this daemon trusts anyway, and
 * `safe.directory`, line endings and large files (LFS) are decided there.
 */
export class Git {
  readonly #options: GitOptions;
  readonly #repositories = new SerialByKey();

  constructor(options: GitOptions) {
    this.#options = options;
  }

  /**
   * Does `work` while no other work that was given here touches the list of worktrees of this repository. git takes no
   * lock for that list: who reads it while an entry is being written may find half of one, and fails
   * ("failed to read …/commondir").
   *
   * @param commonDir the repository's own folder, as git names it
   */
  alone<T>(commonDir: string, work: () => Promise<T>): Promise<T> {
    return this.#repositories.run(commonDir, work);
  }

  /**
   * Answers what git wrote.
   *
   * @param settings go over those of every file, after {@link NEUTRAL}.
   * @throws {GitError} where it fails, takes too long, or is not there
   */
  async run(args: readonly string[], settings: readonly GitSetting[] = []): Promise<string> {
    const { program = "git", timeoutMs, signal } = this.#options;
    signal?.throwIfAborted();
    const child = spawn(program, args, {
      cwd: "/",
      env: environment([...NEUTRAL, ...settings]),
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [said, complaint] = [collect(child.stdout), collect(child.stderr)];
    let stopped: string | undefined;
    const stop = (why: string): void => {
      stopped ??= why;
      if (child.pid !== undefined) void stopGroup(child.pid, { graceMs: 500 });
    };
    const onAbort = (): void => stop("the daemon is stopping");
    const timer = setTimeout(() => stop(`it took longer than ${timeoutMs} ms`), timeoutMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const exitCode = await endOf(child);
      if (stopped !== undefined) throw new GitError(`git ${args[0] ?? ""} was stopped: ${stopped}`);
      if (exitCode !== 0) throw new GitError(shortened(complaint(), exitCode), exitCode ?? undefined);
      return said();
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

function environment(settings: readonly GitSetting[]): Record<string, string> {
  const env: Record<string, string> = {
    ...baseEnvironment(process.env),
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    // A look at the state must not write the index of somebody who works there.
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_LAZY_FETCH: "1",
    // By variables and not by -c, which cannot name a setting that has an equals sign in it.
    GIT_CONFIG_COUNT: String(settings.length),
  };
  for (const [index, [name, value]] of settings.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = name;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (piece: string) => {
    if (text.length < KEPT_CHARACTERS) text += piece;
  });
  return () => text;
}

/** Resolves with the exit code, null after a signal, when the output has come to its end as well. */
function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === "ENOENT";
      reject(new GitError(isMissing ? "the program git is not installed" : error.message));
    });
    child.once("close", resolve);
  });
}

function shortened(complaint: string, exitCode: number | null): string {
  const text = complaint
    .split("\n")
    .filter((line) => !/^(?:hint|Preparing worktree|Updating files)/.test(line))
    .join(" ")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  if (text === "") return `git ended with ${exitCode ?? "a signal"} and said nothing`;
  return text.length > TOLD_CHARACTERS ? `${text.slice(0, TOLD_CHARACTERS)}…` : text;
}
