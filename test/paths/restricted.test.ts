import { describe, expect, it } from "vitest";

import type { Platform } from "../../src/paths/finding.js";
import { restrictionOf, type RestrictionOptions } from "../../src/paths/restricted.js";

const NONE: RestrictionOptions = { homes: ["/home/a"], closed: [], open: [] };

function closedBy(path: string, platform: Platform, options: Partial<RestrictionOptions> = {}) {
  return restrictionOf(path, platform, { ...NONE, ...options })?.path;
}

describe("a restricted place", () => {
  it.each<[string, Platform, string | undefined]>([
    ["/", "linux", "/"],
    ["/etc", "linux", "/etc"],
    ["/etc/passwd", "linux", "/etc"],
    ["/etcetera", "linux", undefined],
    ["/ETC", "linux", undefined],
    ["/proc/self/mem", "linux", "/proc"],
    ["/var/lib/x", "linux", "/var"],
    ["/var/tmp/x", "linux", undefined],
    ["/run/user/1000/x", "linux", undefined],
    ["/home/a/project", "linux", undefined],
    ["/home/a/.ssh/id_ed25519", "linux", "/home/a/.ssh"],
    ["/home/b/.ssh", "linux", undefined],
    ["/srv/project", "linux", undefined],
    ["/system/library", "macos", "/System"],
    ["/private/var/folders/x", "macos", undefined],
    ["C:\\", "windows", "C:\\"],
    ["c:\\windows\\System32", "windows", "C:\\Windows"],
    ["C:\\Windows Old", "windows", undefined],
    ["D:\\work", "windows", undefined],
  ])("%s on %s", (path, platform, closed) => {
    expect(closedBy(path, platform)).toBe(closed);
  });

  it("is decided by the most exact entry, the operator's own before those of the system", () => {
    const closed = [{ path: "/srv/secret", reason: "no" }];
    expect(closedBy("/srv/secret/x", "linux", { closed })).toBe("/srv/secret");
    expect(closedBy("/srv/secret/x", "linux", { closed, open: ["/srv/secret/x"] })).toBeUndefined();
    expect(closedBy("/srv/secret/y", "linux", { closed, open: ["/srv"] })).toBe("/srv/secret");
    expect(closedBy("/etc/app", "linux", { open: ["/etc/app"] })).toBeUndefined();
    expect(closedBy("/etc", "linux", { open: ["/etc"] })).toBeUndefined();
  });
});
