import { join } from "node:path";

import type { MethodName, Params, Result } from "../../src/protocol/types.js";
import { passing } from "../support/until.js";
import type { Caller } from "./caller.js";
import type { Random } from "./random.js";
import type { AnsweredCall, Asked, WrittenCommand, WrittenInvocation, WrittenSession } from "./written.js";

const KEPT_CALLS = 300;
const ACTIVITIES_PER_SESSION = 60;
/** A writer rests for up to so long between its rounds. */
const BREATH_MS = 20;

/** Writes on and on, whatever becomes of the daemon, and remembers what it was told. */
export class Writer {
  readonly sessions: WrittenSession[] = [];
  readonly #name: string;
  readonly #caller: Caller;
  readonly #random: Random;
  readonly #folder: string;
  #calls: AnsweredCall[] = [];
  #answered = 0;
  #last = 0;
  #isStopped = false;

  constructor(options: {
    readonly name: string;
    readonly caller: Caller;
    readonly random: Random;
    /** Where its commands write. */
    readonly folder: string;
  }) {
    this.#name = options.name;
    this.#caller = options.caller;
    this.#random = options.random;
    this.#folder = options.folder;
  }

  /** How many calls were answered. */
  get answered(): number {
    return this.#answered;
  }

  /** Calls that were answered lately. */
  get calls(): readonly AnsweredCall[] {
    return this.#calls;
  }

  /** Writes until it is stopped; then everything that it began has been answered. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      const session = this.sessions.at(-1);
      if (session === undefined || session.isEnded) await this.#create();
      else if (session.attempted.size >= ACTIVITIES_PER_SESSION) await this.#end(session);
      else await this.#work(session);
      // Without a breath the daemon is so busy with their writes that to look at them takes most of a cycle.
      await passing(this.#random.between(0, BREATH_MS));
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #create(): Promise<void> {
    const session: WrittenSession = {
      name: this.#next("session"),
      attempted: new Set(),
      acknowledged: new Set(),
      talk: { attempted: new Set(), acknowledged: new Map() },
      invocations: [],
      checkpoints: nothingAsked(),
      interactions: nothingAsked(),
      counter: { attempted: 0, acknowledged: 0 },
      commands: [],
      isEnded: false,
    };
    this.sessions.push(session);
    const config = { autoSaveIntervalMs: this.#random.chance(0.5) ? 100 : 60_000 };
    const { sessionId } = await this.#call("session/create", { name: session.name, config });
    session.sessionId = sessionId;
  }

  async #end(session: WrittenSession): Promise<void> {
    session.isEnded = true;
    const { sessionId = "" } = session;
    await this.#call("session/end", { sessionId });
    if (!this.#random.chance(0.3)) return;
    // Before that it is refused.
    for (const { commandId = "" } of session.commands) await this.#caller.call("command/wait", { commandId });
    session.deletion = "asked";
    await this.#call("session/delete", { sessionId });
    session.deletion = "answered";
  }

  /** One to seven writes at once: some of them share a batch of the journal. */
  async #work(session: WrittenSession): Promise<void> {
    const records = Array.from({ length: this.#random.between(1, 3) }, () => this.#record(session));
    if (this.#random.chance(0.6)) records.push(this.#say(session), this.#say(session));
    if (this.#random.chance(0.1)) records.push(this.#useTool(session));
    if (this.#random.chance(0.3)) records.push(this.#count(session));
    if (this.#random.chance(0.1)) records.push(this.#checkpoint(session));
    if (this.#random.chance(0.1)) records.push(this.#interact(session));
    await Promise.all(records);
    if (this.#random.chance(0.04)) await this.#command(session);
  }

  async #record({ sessionId = "", attempted, acknowledged }: WrittenSession): Promise<void> {
    const action = this.#next("activity");
    attempted.add(action);
    const details = { filler: "x".repeat(this.#random.between(0, 300)) };
    await this.#call("session/record", { sessionId, action, details });
    acknowledged.add(action);
  }

  async #say({ sessionId = "", talk }: WrittenSession): Promise<void> {
    const text = this.#next("message");
    talk.attempted.add(text);
    const blocks = [{ type: "text", text, filler: "x".repeat(this.#random.between(0, 600)) }];
    const content = this.#random.chance(0.5) ? text : blocks;
    const { index } = await this.#call("message/append", { sessionId, role: "user", content });
    talk.acknowledged.set(text, index);
  }

  async #useTool({ sessionId = "", invocations }: WrittenSession): Promise<void> {
    const invocation: WrittenInvocation = { invocationId: this.#next("invocation"), told: "asked" };
    invocations.push(invocation);
    const { invocationId } = invocation;
    await this.#call("invocation/start", { sessionId, tool: "hammer", invocationId });
    invocation.told = "started";
    // Some are left running: the end of the session abandons them.
    if (this.#random.chance(0.2)) return;
    invocation.told = "finishing";
    await this.#call("invocation/finish", { invocationId, status: "succeeded", output: "x".repeat(100) });
    invocation.told = "finished";
  }

  async #count({ sessionId = "", counter }: WrittenSession): Promise<void> {
    counter.attempted += 1;
    await this.#call("metadata/set", { sessionId, key: "counter", value: counter.attempted });
    counter.acknowledged = counter.attempted;
  }

  async #checkpoint({ sessionId = "", checkpoints }: WrittenSession): Promise<void> {
    const label = this.#next("checkpoint");
    await asking(checkpoints, label, this.#call("checkpoint/create", { sessionId, label }));
  }

  async #interact({ name: agentId, sessionId = "", interactions }: WrittenSession): Promise<void> {
    const prompt = this.#next("prompt");
    await asking(interactions, prompt, this.#call("chain/append", { agentId, sessionId, prompt }));
  }

  async #command({ sessionId = "", commands }: WrittenSession): Promise<void> {
    const command: WrittenCommand = { file: join(this.#folder, this.#next("command")) };
    commands.push(command);
    const argv = this.#random.chance(0.5)
      ? ["sh", "-c", 'echo ran >>"$0"', command.file]
      : ["sh", "-c", 'echo ran >>"$0"; sleep 0.2', command.file];
    const { commandId } = await this.#call("command/start", { sessionId, argv });
    command.commandId = commandId;
  }

  async #call<M extends MethodName>(method: M, given: Params<M>): Promise<Result<M>> {
    const params = { ...given, idempotencyKey: this.#next("key") };
    const answer = await this.#caller.call(method, params);
    const answered = { method, params, answer, answeredMs: performance.now() };
    this.#answered += 1;
    this.#calls = [...this.#calls.slice(1 - KEPT_CALLS), answered];
    return answer;
  }

  #next(what: string): string {
    this.#last += 1;
    return `${this.#name}-${what}-${this.#last}`;
  }
}

function nothingAsked(): Asked {
  return { attempted: new Set(), acknowledged: new Set() };
}

async function asking(
  { attempted, acknowledged }: Asked,
  text: string,
  answer: Promise<unknown>,
): Promise<void> {
  attempted.add(text);
  await answer;
  acknowledged.add(text);
}
