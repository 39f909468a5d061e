import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";

import type { Params } from "../../src/protocol/types.js";
import type { TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";

/** A session whose commands wait for a file, `gate`, that is there at the end of the test at the latest. */
export interface CommandScene {
  readonly daemon: TestDaemon;
  readonly sessionId: string;
  readonly gate: string;
  /** Of the daemon that runs; whoever starts the next one puts it here. */
  peer: Peer;
}

export async function openScene(daemon: TestDaemon): Promise<CommandScene> {
  const peer = await daemon.peer();
  const { sessionId } = await peer.call("session/create");
  const gate = join(daemon.folder, "gate");
  // What still waits when the test fails would wait for ever.
  onTestFinished(() => writeFile(gate, "").catch(() => undefined));
  return { daemon, sessionId, gate, peer };
}

/** Starts a script, and waits for what it says first. */
export async function start(
  { peer, sessionId, gate }: CommandScene,
  script: string,
  request: Partial<Params<"command/start">> = {},
): Promise<string> {
  const argv = ["sh", "-c", script, gate];
  const { commandId } = await peer.call("command/start", { sessionId, argv, ...request });
  await peer.call("command/output", { commandId, follow: true });
  return commandId;
}
