import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import { describeIf, hasProgram } from "../support/requires.js";
import { type ImportGraph, importKinds, readImportGraph } from "./importGraph.js";
import { circleOf, faultOfImport, roomOf, unreached } from "./judge.js";
import { isProductCode, listFiles, ROOT } from "./sources.js";
import { ENTRIES, WALLS, type Wall } from "./walls.js";

describeIf(hasProgram("git"), "git", "the walls of the house", () => {
  let graph: ImportGraph;
  let files: readonly string[];

  // Every file is parsed, which takes its time where others use the machine as well.
  beforeAll(async () => {
    files = listFiles().filter(isProductCode);
    graph = await readImportGraph(ROOT, ["src", "client"]);
  }, 90_000);

  it("are checked on every file, with every import", () => {
    // A parser that understands nothing finds nothing wrong, so what it has read is counted.
    expect(graph.files.toSorted()).toEqual(files.toSorted());
    expect(graph.unresolved).toEqual([]);
    expect(graph.imports.length).toBeGreaterThan(files.length);
  });

  it("are kept", () => {
    expect(graph.imports.flatMap((one) => faultOfImport(one, WALLS) ?? [])).toEqual([]);
  });

  it("hold no circle of files", () => {
    expect(circleOf(graph.imports)).toBeUndefined();
  });

  it("leave no file that no program comes to", () => {
    const declarations = /\.d\.ts$/;
    const lost = unreached(graph.files, graph.imports, ENTRIES).filter((file) => !declarations.test(file));
    expect(lost).toEqual([]);
  });

  it("name every room that there is, and no other", () => {
    expect(files.filter((file) => roomOf(file, WALLS) === undefined)).toEqual([]);
    expect(WALLS.map(({ room }) => room).filter((room) => !existsSync(join(ROOT, room)))).toEqual([]);
    expect(WALLS.filter(({ room }) => !files.some((file) => roomOf(file, WALLS)?.room === room))).toEqual([]);
  });
});

describe("the list of walls", () => {
  it("names each room once, with a reason", () => {
    const rooms = WALLS.map(({ room }) => room);
    expect(new Set(rooms).size).toBe(rooms.length);
    for (const { reason } of WALLS) expect(reason).not.toBe("");
  });

  it("lets no room come back to itself through others", () => {
    const rooms = new Set(WALLS.map(({ room }) => room));
    const edges = WALLS.flatMap(({ room, imports, types = [], lazy = [] }) =>
      [...imports, ...types, ...lazy]
        .filter((to) => rooms.has(to) && !room.startsWith(`${to}/`))
        .map((to) => ({ from: room, to, kind: "runtime" as const })),
    );
    expect(circleOf(edges)).toBeUndefined();
  });
});

describe("faultOfImport", () => {
  const walls: readonly Wall[] = [
    { room: "src/low", imports: ["node:"], reason: "it is low" },
    { room: "src/low/open.ts", imports: [], reason: "it is open" },
    {
      room: "src/high",
      imports: ["zod", "src/low/open.ts"],
      types: ["src/low"],
      lazy: ["pino"],
      reason: "it is high",
    },
  ];
  const fault = (
    from: string,
    to: string,
    kind: "runtime" | "types" | "lazy" = "runtime",
  ): string | undefined => faultOfImport({ from, to, kind }, walls);

  it("allows what is listed, and the room's own files", () => {
    expect(fault("src/high/a.ts", "src/high/b/c.ts")).toBeUndefined();
    expect(fault("src/high/a.ts", "zod")).toBeUndefined();
    expect(fault("src/high/a.ts", "src/low/open.ts")).toBeUndefined();
    expect(fault("src/low/a.ts", "node:fs/promises")).toBeUndefined();
  });

  it("refuses what is not, and says why", () => {
    expect(fault("src/low/a.ts", "src/high/a.ts")).toBe(
      "src/low/a.ts imports src/high/a.ts, and src/low may not: it is low.",
    );
    expect(fault("src/high/a.ts", "node:fs")).toMatch(/it is high/);
    expect(fault("src/high/a.ts", "zod-like")).toMatch(/it is high/);
    expect(fault("src/new/a.ts", "zod")).toMatch(/no room/);
  });

  it("tells types and what is loaded late from the rest", () => {
    expect(fault("src/high/a.ts", "src/low/a.ts", "types")).toBeUndefined();
    expect(fault("src/high/a.ts", "src/low/a.ts")).toMatch(/imports src\/low/);
    expect(fault("src/high/a.ts", "pino", "lazy")).toBeUndefined();
    expect(fault("src/high/a.ts", "pino", "types")).toMatch(/imports types of pino/);
  });

  it("takes a file with walls of its own out of the room around it", () => {
    expect(fault("src/low/open.ts", "node:fs")).toMatch(/it is open/);
    expect(fault("src/low/open.ts", "src/low/a.ts")).toMatch(/it is open/);
    expect(fault("src/low/a.ts", "src/low/open.ts")).toMatch(/it is low/);
    expect(fault("src/high/a.ts", "src/low/open.ts", "types")).toBeUndefined();
  });
});

describe("the reading of imports", () => {
  it("tells how each is written", () => {
    const code = `
      import type { A } from "./types.js";
      import { type B } from "./loaded.js";
      export * from "./passed.js";
      export type { C } from "./passedTypes.js";
      import "./effects.js";
      import fs from "fs";
      let later: import("./inline.js").D;
      if (later) await import("./late.js");`;
    expect(Object.fromEntries(importKinds(code))).toEqual({
      "./types.js": "types",
      "./loaded.js": "runtime",
      "./passed.js": "runtime",
      "./passedTypes.js": "types",
      "./effects.js": "runtime",
      "node:fs": "runtime",
      "./inline.js": "types",
      "./late.js": "lazy",
    });
  });

  it("counts what costs most", () => {
    const twice = (first: string, second: string) => importKinds(`${first}; ${second}`).get("./a.js");
    expect(twice(`import type { A } from "./a.js"`, `import { a } from "./a.js"`)).toBe("runtime");
    expect(twice(`import { a } from "./a.js"`, `import type { A } from "./a.js"`)).toBe("runtime");
    expect(twice(`import type { A } from "./a.js"`, `await import("./a.js")`)).toBe("lazy");
  });

  it("finds circles and files that nothing leads to", () => {
    const edge = (from: string, to: string, kind: "runtime" | "types" = "runtime") => ({ from, to, kind });
    expect(circleOf([edge("a", "b"), edge("b", "c"), edge("c", "b")])).toEqual(["b", "c", "b"]);
    expect(
      circleOf([edge("a", "b"), edge("a", "c"), edge("b", "c"), edge("c", "a", "types")]),
    ).toBeUndefined();
    expect(unreached(["a", "b", "c", "d"], [edge("a", "b", "types"), edge("c", "d")], ["a"])).toEqual([
      "c",
      "d",
    ]);
  });
});
