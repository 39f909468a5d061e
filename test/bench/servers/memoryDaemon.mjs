/** sessiond in memory, as a process of its own. usage: node memoryDaemon.mjs <socket> */
import { openDaemon } from "sessiond";

await openDaemon({ listen: true, config: { socket: process.argv[2] } });
