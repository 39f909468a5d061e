import { describe, expect, it } from "vitest";

import { EVENTS, NOTIFICATIONS } from "../../src/protocol/events.js";
import type { Event } from "../../src/session/events.js";

/** Every type that the journal can hold: one more or less does not compile. */
const JOURNALED: Readonly<Record<Event["type"], true>> = {
  "session/created": true,
  "session/cloned": true,
  "session/imported": true,
  "session/updated": true,
  "session/touched": true,
  "session/paused": true,
  "session/resumed": true,
  "session/ended": true,
  "session/claimed": true,
  "session/released": true,
  "session/bound": true,
  "session/unbound": true,
  "session/archived": true,
  "workspace/released": true,
  "session/unarchived": true,
  "session/trashed": true,
  "session/untrashed": true,
  "session/pinned": true,
  "session/unpinned": true,
  "session/deleted": true,
  "activity/recorded": true,
  "message/appended": true,
  "invocation/started": true,
  "invocation/finished": true,
  "invocation/linked": true,
  "checkpoint/created": true,
  "checkpoint/restored": true,
  "checkpoint/deleted": true,
  "metadata/set": true,
  "metadata/deleted": true,
  "command/accepted": true,
  "command/imported": true,
  "command/started": true,
  "command/retrying": true,
  "command/stalled": true,
  "command/recovered": true,
  "command/signalled": true,
  "command/ended": true,
  "template/saved": true,
  "template/deleted": true,
  "chain/appended": true,
  "chain/trimmed": true,
  "chain/reset": true,
  "alert/configured": true,
  "alert/unconfigured": true,
  "alert/fired": true,
  "alert/resolved": true,
  "alert/acknowledged": true,
  "alert/delivered": true,
};

describe("events", () => {
  it("are exactly those of the journal", () => {
    expect(Object.keys(EVENTS).toSorted()).toEqual(Object.keys(JOURNALED).toSorted());
  });

  it.each(Object.keys(EVENTS))("%s can be subscribed to by its name", (type) => {
    expect(type).toMatch(/^[a-z]+\/[a-z]+$/);
  });

  it("name a key that they do not have", () => {
    for (const data of Object.values(EVENTS)) {
      const issues = data().safeParse({ surplus: 1 }).error?.issues ?? [];
      expect(issues).toContainEqual(
        expect.objectContaining({ code: "unrecognized_keys", keys: ["surplus"] }),
      );
    }
  });

  it("reach the subscriber with its own id first, so that the rest is written once for all", () => {
    expect(Object.keys(NOTIFICATIONS.event.shape)).toEqual([
      "subscriptionId",
      "seq",
      "at",
      "type",
      "sessionId",
      "data",
    ]);
    const event = {
      seq: 1,
      at: "2026-11-20T10:00:00.000Z",
      type: "session/touched",
      sessionId: "s",
      data: {},
    };
    expect(NOTIFICATIONS.event.safeParse({ subscriptionId: "x", ...event }).success).toBe(true);
    expect(
      NOTIFICATIONS.event.safeParse({ subscriptionId: "x", ...event, type: "session/sung" }).success,
    ).toBe(false);
  });
});
