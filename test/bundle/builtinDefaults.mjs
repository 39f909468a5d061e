const DEFAULT_IMPORT = /^import (\w+) from (['"]node:\w+['"]);?$/gm;

/**
 * Lets packages take a module of Node as it is where they import its default. For that rolldown makes a copy of the whole
 * module in a CommonJS bundle, at each start.
 *
 * @returns {import("rolldown").Plugin}
 */
export function builtinDefaults() {
  return {
    name: "builtin-defaults",
    transform: (code) => code.replace(DEFAULT_IMPORT, "const $1 = globalThis.process.getBuiltinModule($2);"),
  };
}
