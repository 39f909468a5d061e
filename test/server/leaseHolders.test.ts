import { expect, it, vi } from "vitest";

import type { Connection } from "../../src/server/connection.js";
import { LeaseHolders } from "../../src/server/leaseHolders.js";

it("knows a connection as one holder, listens for its end once, and tells it what was taken", () => {
  const gone = vi.fn();
  const lines: unknown[] = [];
  const listeners: (() => void)[] = [];
  const state = { closed: false };
  const connection = {
    get closed() {
      return state.closed;
    },
    notify: (line: string) => lines.push(JSON.parse(line)) > 0,
    onClose: (listener: () => void) => listeners.push(listener),
  } as unknown as Connection;
  const holders = new LeaseHolders({ gone });
  const holder = holders.of(connection);
  expect(holders.of(connection)).toBe(holder);
  expect(holders.of({ ...connection })).not.toBe(holder);
  expect(holder.isGone).toBe(false);
  holder.taken({ sessionId: "s", epoch: 2, holder: "ben" });
  expect(lines).toEqual([
    { jsonrpc: "2.0", method: "session/taken", params: { sessionId: "s", epoch: 2, holder: "ben" } },
  ]);
  state.closed = true;
  listeners[0]?.();
  expect([gone.mock.calls, holder.isGone]).toEqual([[[holder]], true]);
  holder.taken({ sessionId: "s", epoch: 3 });
  expect(lines).toHaveLength(1);
});
