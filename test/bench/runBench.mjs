import { availableParallelism } from "node:os";
import { PARTS } from "./parts/index.mjs";
import { summarize } from "./statistics.mjs";
import { formatFigure } from "./table.mjs";
import { Workbench } from "./workbench.mjs";

/**
 * Measures the parts, one after the other: in every round each cell once, in turn, so that what disturbs the machine
 * for a while disturbs them all. A cell that fails is left out, and told of.
 *
 * @param {import("./workbench.mjs").Options & { only?: readonly string[] | undefined, command: string }} options
 * @param {(line: string) => void} say told of every measurement
 * @returns {Promise<Report>}
 *
 * @typedef {object} Report
 * @property {string} machine
 * @property {string} command
 * @property {{ name: string, title: string, about: string, rows: import("./statistics.mjs").Row[] }[]} parts
 * @property {{ peer: string, reason: string }[]} missing
 * @property {{ part: string, reason: string }[]} failures
 */
export async function runBench({ only, command, ...options }, say = () => undefined) {
  const bench = new Workbench(options);
  const parts = [];
  const failures = [];
  try {
    for (const part of PARTS.filter(({ name }) => only?.includes(name) ?? true)) {
      const { name, title, about } = part;
      const fail = (error) => {
        failures.push({ part: name, reason: error.message });
        say(`${name}: failed: ${error.message}`);
      };
      const figures = await measurePart(part, bench, fail, say).catch((error) => {
        fail(error);
        return [];
      });
      parts.push({ name, title, about, rows: summarize(figures) });
    }
  } finally {
    bench.remove();
  }
  const missing = [...bench.missing].map(([peer, reason]) => ({ peer, reason }));
  const size = options.scale === 1 ? "" : `, at ${options.scale} of the sizes that the rows say`;
  const machine = `${availableParallelism()} shared cores, Node ${process.versions.node}${size}`;
  return { machine, command, parts, missing, failures };
}

async function measurePart({ name, repeat = 1, open }, bench, fail, say) {
  const { cells, close } = await open(bench);
  const figures = [];
  const broken = new Set();
  try {
    const { rounds, scale } = bench.options;
    for (let turn = 0; turn < rounds * Math.ceil(repeat * Math.min(1, scale)); turn++) {
      for (const cell of cells) {
        if (broken.has(cell)) continue;
        try {
          const measured = await cell();
          figures.push(...measured);
          for (const { row, peer, unit, value } of measured)
            say(`${name}, ${row}: ${peer} ${formatFigure(value, unit)}`);
        } catch (error) {
          // Once is enough: it would fail again in every round.
          broken.add(cell);
          fail(error);
        }
      }
    }
  } finally {
    await close?.();
  }
  return figures;
}
