import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Params } from "../../client/index.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { itOnFiles } from "../support/storage.js";
import { until } from "../support/until.js";
import { Webhook } from "../support/webhook.js";

type Deliver = NonNullable<Params<"alert/setRule">["deliver"]>;

/** A rule that fires at once, and resolves when it is turned off. */
const set = (peer: Peer, deliver: Deliver) =>
  peer.call("alert/setRule", {
    ruleId: "disk",
    metric: "system.diskFreeBytes",
    comparison: "below",
    threshold: 1e18,
    deliver,
  });
const off = (peer: Peer) => peer.call("alert/setRule", { ruleId: "disk", enabled: false });

/** The alert once so many deliveries are reported. */
const delivered = (peer: Peer, count: number) =>
  until(`${count} deliveries`, async () => {
    const [alert] = (await peer.call("alert/list", { ruleId: "disk" })).items;
    return alert !== undefined && alert.deliveries.length >= count ? alert : undefined;
  });

/** A program that writes what it is told to the end of a file. */
const appending = (daemon: TestDaemon) => {
  const file = join(daemon.folder, "told");
  const argv = ["/bin/sh", "-c", 'cat >> "$0"', file];
  return {
    argv,
    lines: async () => (await readFile(file, "utf8")).split("\n").filter((line) => line !== ""),
  };
};

describe("who is told of alerts", () => {
  it("S2.8 is a program, with the alert on its standard input, when it fires and when it resolves", async () => {
    const daemon = await daemonForTest({ inProcess: true });
    const peer = await daemon.peer();
    const { argv, lines } = appending(daemon);
    await set(peer, [{ kind: "command", argv }]);
    const fired = await delivered(peer, 1);
    await off(peer);
    const alert = await delivered(peer, 2);
    expect(alert.deliveries).toEqual(
      ["fired", "resolved"].map((transition) => ({
        transition,
        kind: "command",
        target: "/bin/sh",
        status: "delivered",
        attempts: 1,
      })),
    );
    const { deliveries: _, ...told } = fired;
    const notices = (await lines()).map((line) => JSON.parse(line) as object);
    expect(notices).toMatchObject([
      { deliveryId: `${alert.alertId}:fired`, type: "alert/fired", alert: told },
      {
        deliveryId: `${alert.alertId}:resolved`,
        type: "alert/resolved",
        alert: { resolveReason: "rule_disabled" },
      },
    ]);
  });

  it("S2.8 is a webhook that fails twice, and the program beside it does not wait for that", async () => {
    const daemon = await daemonForTest({ inProcess: true });
    const peer = await daemon.peer();
    const hook = await Webhook.open(500, 503, 204);
    const { argv, lines } = appending(daemon);
    const headers = { Authorization: "Bearer hunter2" };
    await set(peer, [
      { kind: "webhook", url: `${hook.url}/alerts`, headers },
      { kind: "command", argv },
    ]);
    await until("the program to be told", async () => (await lines().catch(() => [])).length === 1);
    const { alertId, deliveries } = await delivered(peer, 2);
    expect(deliveries).toMatchObject([
      { kind: "webhook", target: new URL(hook.url).host, status: "delivered", attempts: 3 },
      { kind: "command", status: "delivered", attempts: 1 },
    ]);
    expect(hook.received.map(({ body }) => body.deliveryId)).toEqual([1, 2, 3].map(() => `${alertId}:fired`));
    expect(hook.received[0]).toMatchObject({ path: "/alerts", headers: { authorization: "Bearer hunter2" } });
    expect(await lines()).toHaveLength(1);
    expect(JSON.stringify(await daemon.log())).not.toContain("hunter2");
    expect(JSON.stringify(await peer.call("alert/rules"))).not.toContain("hunter2");
  });

  it("is told in vain where it fails, which the alert and the log say", async () => {
    const daemon = await daemonForTest({ inProcess: true });
    const peer = await daemon.peer();
    const hook = await Webhook.open(410);
    const script = "echo nobody listens >&2; exit 4";
    await set(peer, [
      { kind: "command", argv: ["/bin/sh", "-c", script] },
      { kind: "command", argv: ["/bin/sleep", "1000"], timeoutMs: 100 },
      { kind: "webhook", url: hook.url },
    ]);
    const { deliveries } = await delivered(peer, 3);
    expect(deliveries.map(({ status, attempts, error }) => [status, attempts, error])).toEqual([
      ["failed", 1, "it ended with 4: nobody listens"],
      ["failed", 1, "it took longer than 100 ms"],
      ["failed", 1, "it answered 410"],
    ]);
    const complaints = (await daemon.log()).filter(({ event }) => event === "alert.undelivered");
    expect(complaints).toHaveLength(3);
  });

  itOnFiles(
    "S2.8 is told after a kill what was not confirmed before it, under the same id, and no more",
    async () => {
      const daemon = await daemonForTest();
      const peer = await daemon.peer();
      const hook = await Webhook.open("silence", 204);
      await set(peer, [{ kind: "webhook", url: hook.url, timeoutMs: 600_000 }]);
      await until("the first try", () => hook.received.length === 1);
      await daemon.crash();
      const { alertId } = await delivered(await daemon.peer(), 1);
      expect(hook.received.map(({ body }) => body.deliveryId)).toEqual([
        `${alertId}:fired`,
        `${alertId}:fired`,
      ]);
      await daemon.crash();
      const last = await daemon.peer();
      await off(last);
      await delivered(last, 2);
      expect(hook.received.map(({ body }) => body.type)).toEqual([
        "alert/fired",
        "alert/fired",
        "alert/resolved",
      ]);
    },
  );

  itOnFiles("keeps no stop waiting, and is told by the next start", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const hook = await Webhook.open("silence", 204);
    await set(peer, [{ kind: "webhook", url: hook.url, timeoutMs: 600_000 }]);
    await until("the first try", () => hook.received.length === 1);
    await daemon.restart();
    const alert = await delivered(await daemon.peer(), 1);
    expect(alert.deliveries).toMatchObject([{ status: "delivered" }]);
    expect(hook.received).toHaveLength(2);
  });
});
