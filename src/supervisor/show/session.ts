import { redactEnvironment } from "../../process/environment.js";
import type { BindingShape, SessionShape, WorkspaceShape } from "../../protocol/types.js";
import type { Binding, Lease, Session, Workspace } from "../../session/state.js";

/** Epoch milliseconds as RFC 3339, UTC. */
export function showTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** What a session was shown as. Sessions never change, so neither does this. */
const shownBefore = new WeakMap<Session, SessionShape>();

/** A session as the protocol shows it. */
export function showSession(session: Session, lastHeartbeatAt?: number): SessionShape {
  const known = shownBefore.get(session);
  const shown = known ?? show(session);
  if (known === undefined) shownBefore.set(session, shown);
  return lastHeartbeatAt === undefined ? shown : { ...shown, lastHeartbeatAt: showTime(lastHeartbeatAt) };
}

function show(session: Session): SessionShape {
  const {
    metadataLength: _,
    lastActivityUp: __,
    conversation,
    checkpoints,
    workspace,
    lease,
    binding,
    stalls,
    ...shown
  } = session;
  return {
    ...withoutUndefined(shown),
    tags: [...session.tags],
    ...(workspace === undefined ? {} : { workspace: showWorkspace(workspace) }),
    messages: conversation.count,
    checkpoints: checkpoints.length,
    environment: redactEnvironment(session.environment),
    createdAt: showTime(session.createdAt),
    updatedAt: showTime(session.updatedAt),
    lastActivityAt: showTime(session.lastActivityAt),
    ...(session.endedAt === undefined ? {} : { endedAt: showTime(session.endedAt) }),
    ...(session.archivedAt === undefined ? {} : { archivedAt: showTime(session.archivedAt) }),
    ...(lease?.isHeld === true ? { lease: showLease(lease) } : {}),
    ...(binding === undefined ? {} : { binding: showBinding(binding) }),
    ...(stalls === undefined ? {} : { stalledSince: showTime(Math.min(...Object.values(stalls))) }),
    ...(session.deletedAt === undefined ? {} : { deletedAt: showTime(session.deletedAt) }),
  } as SessionShape;
}

function showWorkspace(workspace: Workspace): WorkspaceShape {
  const { token: _, released, ...shown } = workspace;
  return { ...shown, ...(released === undefined ? {} : { released: withoutUndefined(released) }) };
}

/** Who has a session for itself, to everybody else: without what only the holder knows. */
function showLease({ epoch, holder, claimedAt }: Lease): SessionShape["lease"] {
  return { epoch, ...(holder === undefined ? {} : { holder }), claimedAt: showTime(claimedAt) };
}

/** Without what proves a pid to be this process: that is the daemon's own business. */
function showBinding({ pid, name, onExit, boundAt, gone }: Binding): BindingShape {
  const end = gone && { goneAt: showTime(gone.at), exitCode: gone.exitCode, signal: gone.signal };
  return withoutUndefined({ pid, name, onExit, boundAt: showTime(boundAt), ...end }) as BindingShape;
}

/** The object without the keys that have no value: what JSON would leave out is left out here already. */
export function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) kept[key] = item;
  return kept as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** A measure with two digits behind the point: more would mean nothing. */
export function rounded(value: number): number;
export function rounded(value: number | undefined): number | undefined;
export function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 100) / 100;
}
