import { describe, expect, it } from "vitest";

import type { Client } from "../../client/index.js";
import { progressWords, withProgress } from "../../src/cli/progress.js";
import { Output } from "../../src/cli/output.js";
import { PassThrough } from "node:stream";

const RUNNING = { kind: "export", path: "/f", done: 120_000, total: 1_000_000, unit: "items" } as const;

/** A terminal, and a client that knows of these transfers. */
function parts(isTTY: boolean, items: readonly object[] | Error) {
  const stderr = Object.assign(new PassThrough(), { isTTY });
  let asked = 0;
  let saw = (): void => undefined;
  const seen = new Promise<void>((resolve) => (saw = resolve));
  const transfers = (): Promise<object> => {
    asked += 1;
    // The second look comes when the first one has been told.
    if (asked === 2) saw();
    return items instanceof Error ? Promise.reject(items) : Promise.resolve({ items });
  };
  const context = { io: { stderr }, err: new Output(stderr) };
  return {
    context: context as unknown as Parameters<typeof withProgress>[0],
    client: { session: { transfers } } as unknown as Client,
    seen,
    said: () => String((stderr.read() as Buffer | null) ?? ""),
    asked: () => asked,
  };
}

describe("progress", () => {
  it("says how far it has come", () => {
    expect(progressWords(RUNNING)).toBe("exporting: 120,000 of 1,000,000 (12 %)");
    expect(progressWords({ kind: "import", done: 12e6, total: 96e6, unit: "bytes" })).toBe(
      "importing: 12 MB of 96 MB (12 %)",
    );
    expect(progressWords({ kind: "clone", done: 0, total: 0, unit: "items" })).toBe(
      "cloning: 0 of 0 (100 %)",
    );
  });

  it("is told on a terminal, and taken away at the end", async () => {
    const { context, client, seen, said } = parts(true, [{ ...RUNNING, path: "/other" }, RUNNING]);
    const isMeant = ({ path }: { path?: string | undefined }): boolean => path === "/f";
    await expect(
      withProgress(context, client, isMeant, async () => {
        await seen;
        throw new Error("the work's own");
      }),
    ).rejects.toThrow("the work's own");
    const [before, ...lines] = said().split("\r\u001B[K");
    expect([before, lines.at(-1)]).toEqual(["", ""]);
    expect(new Set(lines.slice(0, -1))).toEqual(new Set([progressWords(RUNNING)]));
  });

  it("is not told to a program, and costs nothing where it cannot be asked for", async () => {
    const piped = parts(false, [RUNNING]);
    expect(
      await withProgress(
        piped.context,
        piped.client,
        () => true,
        () => Promise.resolve(1),
      ),
    ).toBe(1);
    expect([piped.said(), piped.asked()]).toEqual(["", 0]);
    const failing = parts(true, new Error("not now"));
    expect(
      await withProgress(
        failing.context,
        failing.client,
        () => true,
        () => failing.seen.then(() => 2),
      ),
    ).toBe(2);
    expect(failing.said()).toBe("");
  });
});
