/** By whose rules a path is read. */
export type Platform = "linux" | "macos" | "windows";

/** Something that was found out about a path. */
export interface Finding {
  /** Stable, for programs. */
  readonly code: FindingCode;
  /** `error`: the path cannot be used as it was asked for; `warning`: it can, and somebody should look. */
  readonly severity: "error" | "warning";
  /** For people: what it is, and at which part of the path. */
  readonly message: string;
  /** What to do about it, where there is something to do. */
  readonly hint?: string;
}

/** What can be found. The list is part of the protocol. */
export const FINDING_CODES = [
  "empty",
  "not_absolute",
  "invalid_character",
  "control_character",
  "hidden_character",
  "reserved_name",
  "trailing_character",
  "too_long",
  "device_path",
  "traversal",
  "encoded",
  "not_expanded",
  "not_a_path",
  "leading_dash",
  "not_normalized",
  "missing",
  "dangling_link",
  "link_loop",
  "not_a_folder",
  "not_a_file",
  "not_readable",
  "not_writable",
  "not_executable",
  "restricted",
  "unreachable",
  "low_space",
  "git_refused",
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

/** What a person can do, by what was found. */
const HINTS: Partial<Record<FindingCode, string>> = {
  not_absolute: "Give the whole path, from the root on.",
  traversal: "Write the path without it; proposal has one.",
  not_expanded: "Let the shell replace it, or write out what it stands for.",
  missing: "Make it first, or ask with mayBeMissing.",
  dangling_link: "Make what it leads to, or remove the link.",
  not_readable: "Ask its owner for the right to it, or choose another place.",
  not_writable: "Ask its owner for the right to it, or choose another place.",
  not_executable: "Set the right to execute: chmod +x.",
  restricted: "Choose a place of your own, or open this one by the setting paths.open.",
  unreachable: "Look whether the disk or the network that it is on answers.",
  low_space: "Free some space there before much is written.",
  git_refused: "If you trust it: git config --global --add safe.directory <the folder>",
  too_long: "Choose shorter names, or a folder that is nearer to the root.",
  reserved_name: "Choose another name, with or without an ending.",
};

export function error(code: FindingCode, message: string): Finding {
  return finding(code, "error", message);
}

export function warning(code: FindingCode, message: string): Finding {
  return finding(code, "warning", message);
}

function finding(code: FindingCode, severity: Finding["severity"], message: string): Finding {
  const hint = HINTS[code];
  return { code, severity, message, ...(hint === undefined ? {} : { hint }) };
}
