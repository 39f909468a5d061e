import { describe, expect, it } from "vitest";

import { validateChain } from "../../../src/supervisor/chains/validate.js";
import { session } from "../../session/samples.js";
import { chainOf, entry, registryWith } from "./chains.js";

const ask = (entries: Parameters<typeof chainOf>[1], sessionId?: string) => {
  const registry = registryWith([chainOf("a", entries)]);
  registry.restoreSession(session({ sessionId: "s1", createdSeq: 40 }));
  return validateChain({ registry }, { agentId: "a", ...(sessionId === undefined ? {} : { sessionId }) });
};

describe("a chain", () => {
  it("S3.1 is valid where all is in order, whatever other tools did with their sessions", () => {
    const entries = [entry(1, { sessionCreatedSeq: 40 }), entry(2), entry(7)];
    expect(ask(entries)).toEqual({ agentId: "a", isValid: true, checked: 3, faultCount: 0, faults: [] });
  });

  it("S3.1 tells of a session whether it is in it", () => {
    expect(ask([entry(1), entry(2)], "s1")).toMatchObject({ isInChain: true });
    expect(ask([entry(1), entry(2)], "s3")).toMatchObject({ isInChain: false });
  });

  it("names what is not in order", () => {
    expect(ask([entry(1), entry(3, { at: 500 }), entry(2, { at: 900 })])).toMatchObject({
      isValid: false,
      faultCount: 2,
      faults: [
        { index: 3, kind: "time_reversed" },
        { index: 2, kind: "out_of_order" },
      ],
    });
  });

  it("names sessions that are gone, and others that have their ids now", () => {
    const entries = [entry(1, { sessionCreatedSeq: 39 }), entry(2, { sessionCreatedSeq: 41 })];
    expect(ask(entries).faults).toEqual([
      {
        index: 1,
        sessionId: "s1",
        kind: "session_gone",
        message: expect.stringContaining("another one of this id"),
      },
      { index: 2, sessionId: "s2", kind: "session_gone", message: expect.stringContaining("was deleted.") },
    ]);
  });
});
