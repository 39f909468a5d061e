import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

import type { Peer } from "../support/peer.js";
import { daemonForSuite } from "../support/daemon.js";

const daemon = daemonForSuite();
const MAIN = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const PRINT = ["sh", "-c", 'printf %s "[$SESSIOND_LEASE]"'];

async function outputOf(
  peer: Peer,
  params: { sessionId: string; argv: string[]; lease?: string },
): Promise<string> {
  // As from within a command of another session, which has a lease and a workspace.
  const env = {
    PATH: process.env["PATH"] ?? "",
    SESSIOND_LEASE: "of-another",
    SESSIOND_WORKSPACE: "/of/another",
  };
  const { commandId, exitCode } = await peer.call("command/run", { ...params, env });
  const output = await peer.call("command/output", { commandId });
  expect(exitCode, output.output).toBe(0);
  return output.output;
}

describe("a command of a session that is claimed", () => {
  it("has the lease that it was started under, and one of a free session none", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    expect(await outputOf(peer, { sessionId, argv: PRINT })).toBe("[]");
    const { lease } = await peer.call("session/claim", { sessionId });
    expect(await outputOf(peer, { sessionId, argv: PRINT, lease })).toBe(`[${lease}]`);
    const workspace = ["sh", "-c", 'printf %s "[$SESSIOND_WORKSPACE]"'];
    expect(await outputOf(peer, { sessionId, argv: workspace, lease })).toBe("[]");
  });

  it("may write to it by the command line, until somebody takes the session over", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const { lease } = await peer.call("session/claim", { sessionId });
    const say = [process.execPath, MAIN, "say", sessionId, "from within"];
    await outputOf(peer, { sessionId, argv: say, lease });
    expect((await peer.call("message/list", { sessionId })).items).toMatchObject([
      { content: "from within" },
    ]);
    // It waits for the take-over, and then goes on as if nothing had happened.
    const sign = join(daemon().folder, "taken-over");
    const stalled = ["sh", "-c", 'until [ -e "$0" ]; do sleep 0.05; done; exec "$@"', sign, ...say];
    const env = { PATH: process.env["PATH"] ?? "" };
    const { commandId } = await peer.call("command/start", { sessionId, argv: stalled, lease, env });
    await (await daemon().peer()).call("session/claim", { sessionId, takeover: true });
    await writeFile(sign, "");
    const ended = await peer.call("command/wait", { commandId });
    expect(ended.exitCode).not.toBe(0);
    const said = await peer.call("command/output", { commandId, stream: "stderr" });
    expect(said.output).toContain("lease");
    expect((await peer.call("session/get", { sessionId })).messages).toBe(1);
  });
});
