/** Which programs the machine has. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Why a peer that needs these programs cannot take part; undefined where all are there. */
export function missingProgram(names, debianPackage) {
  const name = names.find((name) => !hasProgram(name));
  return name === undefined ? undefined : `${name} is not installed (apt-get install ${debianPackage})`;
}

function hasProgram(name) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== "";
    } catch {
      return false;
    }
  });
}
