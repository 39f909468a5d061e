const RUNTIME = "rolldown-runtime.cjs";
const REQUIRED = /^(const require_rolldown_runtime = )?require\("\.\/rolldown-runtime\.cjs"\);$/m;

/**
 * Puts the few functions that rolldown adds into the entry of a CommonJS bundle: a file of their own is a twentieth of
 * what `ping` takes. The other files, which come later, go on sharing that one.
 *
 * @returns {import("rolldown").Plugin}
 */
export function inlineRuntime() {
  return {
    name: "inline-runtime",
    generateBundle(_, bundle) {
      const runtime = bundle[RUNTIME];
      if (runtime === undefined) return;
      for (const chunk of Object.values(bundle).filter(({ isEntry }) => isEntry)) {
        const inlined = `((exports) => {\n${runtime.code}\nreturn exports;\n})({});`;
        // Where nothing of it is used, it is required all the same.
        chunk.code = chunk.code.replace(REQUIRED, (_, name) => (name === undefined ? "" : name + inlined));
      }
    },
  };
}
