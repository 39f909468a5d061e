/** From many measurements to the few figures that are compared. */

const FIGURES = ["value", "p50Us", "p99Us", "loadCpu"];

/** The one in the middle, or the mean of the two. @throws where there is none */
export function median(values) {
  if (values.length === 0) throw new RangeError("there is no median of nothing");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/** The value that so large a share of all does not exceed. @throws where there is none */
export function quantile(values, share) {
  if (values.length === 0) throw new RangeError("there is no quantile of nothing");
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/**
 * The medians of the rounds, as rows with a cell for each peer.
 *
 * @param {readonly import("./parts/index.mjs").Figure[]} figures of one part, in the order of their measurement
 * @returns {Row[]} in the order in which they were met
 *
 * @typedef {{ row: string, unit: string, cells: Record<string, Cell>, goals: JudgedGoal[] }} Row
 * @typedef {{ value: number, p50Us?: number, p99Us?: number, loadCpu?: number, measured: number }} Cell
 */
export function summarize(figures) {
  return [...groups(figures, ({ row }) => row)].map(([row, ofRow]) => {
    const cells = Object.fromEntries(
      [...groups(ofRow, ({ peer }) => peer)].map(([peer, ofPeer]) => [peer, mediansOf(ofPeer)]),
    );
    const { goals = [] } = ofRow.find(({ peer }) => peer === "sessiond") ?? {};
    return { row, unit: ofRow[0].unit, cells, goals: goals.map((goal) => judge(goal, cells)) };
  });
}

/**
 * Holds a goal against what was measured; the value is undefined where the peer it is about was not.
 *
 * @typedef {import("./parts/index.mjs").Goal & { value?: number, isMet?: boolean }} JudgedGoal
 * @returns {JudgedGoal}
 */
export function judge(goal, cells) {
  const { against, figure = "value", atLeast = -Infinity, atMost = Infinity } = goal;
  const own = cells.sessiond?.[figure];
  const other = against === undefined ? 1 : cells[against]?.[figure];
  if (own === undefined || other === undefined) return goal;
  const value = own / other;
  return { ...goal, value, isMet: value >= atLeast && value <= atMost };
}

function mediansOf(figures) {
  const known = FIGURES.filter((name) => figures[0][name] !== undefined);
  const medians = known.map((name) => [name, median(figures.map((figure) => figure[name]))]);
  return { ...Object.fromEntries(medians), measured: figures.length };
}

function groups(items, keyOf) {
  const found = new Map();
  for (const item of items) {
    const key = keyOf(item);
    found.set(key, [...(found.get(key) ?? []), item]);
  }
  return found;
}
