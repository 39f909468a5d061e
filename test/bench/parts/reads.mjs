import { loadCells } from "../load.mjs";
import { bare, echo, redis, sessiond, watchman } from "../peers/index.mjs";

/** @type {import("./index.mjs").Part} */
export const reads = {
  name: "reads",
  title: "Reads",
  about:
    "`session/get`; `GET` of Redis; `version` of watchman, one question at a time; echo is a Node server that sends a " +
    "line back for each.",

  async open(bench) {
    const servers = await bench.present([sessiond, redis, bare, echo, watchman]);
    return { cells: loadCells(bench, servers, "read", goalsOf) };
  },
};

function goalsOf([connections, inFlight]) {
  if (connections === 64 || inFlight === 64) return [{ against: "echo", atLeast: 0.8 }];
  return connections === 1 ? [{ against: "echo", atLeast: 0.7 }] : [];
}
