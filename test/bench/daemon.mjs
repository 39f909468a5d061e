/**
 * sessiond with the sessions that the load generator writes to. usage: node daemon.mjs <data folder> <socket>
 */
import { openDaemon } from "../../dist/src/index.js";

const [dataDir, socket] = process.argv.slice(2);
const daemon = await openDaemon({
  dataDir,
  listen: true,
  config: { socket, idempotency: { maxKeys: 10_000_000 } },
});
const client = await daemon.connect();
for (let number = 0; number < 256; number++) {
  await client.session.create({ sessionId: `s${String(number).padStart(3, "0")}` });
}
await client.close();
console.log("ready");
