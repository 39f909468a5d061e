import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Compiles one module of `src/` and what it imports into `folder`, so that a process of its own can load it.
 * Answers the path of the compiled module.
 */
export function compileModule(module: string, folder: string): string {
  const options = [
    "--rootDir",
    join(ROOT, "src"),
    "--module",
    "node20",
    "--target",
    "es2022",
    "--types",
    "node",
  ];
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const source = join(ROOT, "src", module);
  // Types are checked elsewhere; here only the code is wanted, and quickly.
  execFileSync(process.execPath, [
    tsc,
    "--ignoreConfig",
    "--noCheck",
    "--outDir",
    folder,
    ...options,
    source,
  ]);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return join(folder, module.replace(/\.ts$/, ".js"));
}
