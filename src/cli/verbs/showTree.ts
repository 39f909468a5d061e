import type { SessionShape } from "../../../client/index.js";
import type { Context } from "../context.js";
import { ago, counted } from "../humane.js";
import { findSession, shortIds } from "../sessionRef.js";
import { readTree, type SessionTree, type TreeNode } from "../sessionTree.js";
import { paintStatus, statusWords } from "../statusWords.js";
import { cut, printable } from "../textWidth.js";

/** One line of the tree: what it is drawn with, and the session; or in words what is not shown. */
interface Line {
  readonly stem: string;
  readonly session?: SessionShape;
  readonly words?: string;
}

const GAP = "  ";
const LEAST_NAME = 8;
const LEAST_ID = 8;

/** Shows the family of a session: the one that it began with, and all that were made from that. */
export async function showTree(context: Context, given: string): Promise<number> {
  const { session, tree } = await context.withClient(async (client) => {
    const session = await findSession(client, given);
    return { session, tree: await readTree(client, session) };
  });
  await context.print(tree, () => inWords(context, tree, session.sessionId));
  return 0;
}

function inWords(context: Context, { root, missingParentId }: SessionTree, askedFor: string): string {
  const lines = linesOf(root, "", "");
  const ids = lines.flatMap(({ session }) => (session === undefined ? [] : [session.sessionId]));
  const short = Number.isFinite(context.width) ? shortIds(ids) : (id: string): string => id;
  const now = Date.now();
  const head = missingParentId === undefined ? [] : [`(made from ${missingParentId}, which is not here)`];
  const drawn = lines.map(({ stem: whole, session, words = "" }) => {
    const stem = lastOf(whole, Math.floor(context.width / 3));
    if (session === undefined) return context.paint("dim", stem + words);
    const isAsked = session.sessionId === askedFor;
    return (
      context.paint("dim", stem) + describe(context, session, { short, now, isAsked, used: stem.length })
    );
  });
  return [...head, ...drawn].map((line) => `${line}\n`).join("");
}

/** A session in what is left of a line: where that is little, its name is cut, and then its id. */
function describe(
  { paint, width }: Context,
  { sessionId, name, status, archivedAt, createdAt }: SessionShape,
  how: {
    readonly short: (id: string) => string;
    readonly now: number;
    readonly isAsked: boolean;
    /** Columns that are taken. */
    readonly used: number;
  },
): string {
  const state = statusWords(status) + (archivedAt === undefined ? "" : ", archived");
  const age = ago(createdAt, how.now);
  const left = width - how.used - state.length - age.length - 3 * GAP.length;
  const id = cut(how.short(sessionId), Math.max(LEAST_ID, left - LEAST_NAME));
  const called = cut(printable(name ?? "-"), Math.max(LEAST_NAME, left - id.length));
  const shown = how.isAsked ? paint("bold", called) : called;
  return [id, shown, paintStatus(paint, status, state), paint("dim", age)].join(GAP);
}

/** The end of what a line is drawn with: deep down there would be no room for anything else. */
function lastOf(stem: string, columns: number): string {
  return stem.length <= columns ? stem : `…${stem.slice(1 - columns)}`;
}

/** The lines of a node and all below it. `stem` stands before itself, `below` before what is below it. */
function linesOf({ session, children, moreChildren }: TreeNode, stem: string, below: string): Line[] {
  const isLast = (index: number): boolean => index === children.length - 1 && moreChildren === 0;
  const more =
    moreChildren === 0
      ? []
      : [{ stem: `${below}└─ `, words: `… and ${counted(moreChildren, "more", "more")}` }];
  return [
    { stem, session },
    ...children.flatMap((child, index) =>
      linesOf(child, `${below}${isLast(index) ? "└─ " : "├─ "}`, `${below}${isLast(index) ? "   " : "│  "}`),
    ),
    ...more,
  ];
}
