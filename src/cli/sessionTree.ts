import type { Client, SessionShape } from "../../client/index.js";
import { SessiondError } from "../../client/index.js";

/** A session with those that were made from it. */
export interface TreeNode {
  readonly session: SessionShape;
  /** Oldest first. */
  readonly children: readonly TreeNode[];
  /** How many more children it has. */
  readonly moreChildren: number;
}

/** The whole family of a session, as far as it is shown. */
export interface SessionTree {
  readonly root: TreeNode;
  /** The parent that the root names and that is not there: it was deleted, or never was here. */
  readonly missingParentId?: string;
}

/** Children of one session that are shown; the others are counted. */
const CHILDREN = 20;
/** Sessions in all of whom the children are asked for: each is one call. */
const ASKED = 200;

/** Finds the root above a session, and all that descends from it. */
export async function readTree(client: Client, session: SessionShape): Promise<SessionTree> {
  const { line, missingParentId } = await ancestorsOf(client, session);
  const onLine = new Map(line.map((child) => [child.parentId, child]));
  let left = ASKED;
  const grow = async (parent: SessionShape): Promise<TreeNode> => {
    const { sessionId: parentId } = parent;
    const limit = left > 0 ? CHILDREN : 1;
    left -= 1;
    const page = { parentId, includeArchived: true, order: "oldest", limit } as const;
    const { items, total } = await client.session.list(page);
    const shown = limit === 1 ? [] : items;
    const own = onLine.get(parentId);
    // The session that was asked for is shown, wherever among its siblings it stands.
    if (own !== undefined && !shown.some(({ sessionId }) => sessionId === own.sessionId)) shown.push(own);
    const children: TreeNode[] = [];
    for (const child of shown) children.push(await grow(child));
    return { session: parent, children, moreChildren: total - children.length };
  };
  const root = await grow(line[0] ?? session);
  return { root, ...(missingParentId === undefined ? {} : { missingParentId }) };
}

/** The session and those above it, the topmost first; and the one above that which is not there. */
async function ancestorsOf(
  client: Client,
  session: SessionShape,
): Promise<{ readonly line: SessionShape[]; readonly missingParentId: string | undefined }> {
  const line = [session];
  for (let above = session.parentId; above !== undefined; above = line[0]?.parentId) {
    // No session descends from itself; a journal of an earlier version may say so, and this has to end.
    if (line.some(({ sessionId }) => sessionId === above)) break;
    const parent = await findParent(client, above);
    if (parent === undefined) return { line, missingParentId: above };
    line.unshift(parent);
  }
  return { line, missingParentId: undefined };
}

async function findParent(client: Client, sessionId: string): Promise<SessionShape | undefined> {
  try {
    return await client.session.get({ sessionId });
  } catch (error) {
    if (error instanceof SessiondError && error.type === "session_not_found") return undefined;
    throw error;
  }
}
