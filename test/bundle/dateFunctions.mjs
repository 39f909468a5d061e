import { readFileSync } from "node:fs";

const NAMED = /\{([\w\s,]+)\}\s*=\s*require\('date-fns'\)/;
const PREFIX = "\0date-fns:";

/**
 * Takes the functions of date-fns that pino-roll uses, and not the 300 others: it requires the CommonJS form, which a
 * bundler cannot take apart. They were 16 MB of the daemon's memory and 90 ms of its start.
 *
 * @returns {import("rolldown").Plugin}
 */
export function dateFunctions() {
  return {
    name: "date-functions",
    async resolveId(source, importer) {
      if (source !== "date-fns" || importer === undefined || importer.startsWith(PREFIX)) return null;
      const names = NAMED.exec(readFileSync(importer, "utf8"))?.[1];
      if (names === undefined)
        throw new Error(`${importer} does not say which functions of date-fns it uses`);
      const module = await this.resolve(source, importer, { kind: "import-statement", skipSelf: true });
      return `${PREFIX}${names.trim()}:${module.id}`;
    },
    load(id) {
      if (!id.startsWith(PREFIX)) return null;
      const [names, path] = id.slice(PREFIX.length).split(":");
      return `export { ${names} } from ${JSON.stringify(path)};`;
    },
  };
}
