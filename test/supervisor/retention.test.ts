import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Session } from "../../src/session/state.js";
import { NEVER, retentionStep } from "../../src/supervisor/retention.js";
import { session } from "../session/samples.js";

const AGES = { archiveAfterMs: 100, deleteAfterMs: 300 };
const ended = (changes: Partial<Session> = {}): Session =>
  session({ status: "completed", endedAt: 1_000, ...changes });
const running = { total: 1, running: 1, succeeded: 0, failed: 0, retries: 0 };

describe("retentionStep", () => {
  it("S0.10 archives what ended so long ago, to the millisecond", () => {
    expect(retentionStep(ended(), AGES, 1_099)).toBeUndefined();
    expect(retentionStep(ended(), AGES, 1_100)).toBe("archive");
    for (const status of ["failed", "abandoned", "timed_out"] as const)
      expect(retentionStep(ended({ status }), AGES, 1_100)).toBe("archive");
  });

  it("S0.10 deletes what is archived and ended so long ago, whenever it was archived", () => {
    const archived = ended({ archivedAt: 1_250 });
    expect(retentionStep(archived, AGES, 1_299)).toBeUndefined();
    expect(retentionStep(archived, AGES, 1_300)).toBe("delete");
    // However old it is, it is archived first.
    expect(retentionStep(ended(), AGES, 1_000_000)).toBe("archive");
    expect(retentionStep(ended(), { ...AGES, archiveAfterMs: 0 }, 1_000_000)).toBeUndefined();
  });

  it("leaves alone what still stops, and what ended in the future", () => {
    expect(retentionStep(ended({ commands: running }), AGES, 2_000)).toBeUndefined();
    expect(retentionStep(ended({ commands: running, archivedAt: 1 }), AGES, 2_000)).toBeUndefined();
    expect(retentionStep(ended(), AGES, 0)).toBeUndefined();
  });

  it("never touches what has not ended, and nothing at all where no age is set", () => {
    const age = fc.nat(10_000);
    fc.assert(
      fc.property(
        fc.constantFrom("active" as const, "paused" as const),
        fc.option(age, { nil: undefined }),
        age,
        age,
        fc.nat(),
        (status, endedAt, archiveAfterMs, deleteAfterMs, nowMs) => {
          const ages = { archiveAfterMs, deleteAfterMs };
          expect(
            retentionStep(session({ status, endedAt, archivedAt: endedAt }), ages, nowMs),
          ).toBeUndefined();
          expect(retentionStep(ended({ archivedAt: endedAt }), NEVER, nowMs)).toBeUndefined();
        },
      ),
    );
  });
});
