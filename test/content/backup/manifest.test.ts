import { createHash } from "node:crypto";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type BackupFile, manifestPieces, parseManifest } from "../../../src/content/backup/manifest.js";

const file = (name: string): BackupFile => ({ name, sizeBytes: 5, sha256: "ab".repeat(32) });
const bytesOf = (files: readonly BackupFile[], changes: object = {}): Buffer =>
  Buffer.from(
    [...manifestPieces({ seq: 7, createdAt: "2026-01-01T00:00:00.000Z", files, ...changes })].join(""),
  );
const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$/);

describe("a manifest", () => {
  it("is read as it was written, whatever the number of files", () => {
    fc.assert(
      fc.property(fc.array(id, { maxLength: 520 }), fc.nat(), (ids, seq) => {
        const files = ids.map((each, index) => file(`content/${each}~${index}/output/${each}.stdout.log`));
        const manifest = { seq, createdAt: "2026-01-01T00:00:00.000Z", files };
        expect(parseManifest(bytesOf(files, { seq }))).toEqual(manifest);
      }),
      { numRuns: 50 },
    );
  });

  it("is written in pieces, and is JSON with a file on each line", () => {
    const files = Array.from({ length: 600 }, (_, index) => file(`content/s~${index}/activities.jsonl`));
    const pieces = [...manifestPieces({ seq: 7, createdAt: "", files })];
    expect(pieces).toHaveLength(3);
    const text = pieces.join("");
    expect(text.split("\n")).toHaveLength(604);
    expect(JSON.parse(text)).toMatchObject({ format: "sessiond-backup", version: 1, seq: 7, files });
  });

  it("is refused with any bit changed, or cut anywhere", () => {
    const bytes = bytesOf([file("uptime.json"), file("journal/0000000000000008.jsonl")]);
    for (let at = 0; at < bytes.length; at += 1) {
      expect(typeof parseManifest(bytes.subarray(0, at))).toBe("string");
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        expect(typeof parseManifest(flipped), `byte ${at}, bit ${bit}`).toBe("string");
      }
    }
    expect(typeof parseManifest(Buffer.concat([bytes, Buffer.from("\n")]))).toBe("string");
  });

  it.each([
    "../outside",
    "/etc/passwd",
    "journal",
    "journal/../../x",
    "journal/.hidden",
    "journal//x",
    "log/x",
    "uptime.json/x",
    "backup.json",
    "content/a\\b",
    "content/a\n",
  ])("that names %j is refused", (name) => {
    expect(parseManifest(bytesOf([file("uptime.json"), file(name)]))).toMatch(
      /^it names ".*, which is no file/,
    );
  });

  it("of another version is refused in words that say so", () => {
    const text = bytesOf([]).toString().replace('"version":1', '"version":2');
    const body = text.slice(0, text.lastIndexOf('"sha256"'));
    expect(parseManifest(Buffer.from(resealed(body)))).toMatch(/^it has format sessiond-backup 2, and this /);
  });
});

/** The text with a last line that fits it. */
function resealed(body: string): string {
  return `${body}"sha256":"${createHash("sha256").update(body).digest("hex")}"}\n`;
}
