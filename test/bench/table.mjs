/** The report of a run, for people: Markdown, laid out as prettier leaves it. */
import { PEER_NAMES } from "./peers/index.mjs";

/** Digits that mean anything on a machine that others share. */
const DIGITS = 3;
/** Characters of a line of prose. */
const LINE_LENGTH = 118;

/** @param {import("./runBench.mjs").Report} report */
export function formatReport({ machine, command, parts, missing, failures }) {
  const without = [
    ...missing.map(({ peer, reason }) => `Without ${peer}: ${reason}.`),
    ...failures.map(({ part, reason }) => `Failed, ${part}: ${reason}.`),
  ];
  const sections = parts.flatMap((part) => [`### ${part.title}`, wrap(part.about), formatPart(part)]);
  const notes = without.length === 0 ? [] : [without.map((line) => `- ${line}`).join("\n")];
  return `${[`\`${command}\` on ${machine}:`, ...notes, ...sections].join("\n\n")}\n`;
}

function wrap(text) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = `${lines.at(-1)} ${word}`.trimStart();
    if (line.length > LINE_LENGTH) lines.push(word);
    else lines[lines.length - 1] = line;
  }
  return lines.join("\n");
}

/** The table of one part: in brackets the ratio of sessiond's figure to the peer's. */
function formatPart({ rows }) {
  const peers = PEER_NAMES.filter((peer) => rows.some(({ cells }) => cells[peer] !== undefined));
  const header = ["", ...peers, "goals"];
  const lines = rows.map(({ row, unit, cells, goals }) => [
    row,
    ...peers.map((peer) => formatCell(unit, cells, peer)),
    goals.map((goal) => formatGoal(goal, unit)).join("; "),
  ]);
  return formatTable(header, lines, peers.length);
}

function formatCell(unit, cells, peer) {
  const cell = cells[peer];
  if (cell === undefined) return "";
  const late = cell.p99Us === undefined ? "" : `, p99 ${formatFigure(cell.p99Us / 1_000, "ms")}`;
  const ratio = (cells.sessiond?.value ?? Number.NaN) / cell.value;
  const inBrackets = peer === "sessiond" || !Number.isFinite(ratio) ? "" : ` (${formatRatio(ratio)})`;
  return `${formatFigure(cell.value, unit)}${late}${inBrackets}`;
}

/** A goal and what became of it, as in `at least 0.85 × bare: 0.46, missed`. */
export function formatGoal({ against, figure, atLeast, atMost, value, isMet }, unit) {
  const bound = atLeast ?? atMost;
  const what = figure === "p99Us" ? `the p99 of ${against}` : against;
  const wanted = against === undefined ? formatFigure(bound, unit) : `${bound} × ${what}`;
  const words = `${atLeast === undefined ? "at most" : "at least"} ${wanted}`;
  if (value === undefined) return `${words}: not measured`;
  const found = against === undefined ? "" : `${formatRatio(value)}, `;
  return `${words}: ${found}${isMet ? "met" : "missed"}`;
}

/** A figure with its unit, and no more digits than it deserves. */
export function formatFigure(value, unit) {
  const rounded = Number(value.toPrecision(DIGITS));
  const text = rounded.toLocaleString("en-US", { maximumFractionDigits: 3 });
  return unit === "/s" || unit === "% of a core"
    ? `${text}${unit.replace("% of a core", " %")}`
    : `${text} ${unit}`;
}

function formatRatio(ratio) {
  return ratio.toFixed(2);
}

/** A Markdown table: figures stand right, words left. */
export function formatTable(header, lines, figureColumns) {
  const isFigure = (column) => column > 0 && column <= figureColumns;
  const widths = header.map((_, column) =>
    Math.max(3, ...[header, ...lines].map((line) => [...line[column]].length)),
  );
  const format = (line) =>
    `| ${line.map((text, column) => pad(text, widths[column], isFigure(column))).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    isFigure(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [format(header), `| ${rule.join(" | ")} |`, ...lines.map(format)].join("\n");
}

function pad(text, width, isRight) {
  const blanks = " ".repeat(width - [...text].length);
  return isRight ? `${blanks}${text}` : `${text}${blanks}`;
}
