import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { untilAnswers } from "../ask.mjs";
import { startChild } from "../children.mjs";
import { runLoad } from "../load.mjs";
import { sessiond } from "../peers/index.mjs";
import { NODE_FLAGS, request } from "../peers/requests.mjs";
import { createSessions } from "../sessions.mjs";

const SESSIONS = 100_000;
const SERVER = fileURLToPath(new URL("../servers/memoryDaemon.mjs", import.meta.url));
const QUESTION = '{"jsonrpc":"2.0","id":1,"method":"daemon/ping"}\n';

/** How many sessions have the tag, and how far a list of 100 has to look for them. */
const TAGS = [
  { tag: "often", every: 10, row: "tag of every 10th session" },
  { tag: "rare", every: 1_000, row: "tag of every 1,000th session, so all are looked at" },
];

/** @type {import("./index.mjs").Part} */
export const list = {
  name: "list",
  title: "Listing",
  about:
    "`session/list` of 100 out of 100,000 by status and tag, one request at a time: the time of one, as median and p99. " +
    "The daemon is in memory, since one on disk would still be writing the sessions' files.",

  async open(bench) {
    const servers = await bench.present([sessiond]);
    if (servers.length === 0) return { cells: [] };
    const socket = join(await bench.folder("list"), "socket");
    const child = startChild([process.execPath, ...NODE_FLAGS, SERVER, socket], bench.env);
    try {
      await untilAnswers(child, socket, QUESTION);
      await createSessions(socket, bench.size(SESSIONS), fieldsOf);
    } catch (error) {
      await child.stop();
      throw error;
    }
    return { cells: TAGS.map((kind) => () => measure(bench, socket, kind)), close: () => child.stop() };
  },
};

function fieldsOf(number) {
  return {
    name: "a session of the bench",
    tags: TAGS.filter(({ every }) => number % every === 0).map(({ tag }) => tag),
    metadata: { branch: "main", state: "idle" },
    config: { logging: { enabled: false } },
  };
}

async function measure(bench, socket, { tag, row }) {
  const template = request("session/list", `{"status":"active","tags":["${tag}"],"limit":100}`);
  const { p50Us, p99Us } = await runLoad(bench, socket, [1, 1], { template });
  const figure = { peer: "sessiond", unit: "ms", goals: [{ atMost: 2 }] };
  return [
    { ...figure, row: `${row}, median`, value: p50Us / 1_000 },
    { ...figure, row: `${row}, p99`, value: p99Us / 1_000 },
  ];
}
