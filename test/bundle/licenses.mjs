import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const PACKAGE = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;
const TEXT = /^(?:licen[cs]e|notice|copying)/i;
/** They ask for no more than that their text goes along. Anything else has to be looked at by a person. */
const KNOWN = new Set(["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0", "BlueOak-1.0.0"]);

/**
 * The licences of all packages of which something was bundled.
 *
 * @param {Iterable<string>} modules the files that were bundled
 * @throws {Error} for a package whose licence is not known here, or whose text is missing
 */
export async function licenseTexts(modules) {
  // What a plugin made up begins with a NUL, and is no file.
  const files = [...modules].filter((id) => !id.startsWith("\0"));
  const folders = new Set(files.flatMap((id) => PACKAGE.exec(id)?.[1] ?? []));
  const parts = await Promise.all([...folders].map(licenseOf));
  const head = "sessiond contains code of these packages. Their licences follow.\n";
  return [head, ...parts.toSorted()].join(`\n${"-".repeat(80)}\n\n`);
}

/** @param {string} folder */
async function licenseOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  if (!KNOWN.has(license))
    throw new Error(`${name} has the licence ${license}; see whether it may be bundled`);
  const files = (await readdir(folder)).filter((file) => TEXT.test(file)).toSorted();
  if (files.length === 0) throw new Error(`${name} comes without the text of its licence`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return `${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join("\n\n")}\n`;
}
