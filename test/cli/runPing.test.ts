import { describe, expect, it } from "vitest";

import type { Io } from "../../src/cli/context.js";
import { runPing } from "../../src/cli/runPing.js";
import { daemonForSuite } from "../support/daemon.js";
import { type Said, say } from "./memoryIo.js";

const ping = (args: readonly string[]): Promise<Said> =>
  say(args, {}, (argv: readonly string[], io: Io) => runPing(argv, io) ?? Promise.resolve(-1));

describe("a ping without the other verbs", () => {
  const daemon = daemonForSuite();

  it("says what a ping says", async () => {
    const { socket } = daemon();
    const { exitCode, out, err } = await ping(["ping", "--socket", socket]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(out).toMatch(/^pong in [0-9.]+ ms from /);
    expect(JSON.parse((await ping(["--json", "ping", "--socket", socket])).out)).toMatchObject({
      pong: true,
    });
  });

  it("tells where nobody answers as every verb does", async () => {
    const args = ["ping", "--socket", "/nowhere/sessiond.sock"];
    const told = await ping(args);
    expect(told).toMatchObject({ exitCode: 69, out: "" });
    expect(told).toEqual(await say(args));
  });

  it.each([[], ["list"], ["ping", "--help"], ["ping", "pong"], ["help", "ping"], ["--version"]])(
    "leaves %j to the others",
    async (...args) => {
      expect((await ping(args)).exitCode).toBe(-1);
    },
  );
});
