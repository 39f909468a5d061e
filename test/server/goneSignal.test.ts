import { expect, it, onTestFinished, vi } from "vitest";

import { Runner } from "../../src/supervisor/runner.js";
import { Logbook } from "../../src/supervisor/logbook.js";
import type { Connection } from "../../src/server/connection.js";
import { goneSignal } from "../../src/server/goneSignal.js";
import { daemonForTest } from "../support/daemon.js";
import { until, within } from "../support/until.js";

it("leaves one listener on a connection, however often it is asked for", () => {
  const listeners: (() => void)[] = [];
  const connection = { onClose: (listener: () => void) => listeners.push(listener) } as unknown as Connection;
  const signals = new Set(Array.from({ length: 10_000 }, () => goneSignal(connection)));
  expect(signals.size).toBe(1);
  expect(listeners).toHaveLength(1);
  const [signal] = signals;
  expect(signal?.aborted).toBe(false);
  listeners[0]?.();
  expect(signal?.aborted).toBe(true);
});

it("nothing waits for a peer that is gone: for the end of a command, its output, or a log", async () => {
  const spies = [
    vi.spyOn(Runner.prototype, "wait"),
    vi.spyOn(Runner.prototype, "listenForOutput"),
    vi.spyOn(Logbook.prototype, "tail"),
  ] as const;
  onTestFinished(() => spies.forEach((spy) => spy.mockRestore()));
  const daemon = await daemonForTest({ inProcess: true });
  const owner = await daemon.peer();
  const { sessionId } = await owner.call("session/create");
  const { commandId } = await owner.call("command/start", { sessionId, argv: ["sleep", "100"] });
  const peer = await daemon.peer();
  await peer.call("event/subscribe", { types: ["session/touched"] });
  const lost = [
    peer.call("command/run", { sessionId, argv: ["sleep", "100"] }),
    peer.call("command/wait", { commandId }),
    peer.call("command/wait", { commandId, timeoutMs: 80_000_000 }),
    peer.call("command/output", { commandId, follow: true, timeoutMs: 80_000_000 }),
    peer.call("log/tail", { sessionId, lines: 0, follow: true, timeoutMs: 60_000 }),
  ].map((call) => call.catch(() => "lost"));
  const [wait, listen, tail] = spies;
  await until("all to wait", () => wait.mock.calls.length === 3 && tail.mock.calls.length === 1);
  const news = await until(
    "the output",
    () => listen.mock.results[0]?.value as ReturnType<Runner["listenForOutput"]>,
  );
  const letGo = vi.spyOn(news, "close");
  peer.close();
  await Promise.all(lost);
  // That a peer has gone altogether, and not only ended its own side, shows when something is sent to it.
  await owner.call("session/touch", { sessionId });
  for (const { value } of wait.mock.results) await within("a wait", value as Promise<void>);
  await within("the log", tail.mock.results[0]?.value as Promise<unknown>);
  await until("the output to be let go", () => letGo.mock.calls.length > 0);
  expect((await owner.call("command/get", { commandId })).status).toBe("running");
});
