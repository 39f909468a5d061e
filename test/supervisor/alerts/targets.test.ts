import { describe, expect, it } from "vitest";

import { Targets } from "../../../src/supervisor/alerts/targets.js";
import { until } from "../../support/until.js";
import { Webhook } from "../../support/webhook.js";

const NOTICE = { deliveryId: "a:fired", body: '{"deliveryId":"a:fired"}\n' };
const targets = new Targets({ firstPauseMs: 1, socket: "/s" });
const never = new AbortController().signal;

const tell = (
  url: string,
  more: { headers?: Record<string, string>; timeoutMs?: number } = {},
  signal = never,
) => targets.tell({ kind: "webhook", url, timeoutMs: 60_000, ...more }, NOTICE, signal);

describe("a webhook", () => {
  it("is posted the notice, with the headers of its rule", async () => {
    const hook = await Webhook.open(200);
    const headers = { authorization: "Bearer x", "content-type": "application/alert+json" };
    expect(await tell(`${hook.url}/in?x=1`, { headers })).toEqual({ status: "delivered", attempts: 1 });
    expect(hook.received).toMatchObject([
      {
        path: "/in?x=1",
        headers: { ...headers, "idempotency-key": "a:fired" },
        body: { deliveryId: "a:fired" },
      },
    ]);
  });

  it("is tried again where that could help, as often as is sensible", async () => {
    const twice = await Webhook.open(503, 429, 204);
    expect(await tell(twice.url)).toEqual({ status: "delivered", attempts: 3 });
    const dead = await Webhook.open(500);
    expect(await tell(dead.url)).toEqual({ status: "failed", attempts: 12, error: "it answered 500" });
    await dead.close();
    expect(await tell(dead.url)).toMatchObject({
      status: "failed",
      attempts: 12,
      error: expect.stringMatching(/ECONNREFUSED/) as string,
    });
  });

  it("is not tried again where it is refused, and no redirect is followed", async () => {
    const other = await Webhook.open(204);
    const refuses = await Webhook.open(404);
    expect(await tell(refuses.url)).toEqual({ status: "failed", attempts: 1, error: "it answered 404" });
    const sends = await Webhook.open([307, { location: other.url }]);
    expect(await tell(sends.url)).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringMatching(/redirects are not/) as string,
    });
    expect(other.received).toEqual([]);
  });

  it("that is silent has so much time, and none once the daemon stops", async () => {
    const silent = await Webhook.open("silence", 204);
    expect(await tell(silent.url, { timeoutMs: 50 })).toEqual({ status: "delivered", attempts: 2 });
    const hangs = await Webhook.open("silence");
    const stop = new AbortController();
    const told = tell(hangs.url, {}, stop.signal);
    await until("the request", () => hangs.received.length === 1);
    stop.abort();
    expect(await told).toMatchObject({ status: "failed", attempts: 1 });
  });

  it("may say how long it wants to be left alone, and a stop does not wait for that", async () => {
    const busy = await Webhook.open([503, { "retry-after": "3600" }]);
    const stop = new AbortController();
    const told = tell(busy.url, {}, stop.signal);
    await until("the request", () => busy.received.length === 1);
    stop.abort();
    expect(await told).toMatchObject({ status: "failed" });
    expect(busy.received).toHaveLength(1);
  });
});

describe("a program", () => {
  const program = (script: string) =>
    targets.tell({ kind: "command", argv: ["/bin/sh", "-c", script], timeoutMs: 60_000 }, NOTICE, never);

  it("is told once, knows the daemon, and its failure is told", async () => {
    expect(await program('[ "$SESSIOND_SOCKET" = /s ] && [ "$SESSIOND_DELIVERY_ID" = a:fired ]')).toEqual({
      status: "delivered",
      attempts: 1,
    });
    expect(await program("exit 2")).toEqual({ status: "failed", attempts: 1, error: "it ended with 2" });
    const nul = { kind: "command" as const, argv: ["\0"], timeoutMs: 1 };
    expect(await targets.tell(nul, NOTICE, never)).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/null bytes/) as string,
    });
  });
});
