/**
 * Finds out which modules an entry loads whatever happens, by its own imports and theirs; what it loads by `import()`
 * is left out.
 *
 * @returns {{ plugin: import("rolldown").Plugin, has(id: string): boolean }} the plugin of the build, and its answer
 */
export function staticModules() {
  const modules = new Set();
  return {
    has: (id) => modules.has(id),
    plugin: {
      name: "static-modules",
      buildEnd() {
        const entries = [...this.getModuleIds()].filter((id) => this.getModuleInfo(id)?.isEntry === true);
        const add = (id) => {
          if (modules.has(id)) return;
          modules.add(id);
          for (const imported of this.getModuleInfo(id)?.importedIds ?? []) add(imported);
        };
        entries.forEach(add);
      },
    },
  };
}
