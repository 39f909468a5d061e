import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { idOfFileName, sessionFileName } from "../../src/content/sessionFileName.js";

const first = fc.stringMatching(/^[A-Za-z0-9]$/);
const rest = fc.stringMatching(/^[A-Za-z0-9._-]{0,127}$/);
const ids = fc.tuple(first, rest).map(([head, tail]) => `${head}${tail}`);

describe("the name of a session's file", () => {
  it("S1.5 is the documented one wherever the file system tells capitals from small letters", () => {
    expect(sessionFileName("abc123", true)).toBe("session_abc123.json");
    expect(sessionFileName("Task", true)).toBe("session_Task.json");
  });

  it("S1.5 tells ids apart that differ by case alone, where it does not", () => {
    expect(sessionFileName("abc123", false)).toBe("session_abc123.json");
    expect(sessionFileName("Task", false)).toBe("session_Task~1.json");
    expect(sessionFileName("tasK", false)).toBe("session_tasK~8.json");
    fc.assert(
      fc.property(ids, ids, (one, other) => {
        for (const twin of [other, one.toLowerCase(), one.toUpperCase()]) {
          const isSame =
            sessionFileName(one, false).toLowerCase() === sessionFileName(twin, false).toLowerCase();
          expect(isSame).toBe(one === twin);
        }
      }),
    );
  });

  it("tells the id, is no path, and fits into a folder with all that is put behind it", () => {
    fc.assert(
      fc.property(ids, fc.boolean(), (id, isCaseSensitive) => {
        const name = sessionFileName(id, isCaseSensitive);
        expect(idOfFileName(name)).toBe(id);
        expect(idOfFileName(`${name}.gz`)).toBe(id);
        expect(name).not.toMatch(/[/\\\0]/);
        expect(name.length).toBeLessThan(200);
      }),
    );
    for (const name of [
      "registry.json",
      "session_.json",
      "session_a.json.damaged-2026",
      "session_../a.json",
      "a.json",
    ])
      expect(idOfFileName(name)).toBeUndefined();
  });
});
