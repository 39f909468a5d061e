import { PassThrough, Readable } from "node:stream";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Io } from "../../src/cli/context.js";
import { runByCommander } from "../../src/cli/commanderCall.js";
import { type Call, readPlainCall } from "../../src/cli/plainCall.js";
import { VERBS } from "../../src/cli/verbTable.js";

/** What commander makes of it: a call, or undefined for help and for what is wrong. */
async function readByCommander(argv: readonly string[]): Promise<Call | undefined> {
  const io: Io = { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough(), env: {} };
  let read: Call | undefined;
  const keep = (call: Call): Promise<number> => {
    read = call;
    return Promise.resolve(0);
  };
  await runByCommander(argv, io, VERBS, keep).catch(() => undefined);
  return read;
}

/** Of the options, what the verb was given: commander keeps those for all verbs among them. */
function essence(call: Call | undefined): object | undefined {
  if (call === undefined) return undefined;
  const { socket: _, dataDir: __, config: ___, json: ____, color: _____, ...options } = call.options;
  return { verb: call.spec.name, globals: call.globals, options, args: [...call.args] };
}

const GLOBAL_WORDS = [
  "--json",
  "--no-color",
  "--socket",
  "--socket=a",
  "--data-dir",
  "--data-dir=a=b",
  "--config",
];
const VALUES = [
  "active",
  "completed",
  "3",
  "5s",
  "x",
  "session/ended",
  "command/*",
  "refuse",
  "verify",
  "-",
  "--",
];
const ODD_WORDS = [
  "",
  "-x",
  "--none",
  "--json=1",
  "-n3",
  "-fd",
  "-h",
  "--help",
  "-V",
  "help",
  "-1",
  "--name=",
  "ls",
];

/** Calls of any verb: mostly with options that it has and values that one of them takes, in any order. */
const CALLS = fc.constantFrom(...VERBS).chain(({ name, options = [] }) => {
  const own = options.flatMap(({ flags }) => flags.split(/[ ,]+/)).filter((flag) => flag.startsWith("-"));
  const word = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...own, ...GLOBAL_WORDS) },
    { weight: 3, arbitrary: fc.constantFrom(...VALUES, ...own.map((flag) => `${flag}=3`)) },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_WORDS) },
  );
  const before = fc.oneof(fc.constant([]), fc.array(fc.constantFrom(...GLOBAL_WORDS, "a"), { maxLength: 2 }));
  return fc.tuple(before, fc.array(word, { maxLength: 4 })).map(([first, rest]) => [...first, name, ...rest]);
});

describe("a plain call", () => {
  it.each([
    [["ping"], { args: [], options: {} }],
    [["--json", "ping"], { globals: { json: true, color: true } }],
    [["ping", "--socket=/a", "--no-color"], { globals: { socket: "/a", json: false, color: false } }],
    [["ls", "--tag", "a", "--tag=b", "--limit", "3"], { options: { tag: ["a", "b"], limit: 3 } }],
    [["run", "--timeout", "1s", "--", "a", "--json"], { args: ["a", "--json"], options: { timeout: 1_000 } }],
    [["run", "a", "--json"], { args: ["a", "--json"], globals: { json: false, color: true } }],
    [["call", "m", "-"], { args: ["m", "-"] }],
  ])("%j is understood", (argv, expected) => {
    expect(readPlainCall(argv, VERBS)).toMatchObject(expected);
  });

  it.each([
    [[]],
    [["help"]],
    [["lst"]],
    [["--version"]],
    [["ping", "--help"]],
    [["ping", "x"]],
    [["show"]],
    [["list", "--limit", "x"]],
    [["list", "--status", "x"]],
    [["list", "--limit"]],
    [["list", "--name", "--json"]],
    [["list", "--json=yes"]],
    [["start", "-dq"]],
    [["start", "--log-level", "debug"]],
  ])("%j is left to commander", (argv) => {
    expect(readPlainCall(argv, VERBS)).toBeUndefined();
  });

  it("is what commander makes of it", { timeout: 60_000 }, async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(CALLS, async (given) => {
        const plain = readPlainCall(given, VERBS);
        if (plain === undefined) return;
        read += 1;
        expect(essence(plain)).toEqual(essence(await readByCommander(given)));
      }),
      { numRuns: 1_500 },
    );
    // A reader that leaves everything to commander would agree with it.
    expect(read).toBeGreaterThan(200);
  });
});
