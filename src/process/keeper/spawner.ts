import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { getSystemErrorName } from "node:util";

/** No keeper was started. `code` is the name of an errno, or `GONE` where the spawn server ended without an answer. */
export class SpawnError extends Error {
  override readonly name = "SpawnError";
  readonly code: string;

  constructor(code: string) {
    super(`the keeper could not be started: ${code}`);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (pid: number) => void;
  readonly reject: (error: SpawnError) => void;
}

/**
 * The spawn server: it is started for the first command, and again where it has died. It has nothing of the daemon's
 * environment, and is in no terminal's group.
 */
export class KeeperSpawner {
  readonly #program: string;
  #server: { readonly child: ChildProcess; readonly waiting: Waiting[] } | undefined;

  constructor(program: string) {
    this.#program = program;
  }

  /** The pid of the spawn server, while there is one. */
  get pid(): number | undefined {
    return this.#server?.child.pid;
  }

  /**
   * Has a keeper started for the command whose intent lies in a folder; answers its pid.
   *
   * @throws {SpawnError} EEXIST where the command has a keeper, or had one; after `GONE` it may have one
   */
  spawn(folder: string): Promise<number> {
    if (folder.includes("\n")) return Promise.reject(new SpawnError("EINVAL"));
    return new Promise((resolve, reject) => {
      const { child, waiting } = (this.#server ??= this.#start());
      waiting.push({ resolve, reject });
      // Whoever waits for an answer must get it, also in a program that has nothing else to do.
      if (child.stdout instanceof Socket) child.stdout.ref();
      child.stdin?.write(`${folder}\n`);
    });
  }

  /** Lets the spawn server end; keepers go on. */
  close(): void {
    this.#server?.child.stdin?.end();
    this.#server = undefined;
  }

  #start(): { readonly child: ChildProcess; readonly waiting: Waiting[] } {
    const waiting: Waiting[] = [];
    const child = spawn(this.#program, [], {
      cwd: "/",
      env: {},
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
    });
    const server = { child, waiting };
    const over = (code: string): void => {
      if (this.#server === server) this.#server = undefined;
      for (const { reject } of waiting.splice(0)) reject(new SpawnError(code));
    };
    child.once("error", (error: NodeJS.ErrnoException) => over(error.code ?? "GONE"));
    // Not at its exit: the last answers may still be on their way.
    child.once("close", () => over("GONE"));
    child.stdin?.on("error", () => {});
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
      const lines = (text + piece).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) answer(waiting.shift(), Number(line));
      if (waiting.length === 0 && child.stdout instanceof Socket) child.stdout.unref();
    });
    child.unref();
    for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
    return server;
  }
}

function answer(one: Waiting | undefined, number: number): void {
  if (number > 0) one?.resolve(number);
  else one?.reject(new SpawnError(number < 0 ? getSystemErrorName(number) : "GONE"));
}
