import type { MethodName } from "../../src/protocol/types.js";

/** A call that was answered, to be made once more later: the answer has to be the same. */
export interface AnsweredCall {
  readonly method: MethodName;
  readonly params: object;
  readonly answer: unknown;
  /** When it was answered, by the monotonic clock. */
  readonly answeredMs: number;
}

/** A command that was asked for; it writes a line to its file each time that it runs. */
export interface WrittenCommand {
  readonly file: string;
  /** From the answer. */
  commandId?: string;
}

/** The messages of one session. */
export interface WrittenTalk {
  readonly attempted: Set<string>;
  /** By their content: the index of the answer. */
  readonly acknowledged: Map<string, number>;
}

/** An invocation, from its start to its end. */
export interface WrittenInvocation {
  /** The caller's own, and nobody else's. */
  readonly invocationId: string;
  told: "asked" | "started" | "finishing" | "finished";
}

/** Things of one kind, by a text that nobody else used: those that were asked for, and those of which the answer came. */
export interface Asked {
  readonly attempted: Set<string>;
  readonly acknowledged: Set<string>;
}

/** What one writer did in one session: asked for, and answered. */
export interface WrittenSession {
  /** Nobody else's: a session that was created twice would be found by it. */
  readonly name: string;
  /** From the answer to its creation. */
  sessionId?: string;
  readonly attempted: Set<string>;
  readonly acknowledged: Set<string>;
  /** What was said in its conversation. */
  readonly talk: WrittenTalk;
  /** Tools that were at work in it. */
  readonly invocations: WrittenInvocation[];
  /** By their labels. */
  readonly checkpoints: Asked;
  /** By their prompts: the chain of an agent that is called like the session. */
  readonly interactions: Asked;
  /** The counter that is kept in its metadata. */
  readonly counter: { attempted: number; acknowledged: number };
  readonly commands: WrittenCommand[];
  isEnded: boolean;
  /** Whether its deletion was asked for, or answered: then it must never be seen again. */
  deletion?: "asked" | "answered";
}
