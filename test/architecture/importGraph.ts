import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";

import { parseSync } from "@swc/core";
import { cruise, type ICruiseResult } from "dependency-cruiser";

/** What an import is once the program runs: loaded with its file, loaded on demand, or gone. */
export type ImportKind = "runtime" | "lazy" | "types";

/** One import: `to` is a file of this project, a package's name, or `node:` and a module's name. */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly kind: ImportKind;
}

/** Who imports whom. Paths are relative to the root, with forward slashes. */
export interface ImportGraph {
  readonly files: readonly string[];
  readonly imports: readonly Import[];
  /** Specifiers that lead nowhere: the graph is not whole where there are any. */
  readonly unresolved: readonly string[];
}

/**
 * Reads the imports of all TypeScript files in `folders`. dependency-cruiser resolves them; it does not tell an
 * `import type` from another one when it parses with swc, so how each is written comes from swc itself.
 */
export async function readImportGraph(root: string, folders: readonly string[]): Promise<ImportGraph> {
  const { output } = await cruise([...folders], {
    baseDir: root,
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  });
  // Every other type of output is text for people.
  const modules = (output as ICruiseResult).modules.filter(({ source }) => source.endsWith(".ts"));
  const unresolved: string[] = [];
  const imports = modules.flatMap(({ source, dependencies }) => {
    const kinds = importKinds(readFileSync(join(root, source), "utf8"));
    return dependencies.flatMap(({ module, resolved, coreModule, couldNotResolve }): Import[] => {
      const specifier = coreModule ? `node:${module.replace(/^node:/, "")}` : module;
      const kind = kinds.get(specifier);
      if (couldNotResolve || kind === undefined) {
        unresolved.push(`${source}: ${specifier}`);
        return [];
      }
      const to = coreModule ? specifier : isRelative(module) ? resolved : packageName(module);
      return [{ from: source, to, kind }];
    });
  });
  return { files: modules.map(({ source }) => source), imports, unresolved };
}

/** How each specifier of a file is imported; where it is written twice, what costs most counts. */
export function importKinds(code: string): ReadonlyMap<string, ImportKind> {
  const kinds = new Map<string, ImportKind>();
  const add = (specifier: string, kind: ImportKind): void => {
    const name = builtinModules.includes(specifier) ? `node:${specifier}` : specifier;
    if (kind === "runtime" || !kinds.has(name) || kinds.get(name) === "types") kinds.set(name, kind);
  };
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== "object" || node === null) return;
    const { type, source, typeOnly, callee, arguments: args, argument } = node as SwcNode;
    if (IMPORTING.has(type ?? "") && source) add(source.value, typeOnly === true ? "types" : "runtime");
    if (type === "TsImportType" && argument?.value !== undefined) add(argument.value, "types");
    if (type === "CallExpression" && callee?.type === "Import") {
      add(args?.[0]?.expression.value ?? "a computed import()", "lazy");
    }
    Object.values(node).forEach(visit);
  };
  visit(parseSync(code, { syntax: "typescript", target: "es2022" }).body);
  return kinds;
}

const IMPORTING: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
]);

/** The few fields of swc's nodes that matter here. */
interface SwcNode {
  readonly type?: string;
  readonly source?: { readonly value: string } | null;
  readonly typeOnly?: boolean;
  readonly callee?: { readonly type: string };
  readonly arguments?: readonly { readonly expression: { readonly value?: string } }[];
  readonly argument?: { readonly value?: string };
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".");
}

function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
