import * as fc from "fast-check";
import { Database } from "node-sqlite3-wasm";
import { afterAll, describe, expect, it } from "vitest";

import { matchOf, parseQuestion } from "../../src/search/words.js";

const match = (text: string): string | undefined => matchOf(parseQuestion(text));

describe("a question", () => {
  it("is words, phrases, prefixes, and what is not wanted", () => {
    expect(match("one Two")).toBe('"one" AND "two"');
    expect(match('"one two" three*')).toBe('"one two" AND "three"*');
    expect(match('"one tw"*')).toBe('"one tw"*');
    expect(match('one -two -"three four"')).toBe('("one") NOT ("two" OR "three four")');
    expect(match('one"two three"four')).toBe('"one" AND "two three" AND "four"');
  });

  it("takes everything else as it stands, the words of FTS5 too", () => {
    expect(match("foo_bar-baz.ts")).toBe('"foo bar baz ts"');
    expect(match("a AND b OR NOT NEAR(c)")).toBe('"a" AND "and" AND "b" AND "or" AND "not" AND "near c"');
    expect(match("text:x ^y {z} + 'q'")).toBe('"text x" AND "y" AND "z" AND "q"');
    expect(match('"open phrase')).toBe('"open phrase"');
    expect(match("- x")).toBe('"x"');
    expect(match("--x y")).toBe('("y") NOT ("x")');
  });

  it("asks for nothing where it has no word, or only such as are not wanted", () => {
    for (const text of ["", "  ", "*", '""', '"', "-x", "!?;", "-", "\0"])
      expect(match(text)).toBeUndefined();
  });
});

describe("FTS5", () => {
  const database = new Database();
  database.exec("CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2')");
  afterAll(() => database.close());
  const count = (text: string): unknown =>
    database.get("SELECT count(*) AS found FROM words WHERE words MATCH ?", match(text) ?? '"x"')?.["found"];

  it("takes any question", () => {
    const near = fc.string({ unit: fc.constantFrom(..."ab \"*-'():^{}+\0\\.é語".split("")), maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), near), (text) => {
        expect(count(text)).toBeTypeOf("number");
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes the longest one that a call can have", () => {
    expect(count("a ".repeat(512))).toBe(0);
    expect(count(`a ${"-b ".repeat(340)}`)).toBe(0);
    expect(count("a.".repeat(512))).toBe(0);
  });

  it("finds a text by any of its words, and by its beginning", () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-zA-Z0-9äöüéß]{1,12}$/), { minLength: 1, maxLength: 6 }),
        (words) => {
          database.exec("DELETE FROM words");
          database.run("INSERT INTO words VALUES (?)", words.join(" "));
          for (const word of words)
            expect(count(word.toUpperCase() === word ? word.toLowerCase() : word)).toBe(1);
          expect(count(`"${words.join(" ")}"`)).toBe(1);
          expect(count(`${words[0]?.slice(0, 3)}*`)).toBe(1);
          expect(count(`${words[0]} -${words.at(-1)}`)).toBe(0);
        },
      ),
    );
  });
});
