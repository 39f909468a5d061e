import { readFileSync } from "node:fs";
import { join } from "node:path";
import { adoptChild, runToEnd } from "../children.mjs";

const VERSION = "7.0.4";
const INSTALL_WITHIN_MS = 60_000;

/** pm2, from npm into the folder of the bench. Its daemon goes into the background when anything asks for it. */
export const pm2 = {
  name: "pm2",
  missing: async (bench) => {
    try {
      await install(bench);
      return undefined;
    } catch {
      return `pm2@${VERSION} could not be installed from npm within ${INSTALL_WITHIN_MS / 1_000} s`;
    }
  },

  async start(bench, folder) {
    const env = { ...bench.env, PM2_HOME: folder };
    const program = await install(bench);
    await runToEnd([process.execPath, program, "ping"], env, INSTALL_WITHIN_MS);
    const child = adoptChild(Number(readFileSync(join(folder, "pm2.pid"), "utf8")));
    return { child, env, program };
  },

  cli: ({ env, program }) => ({ argv: [process.execPath, program, "ping"], env }),
};

/** Answers the program's path. The user's own environment says where packages come from. */
function install(bench) {
  return bench.once("pm2", async () => {
    const prefix = join(bench.root, "pm2");
    const flags = ["--prefix", prefix, "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
    await runToEnd(["npm", "install", ...flags, `pm2@${VERSION}`], process.env, INSTALL_WITHIN_MS);
    return join(prefix, "node_modules/pm2/bin/pm2");
  });
}
