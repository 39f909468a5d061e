import type { Refusal } from "../protocol/errors.js";

/** What a schema says about one fault, as zod gives it; its words name types and bounds, never the value. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** `unrecognized_keys`: the keys. */
  readonly keys?: readonly string[];
  /** `invalid_key`: what is wrong with the key. */
  readonly issues?: readonly SchemaIssue[];
  /** `invalid_union`: the faults of each alternative. */
  readonly errors?: readonly (readonly SchemaIssue[])[];
}

/** One fault, told to the caller: where (`retry.maxAttempts`, `tags[3]`; empty for all of them) and what was expected. */
export interface ParamIssue {
  readonly path: string;
  readonly message: string;
}

const MOST_ISSUES = 8;
const LONGEST_KEY = 64;

/** The one refusal for all that a schema found, at most eight faults of it. */
export function invalidParams(found: readonly SchemaIssue[]): Refusal {
  const all = found.flatMap(paramIssues);
  const issues = all.slice(0, MOST_ISSUES);
  const parts = issues.map(({ path, message }) => {
    if (message === UNKNOWN) return `unknown parameter "${path}"`;
    return path === "" ? message : `${path}: ${message}`;
  });
  if (all.length > issues.length) parts.push(`and ${all.length - issues.length} more`);
  return { type: "invalid_params", message: parts.join("; "), details: { issues } };
}

const UNKNOWN = "unknown parameter";

function paramIssues(issue: SchemaIssue): ParamIssue[] {
  if (issue.keys !== undefined) {
    return issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: UNKNOWN }));
  }
  return [{ path: pathText(issue.path), message: expectation(issue) }];
}

function expectation(issue: SchemaIssue): string {
  const inner = issue.issues?.[0];
  if (inner !== undefined) return expectation(inner);
  const alternatives = issue.errors?.map((faults) => faults.map(alternative).join(" and ")) ?? [];
  if (alternatives.length > 0) return alternatives.join(", or ");
  return issue.message.replace(/^(?:Invalid (?:input|option)|Too (?:big|small)): /, "");
}

function alternative(issue: SchemaIssue): string {
  return issue.path.length === 0 ? expectation(issue) : `${pathText(issue.path)}: ${expectation(issue)}`;
}

function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += (text === "" ? "" : ".") + shortened(String(key));
  }
  return text;
}

/** A caller's own name for something, short enough to be put into a message. */
export function shortened(name: string): string {
  return name.length <= LONGEST_KEY ? name : `${name.slice(0, LONGEST_KEY)}…`;
}
