/** What all parts of the bench share: a folder, the sizes, the compiled programs, and who takes part. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runToEnd } from "./children.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

/**
 * @typedef {object} Options
 * @property {number} rounds how often every cell is measured
 * @property {number} seconds how long one measurement of a rate takes
 * @property {number} warmUpS how long a server is under load before
 * @property {number} scale 1 is the full size of the parts with many sessions or records
 * @property {readonly string[] | undefined} peers who takes part; everybody if absent
 * @property {readonly string[] | undefined} shapes of the load, by name; all of them if absent
 */

/** One run of the bench. */
export class Workbench {
  /** @type {Map<string, string>} why who cannot take part */
  missing = new Map();
  #asked = new Map();
  #made = new Map();

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.root = mkdtempSync(join(tmpdir(), "sessiond-bench-"));
    this.home = join(this.root, "home");
    mkdirSync(this.home, { mode: 0o700 });
    process.once("exit", this.remove);
  }

  /**
   * The environment of everything that is measured: no NODE_EXTRA_CA_CERTS, which alone costs a start of Node some
   * 40 ms, and nothing of the user's own home.
   */
  get env() {
    return { PATH: process.env.PATH, HOME: this.home, LANG: "C.UTF-8" };
  }

  /** A number of sessions or records, at the scale of this run. */
  size(full) {
    return Math.max(1, Math.round(full * this.options.scale));
  }

  /** A new folder; the path is short, because a socket's has to be. */
  folder(name) {
    return mkdtemp(join(this.root, `${name}-`));
  }

  /** Makes something at its first use, and hands out the same one later. */
  once(name, make) {
    if (!this.#made.has(name)) this.#made.set(name, make());
    return this.#made.get(name);
  }

  /** Compiles one of the C programs beside this file. @throws where there is no compiler */
  program(name, ...flags) {
    return this.once(`${name}.c`, async () => {
      const path = join(this.root, name);
      await runToEnd(["cc", "-O2", "-o", path, join(here, `${name}.c`), ...flags], process.env);
      return path;
    });
  }

  /** Those of the peers that can take part. Why one cannot is remembered in `missing`. */
  async present(peers) {
    const asked = peers.filter(({ name }) => this.options.peers?.includes(name) ?? true);
    const reasons = await Promise.all(asked.map((peer) => this.#reasonAgainst(peer)));
    return asked.filter((_, index) => reasons[index] === undefined);
  }

  /** Starts a peer in a new folder, hands it over, and stops and removes it whatever happens. */
  async withPeer(peer, use, ...settings) {
    const folder = await this.folder(peer.name);
    try {
      const running = await peer.start(this, folder, ...settings);
      try {
        return await use(running);
      } finally {
        await running.child.stop();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Removes everything; at the end of the process at the latest. */
  remove = () => {
    process.off("exit", this.remove);
    rmSync(this.root, { recursive: true, force: true });
  };

  async #reasonAgainst(peer) {
    if (!this.#asked.has(peer.name)) this.#asked.set(peer.name, peer.missing?.(this));
    const reason = await this.#asked.get(peer.name);
    if (reason !== undefined) this.missing.set(peer.name, reason);
    return reason;
  }
}
