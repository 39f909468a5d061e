import { expect } from "vitest";

import { SessiondError } from "../../src/rpc/remoteError.js";
import type { Peer } from "../support/peer.js";
import type { Asked, WrittenSession } from "./written.js";

type Looked = Pick<WrittenSession, "name" | "checkpoints" | "interactions"> & { readonly sessionId: string };

/**
 * Holds the checkpoints of a session, and the chain of its agent, against what their writer was told.
 *
 * @param before what had been acknowledged before the look began
 */
export async function verifyAsked(
  peer: Peer,
  { name, sessionId, checkpoints, interactions }: Looked,
  before: Readonly<Record<"checkpoints" | "interactions", readonly string[]>>,
): Promise<void> {
  const kept = await peer.call("checkpoint/list", { sessionId, limit: 1_000 });
  const labels = kept.items.map(({ label = "" }) => label);
  expectOnce(`${name}: checkpoints`, labels, checkpoints, before.checkpoints);
  const prompts = await promptsOf(peer, name);
  expectOnce(`${name}: interactions of its agent`, prompts, interactions, before.interactions);
}

/** Of the chain of an agent; none where it has none. */
async function promptsOf(peer: Peer, agentId: string): Promise<string[]> {
  try {
    const { items } = await peer.call("chain/get", { agentId, limit: 1_000 });
    return items.map(({ prompt }) => prompt);
  } catch (error) {
    if (error instanceof SessiondError && error.type === "chain_not_found") return [];
    throw error;
  }
}

function expectOnce(what: string, found: readonly string[], asked: Asked, before: readonly string[]): void {
  const unique = new Set(found);
  expect(unique.size, `${what}: none is there twice`).toBe(found.length);
  expect(
    before.filter((text) => !unique.has(text)),
    `${what}: acknowledged, and missing`,
  ).toEqual([]);
  expect(
    found.filter((text) => !asked.attempted.has(text)),
    `${what}: never asked for`,
  ).toEqual([]);
}
