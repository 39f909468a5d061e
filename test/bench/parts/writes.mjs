import { loadCells, rowOf, shapesOf } from "../load.mjs";
import { bare, redis, sessiond, sqlite } from "../peers/index.mjs";

/** @type {import("./index.mjs").Part} */
export const writes = {
  name: "writes",
  title: "Durable writes",
  about:
    "Answered after the `fdatasync`: `metadata/set` with an idempotency key, to as many sessions as there are " +
    "connections; `HSET` with `appendfsync always`. SQLite (WAL, `synchronous=FULL`) is in process, without a socket " +
    "and with one writer: one row a transaction, and 64; its p99 is that of a transaction.",

  async open(bench) {
    const [one] = await bench.present([sqlite]);
    const shapes = one === undefined ? [] : shapesOf(bench).filter(([connections]) => connections === 1);
    const rates = shapes.map((shape) => sqliteCell(bench, shape));
    const servers = await bench.present([sessiond, redis, bare]);
    return { cells: [...loadCells(bench, servers, "write", goalsOf), ...rates] };
  },
};

function goalsOf([, inFlight]) {
  const floor = { against: "bare", atLeast: 0.85 };
  if (inFlight > 1) return [floor];
  return [floor, { against: "redis", atLeast: 1 }, { against: "redis", figure: "p99Us", atMost: 2 }];
}

/** As many rows in one transaction as requests are in flight. */
function sqliteCell(bench, shape) {
  return async () => {
    const { perSecond, ...more } = await sqlite.rate(bench, shape[1]);
    return [{ row: rowOf(shape), peer: "sqlite", unit: "/s", value: perSecond, ...more }];
  };
}
