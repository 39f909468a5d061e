import type { BodyKind } from "../../content/places.js";
import { LIMITS } from "../../protocol/limits.js";
import type { PortableBodyKind, portableBodies } from "../../protocol/portableFile.js";
import type { Session } from "../../session/state.js";
import type { BodyTypes } from "../bodyOf.js";
import { showInvocation } from "../show/invocation.js";
import { showTime, withoutUndefined } from "../show/session.js";

/** One line of a file. */
type LineOf<Name extends PortableBodyKind> = (typeof portableBodies)[Name]["_output"];

/** What a session has counted. */
type Counted = Pick<Session, "activities" | "conversation" | "invocations">;

/** How bodies of one kind stand in a file that holds a whole session. */
interface PortableKind<Name extends PortableBodyKind, Kind extends BodyKind> {
  /** What its lines are called. */
  readonly name: Name;
  readonly of: Kind;
  /** How many a session counted, and of what it was made: no more lines than that can there be. */
  countOf(session: Counted): number;
  toLine(body: BodyTypes[Kind]): object;
  /** The body with the seq that it gets; or what is wrong with it. `exportedAt` is when the file was written. */
  toBody(line: LineOf<Name>, seq: number, exportedAt: string): BodyTypes[Kind] | { readonly fault: string };
}

const activities: PortableKind<"activity", "activities"> = {
  name: "activity",
  of: "activities",
  countOf: (session) => session.activities,
  toLine,
  toBody: (found, seq) => {
    const { line: _, at, ...fields } = found;
    if (isLonger(fields.details, LIMITS.detailsLength))
      return { fault: `details: longer than ${LIMITS.detailsLength}` };
    return { seq, at: Date.parse(at), ...withoutUndefined(fields) };
  },
};

const messages: PortableKind<"message", "conversation"> = {
  name: "message",
  of: "conversation",
  // Those too that a restored checkpoint took back: they keep their places.
  countOf: ({ conversation }) => conversation.appended,
  toLine,
  toBody: (found, seq) => {
    const { line: _, at, ...fields } = found;
    if (isLonger(fields.content, LIMITS.messageLength))
      return { fault: `content: longer than ${LIMITS.messageLength}` };
    return { seq, at: Date.parse(at), ...withoutUndefined(fields) };
  },
};

const invocations: PortableKind<"invocation", "invocations"> = {
  name: "invocation",
  of: "invocations",
  // Those too that run: they stand behind all that are over.
  countOf: ({ invocations: counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0),
  toLine: (body) => {
    const { seq: _, at, ...known } = body;
    return { at: showTime(at), ...showInvocation(known) };
  },
  toBody: (found, seq, exportedAt) => {
    const { line: _, at, startedAt, endedAt, status, ...fields } = found;
    for (const name of ["input", "output"] as const) {
      if (isLonger(fields[name], LIMITS.detailsLength))
        return { fault: `${name}: longer than ${LIMITS.detailsLength}` };
    }
    if ((status === "running") !== (endedAt === undefined))
      return { fault: "endedAt: it does not go with its status" };
    const times = { at: Date.parse(at), startedAt: Date.parse(startedAt) };
    const known = { seq, ...withoutUndefined(fields), ...times };
    if (status !== "running") return { ...known, status, endedAt: Date.parse(endedAt ?? at) };
    // Whoever made it tells another daemon how it went.
    return { ...known, status: "abandoned", endedAt: Math.max(times.startedAt, Date.parse(exportedAt)) };
  },
};

/**
 * All kinds of bodies, in the order in which they stand in a file. One that is added here is exported and imported;
 * its line is declared in `protocol/portableFile.ts`.
 */
export const PORTABLE_KINDS: readonly AnyPortableKind[] = [activities, messages, invocations];

/** A kind whichever: a body and what becomes of it are of one kind, which the compiler cannot follow through a list. */
export interface AnyPortableKind {
  readonly name: PortableBodyKind;
  readonly of: BodyKind;
  countOf(session: Counted): number;
  toLine(body: object): object;
  toBody(line: object, seq: number, exportedAt: string): BodyTypes[BodyKind] | { readonly fault: string };
}

/** A body without its seq, which means something only where it was. */
function toLine(body: { readonly seq: number; readonly at: number }): object {
  const { seq: _, at, ...fields } = body;
  return { at: showTime(at), ...fields };
}

function isLonger(value: unknown, bound: number): boolean {
  return value !== undefined && JSON.stringify(value).length > bound;
}
