import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Client } from "../../client/index.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { linesOf, logDir, messages } from "../support/logLines.js";
import { until } from "../support/until.js";

/** The warnings of the daemon's log about logs of sessions. */
const complaints = async (daemon: TestDaemon): Promise<unknown[]> =>
  (await daemon.log()).filter(({ event }) => event === "log.trouble");
const made = async (client: Client): Promise<string> => (await client.session.create({})).sessionId;

describe("trouble with logs", () => {
  it("S0.13 S1.7 a log that cannot be written fails no session, and is complained of once", async () => {
    const daemon = await daemonForTest();
    const client = await daemon.client();
    // A file where the folder should be: also root cannot write there.
    await writeFile(join(logDir(daemon), "sessions"), "in the way");
    await writeFile(join(logDir(daemon), "archive"), "in the way");
    for (let number = 0; number < 20; number++) {
      const session = await client.open(`s-${number}`, { sessionId: `s-${number}` });
      session.logger("c").error("lost", { err: new Error("lost") });
      expect((await session.run(["true"])).status).toBe("succeeded");
      await session.close();
      await client.session.archive({ sessionId: session.sessionId });
    }
    expect(await linesOf(client, "s-1")).toEqual([]);
    expect(await client.log.write({ sessionId: await made(client), message: "x" })).toEqual({
      accepted: 1,
      filtered: 0,
    });
    await client.session.delete({ sessionId: "s-1" });
    await until("the complaint", async () => (await complaints(daemon)).length > 0);
    expect(await complaints(daemon)).toHaveLength(1);
    expect((await client.daemon.health()).status).toBe("ok");
  });

  it("S0.13 S1.7 a log folder that is taken away fails no session", async () => {
    const daemon = await daemonForTest();
    const client = await daemon.client();
    const session = await client.open("s", { sessionId: "s" });
    const logger = session.logger();
    logger.info("before");
    await logger.flush();
    expect(messages(await linesOf(client, "s"))).toEqual(["Session created", "before"]);
    await rm(logDir(daemon), { recursive: true });
    logger.info("after");
    await session.record("works");
    expect(await linesOf(client, "s")).toEqual([]);
    expect((await client.log.tail({ sessionId: "s" })).lines).toEqual([]);
    expect((await client.log.query({})).items).toEqual([]);
    await session.close();
    const other = await made(client);
    expect(messages(await linesOf(client, other))).toEqual(["Session created"]);
  });

  it("S0.7 a session that does not exist has no log, and a cursor is one that was answered", async () => {
    const daemon = await daemonForTest();
    const client = await daemon.client();
    const missing = { type: "session_not_found" };
    await expect(client.log.write({ sessionId: "no", message: "x" })).rejects.toMatchObject(missing);
    await expect(client.log.query({ sessionId: "no" })).rejects.toMatchObject(missing);
    await expect(client.log.tail({ sessionId: "no" })).rejects.toMatchObject(missing);
    const invalid = { type: "invalid_params" };
    await expect(client.log.query({ cursor: "no" })).rejects.toMatchObject(invalid);
    const madeUp = Buffer.from('{"offset":-7,"day":-1,"number":9007199254740991}').toString("base64url");
    expect((await client.log.query({ cursor: madeUp })).items).toEqual([]);
    expect((await client.log.tail({ cursor: madeUp })).lines).not.toEqual([]);
    const sessionId = await made(client);
    await expect(client.log.write({ sessionId })).rejects.toMatchObject(invalid);
    await expect(
      client.log.write({ sessionId, message: "x", entries: [{ message: "y" }] }),
    ).rejects.toMatchObject(invalid);
  });
});
