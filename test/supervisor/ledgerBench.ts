import type { Journal } from "../../src/journal/index.js";
import type { Event } from "../../src/session/events.js";
import type { Command } from "../../src/session/commands.js";
import { RefusalError } from "../../src/protocol/errors.js";
import { Feed } from "../../src/supervisor/feed.js";
import { Keys } from "../../src/supervisor/keys.js";
import { type Answer, type Committed, Ledger, type SubmitOptions } from "../../src/supervisor/ledger.js";
import { Registry } from "../../src/supervisor/registry.js";
import { BOUNDS, create } from "../session/samples.js";
import { SteppedClock } from "./steppedClock.js";

/** How a call ended, as soon as it has. */
export interface Outcome {
  readonly answer?: Answer;
  /** The type of the refusal, or the message of any other error. */
  readonly refused?: string;
}

/** A ledger with everything around it, over a journal that the test gives. */
export class LedgerBench<J extends Journal> {
  readonly registry = new Registry({ keepPerSession: 100 });
  readonly keys = new Keys({ keepMs: 1_000, maxKeys: 3 });
  readonly clock = new SteppedClock();
  readonly committed: Committed[] = [];
  readonly journal: J;
  readonly feed: Feed;
  readonly ledger: Ledger;

  constructor(open: (onFailure: (error: Error) => void) => J) {
    this.journal = open(() => this.registry.rollback());
    this.feed = new Feed(this.journal);
    const { registry, keys, clock, journal, feed } = this;
    const onCommitted = (committed: Committed): void => {
      this.committed.push(committed);
    };
    this.ledger = new Ledger({ journal, registry, keys, feed, clock, bounds: BOUNDS, onCommitted });
  }

  /** Submits and answers at once; the outcome gets its content when the call has ended. */
  submit(command: Command, options?: SubmitOptions): Outcome {
    const outcome: { answer?: Answer; refused?: string } = {};
    this.ledger.submit(command, options).then(
      (answer) => (outcome.answer = answer),
      (error: unknown) => (outcome.refused = nameOf(error)),
    );
    return outcome;
  }

  create(sessionId: string, options?: SubmitOptions): Outcome {
    return this.submit(create({ sessionId }), options);
  }

  /** The types of the events that became durable, in their order. */
  get events(): Event["type"][] {
    return this.committed.flatMap(({ events }) => events.map(({ type }) => type));
  }
}

function nameOf(error: unknown): string {
  if (error instanceof RefusalError) return error.refusal.type;
  return error instanceof Error ? error.message : String(error);
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
