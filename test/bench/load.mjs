/** The load generator, and the cells of the parts that use it. */
import { runToEnd } from "./children.mjs";

/** Connections, and requests in flight on each, by what `--shapes` calls them. */
export const SHAPES = {
  1: [1, 1],
  16: [16, 1],
  64: [64, 1],
  256: [256, 1],
  "1x64": [1, 64],
};

/** Those of the shapes that are asked for. */
export function shapesOf({ options: { shapes } }) {
  const asked = Object.entries(SHAPES).filter(([name]) => shapes?.includes(name) ?? true);
  return asked.map(([, shape]) => shape);
}

/** Puts a server under load, and answers its requests per second and their latencies. */
export async function runLoad(bench, socket, [connections, inFlight], { template, linesPerAnswer = 1 }) {
  const { warmUpS, seconds: measuredS } = bench.options;
  const numbers = [connections, inFlight, linesPerAnswer, warmUpS, measuredS].map(String);
  const load = await bench.program("load");
  const { requests, seconds, p50Us, p99Us, cpuSeconds } = JSON.parse(
    await runToEnd([load, socket, ...numbers, template], bench.env),
  );
  return { perSecond: requests / seconds, p50Us, p99Us, loadCpu: cpuSeconds / seconds };
}

/**
 * A cell for each shape and peer.
 *
 * @param {"write" | "read"} kind which of its requests a peer gets; those that have none are left out
 * @param {(shape: readonly number[]) => readonly object[]} goalsOf the goals of sessiond for a shape
 */
export function loadCells(bench, peers, kind, goalsOf) {
  return shapesOf(bench).flatMap((shape) =>
    peers
      .filter((peer) => peer[kind]?.shapes?.includes(shape[1] * shape[0]) ?? peer[kind] !== undefined)
      .map((peer) => () => measure(bench, peer, kind, shape, goalsOf)),
  );
}

/** What a row is called. */
export function rowOf([connections, inFlight]) {
  if (inFlight > 1) return `${connections} × ${inFlight} in flight`;
  return connections === 1 ? "1 connection" : `${connections} connections`;
}

function measure(bench, peer, kind, shape, goalsOf) {
  return bench.withPeer(
    peer,
    async ({ socket }) => {
      await peer.prepare?.(socket);
      const { perSecond, ...more } = await runLoad(bench, socket, shape, peer[kind]);
      const goals = peer.name === "sessiond" ? goalsOf(shape) : [];
      return [{ row: rowOf(shape), peer: peer.name, unit: "/s", value: perSecond, ...more, goals }];
    },
    peer.underLoad,
  );
}
