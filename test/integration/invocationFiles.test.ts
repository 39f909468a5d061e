import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";

import { daemonForTest } from "../support/daemon.js";
import { until } from "../support/until.js";

/** What a file of JSON holds; undefined while it is not there. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

describe("metadata.json and invocations.json", () => {
  it("S4.9 say which tools were used, in the session's own folder, and go with it", async () => {
    const daemon = await daemonForTest({ config: { sessions: { autoSaveIntervalMs: 100 } } });
    const peer = await daemon.peer();
    const { createdSeq } = await peer.call("session/create", {
      sessionId: "tools",
      purpose: "p",
      tags: ["t"],
    });
    const { commandId } = await peer.call("command/run", { sessionId: "tools", argv: ["true"] });
    await peer.call("session/record", { sessionId: "tools", action: "searched", usage: { tool: "grep" } });
    const { invocationId } = await peer.call("invocation/start", { sessionId: "tools", tool: "edit" });
    await peer.call("invocation/finish", { invocationId, status: "succeeded" });
    await peer.call("invocation/start", { sessionId: "tools", tool: "edit", invocationId: "running" });
    const folder = join(daemon.dataDir, "content", `tools~${createdSeq}`);
    const metadata = await until("metadata.json", async () => {
      const found = (await readJson(join(folder, "metadata.json"))) as Record<string, unknown> | undefined;
      return found?.["total_invocations"] === 3 ? found : undefined;
    });
    expect(metadata).toMatchObject({
      status: "active",
      purpose: "p",
      tags: ["t"],
      tools_used: ["true", "grep", "edit"],
    });
    // It is written behind the other one.
    const ids = [commandId, invocationId, "running"];
    await until("invocations.json", async () => {
      return isDeepStrictEqual(await readJson(join(folder, "invocations.json")), ids);
    });
    await peer.call("session/end", { sessionId: "tools" });
    await peer.call("session/delete", { sessionId: "tools" });
    await until(
      "the folder to go",
      async () => (await readdir(join(daemon.dataDir, "content"))).length === 0,
    );
  });
});
