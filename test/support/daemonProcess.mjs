// A daemon in a process of its own, for tests: `node daemonProcess.mjs <configuration as JSON>`. Unlike
// `sessiond start` it tells a start that was refused from a daemon that was there already, reads no file and no
// variable, and ends with whoever started it. Prints one line of JSON once it answers; SIGTERM stops it in order.
import { spawnSync } from "node:child_process";
import process from "node:process";

const { loadConfig } = await import("../../dist/src/config/load.js");
const { resolvePlaces } = await import("../../dist/src/config/places.js");
const { openDaemon } = await import("../../dist/src/daemon.js");

// Whoever runs the tests may have been killed: then nobody is left to stop this.
process.stdin.on("end", () => process.exit(3)).resume();

// Not from the first moment on: Node opens more files than that at once while it loads the modules.
const { SESSIOND_TEST_OPEN_FILES: openFiles } = process.env;
if (openFiles !== undefined) {
  const script = 'prlimit --pid="$PPID" --nofile="$0:$0"';
  const { status } = spawnSync("sh", ["-c", script, openFiles]);
  if (status !== 0) throw new Error(`prlimit ended with ${status}`);
}

try {
  const config = loadConfig({ document: JSON.parse(process.argv[2] ?? "{}"), env: {} });
  const { env, platform } = process;
  const places = resolvePlaces({ config, env, platform, homedir: "/nowhere", uid: process.getuid?.() ?? 0 });
  const daemon = await openDaemon({
    config,
    places,
    onFatal: (error) => {
      console.error(error);
      process.exit(1);
    },
  });
  process.once("SIGTERM", () => void daemon.close());
  process.stdout.write(`${JSON.stringify({ pid: process.pid, ...daemon.supervisor.recovery })}\n`);
  await daemon.closed;
  // Not process.exit(): a daemon that has closed everything ends by itself.
  process.stdin.destroy();
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
  process.stdin.destroy();
}
