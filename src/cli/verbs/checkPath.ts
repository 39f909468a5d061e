import { resolve } from "node:path";

import type { Params, Result } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { bytes } from "../humane.js";

type Asked = Params<"path/validate">;
type Checked = Result<"path/validate">["items"][number];

interface CheckPathOptions {
  readonly need?: string[];
  readonly missing?: boolean;
  readonly as?: Exclude<Asked["platform"], undefined>;
  readonly propose?: boolean;
}

/** Says whether paths can be used, and why not; ends with 1 where one cannot. */
export const checkPath: Verb<CheckPathOptions> = async (
  context,
  { need = [], missing = false, as, propose = false },
  paths,
) => {
  // For another platform the text is all that counts; here a path means what it means where the caller stands.
  const meant = as === undefined ? paths.map((path) => (path === "" ? "" : resolve(path))) : [...paths];
  const result = await context.withClient((client) =>
    client.path.validate({
      paths: meant,
      need: need as NonNullable<Asked["need"]>,
      mayBeMissing: missing,
      propose,
      ...(as === undefined ? {} : { platform: as }),
    }),
  );
  await context.print(result, () => result.items.map((item) => words(context, item)).join(""));
  return result.valid ? EXIT.ok : EXIT.failure;
};

function words({ paint }: Context, item: Checked): string {
  const mark = item.valid ? paint("green", "fine") : paint("red", "no  ");
  const lines = [`${mark}  ${shown(item.path)}${tail(paint, item)}`];
  for (const { severity, message, hint } of item.findings) {
    lines.push(`      ${paint(severity === "error" ? "red" : "yellow", severity)}: ${message}`);
    if (hint !== undefined) lines.push(`      ${paint("dim", hint)}`);
  }
  if (item.proposal !== undefined) lines.push(`      perhaps: ${shown(item.proposal)}`);
  return `${lines.join("\n")}\n`;
}

/** A path may have anything in it, and a terminal must not do what it says. */
function shown(path: string): string {
  return /[\p{Cc}\p{Cf}]/u.test(path) || path === ""
    ? JSON.stringify(path).replaceAll(/[\p{Cf}]/gu, escaped)
    : path;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function tail(paint: Context["paint"], { kind, isLink, resolvedPath, git, disk }: Checked): string {
  const parts = [
    kind,
    isLink === true && resolvedPath !== undefined ? `leads to ${shown(resolvedPath)}` : undefined,
    git && (git.branch ?? "no branch"),
    git?.isDirty === true ? "not all committed" : undefined,
    disk && disk.totalBytes > 0 ? `${bytes(disk.freeBytes)} free` : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "" : paint("dim", `  ${parts.join(", ")}`);
}
