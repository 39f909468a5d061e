import fs from "node:fs";
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import * as fc from "fast-check";
import { expect, it } from "vitest";

const { REPLACED, checkUse } = (await import(new URL("./smallerLibraries.mjs", import.meta.url).href)) as {
  readonly REPLACED: readonly { readonly source: string; readonly uses: string; readonly code: string }[];
  readonly checkUse: (code: string, replaced: { readonly source: string; readonly uses: string }) => void;
};

interface DateFunctions {
  readonly addDays: (date: Date, count: number) => Date;
  readonly format: (time: number, form: string) => string;
  readonly parse: () => Date;
}

const require = createRequire(import.meta.url);
const ofPinoRoll = createRequire(require.resolve("pino-roll"));

/** What a module says that takes the place of a part. */
function replacement(source: string): unknown {
  const module: { exports: unknown } = { exports: undefined };
  const code = REPLACED.find((one) => one.source === source)?.code ?? "";
  const run = compileFunction(code, ["module", "require"]) as (...given: unknown[]) => void;
  run(module, require);
  return module.exports;
}

it("days are counted and named as by date-fns", () => {
  const original = ofPinoRoll("date-fns") as DateFunctions;
  const own = replacement("date-fns") as DateFunctions;
  const times = fc.integer({ min: Date.parse("1971-01-01"), max: Date.parse("2199-12-31") });
  fc.assert(
    fc.property(times, fc.integer({ min: -400, max: 400 }), (time, count) => {
      expect(own.addDays(new Date(time), count)).toEqual(original.addDays(new Date(time), count));
      expect(own.format(time, "yyyy-MM-dd")).toBe(original.format(time, "yyyy-MM-dd"));
    }),
  );
});

it("what nobody asked for says where it is left out", () => {
  const { format, parse } = replacement("date-fns") as DateFunctions;
  expect(() => format(0, "yyyy")).toThrow("smallerLibraries.mjs");
  expect(() => parse()).toThrow("smallerLibraries.mjs");
  for (const source of ["./transport", "./lib/transport"])
    expect(replacement(source) as () => void).toThrow("smallerLibraries.mjs");
});

it("a lock is made by Node's own calls", () => {
  expect(replacement("graceful-fs")).toBe(fs);
  expect(replacement("worker_threads")).toEqual({ isMainThread: true });
});

it("a library that uses a part in another way stops the build", () => {
  for (const replaced of REPLACED) {
    expect(() => checkUse(replaced.uses, replaced)).not.toThrow();
    expect(() => checkUse("something else", replaced)).toThrow("used in another way");
  }
});
