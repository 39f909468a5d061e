import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd } from "../children.mjs";

/** SQLite in process, where there is neither a socket nor a second writer: what the disk alone allows. */
export const sqlite = {
  name: "sqlite",
  missing: async (bench) => {
    try {
      await bench.program("sqlite", "-lsqlite3");
      return undefined;
    } catch {
      return "its C library is not installed (apt-get install libsqlite3-dev)";
    }
  },

  /** Rows per second, with so many rows in one transaction. */
  async rate(bench, rowsPerTransaction) {
    const folder = await bench.folder("sqlite");
    const { warmUpS, seconds: measuredS } = bench.options;
    const program = await bench.program("sqlite", "-lsqlite3");
    const argv = [program, join(folder, "db"), rowsPerTransaction, warmUpS, measuredS].map(String);
    try {
      const { rows, seconds, p50Us, p99Us } = JSON.parse(await runToEnd(argv, bench.env));
      return { perSecond: rows / seconds, p50Us, p99Us };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
