import { join } from "node:path";

import { LIMITS } from "../../../src/protocol/limits.js";
import type { SupervisorOptions } from "../../../src/supervisor/options.js";
import { Supervisor } from "../../../src/supervisor/supervisor.js";
import { CONFIG } from "../../session/samples.js";

/** A supervisor on a data folder, at a time that stands still; in memory where `isInMemory` is set. */
export function openSupervisor(
  dataDir: string,
  options: Partial<SupervisorOptions> & { readonly isInMemory?: boolean } = {},
): Promise<Supervisor> {
  const { isInMemory = false, ...others } = options;
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const folders = { journalDir: join(dataDir, "journal"), snapshotDir: join(dataDir, "snapshots") };
  return Supervisor.open({
    clock: { nowMs: () => Date.UTC(2026, 0, 1), upMs: () => 5, advanceTo: () => {} },
    bounds: { ...LIMITS, maxSessions: 1_000, maxRunning: 1 },
    idempotency: { keepMs: 1_000_000, maxKeys: 1_000 },
    keepCommandsPerSession: 2,
    sessionDefaults: CONFIG,
    dataDir,
    contentDir: join(dataDir, "content"),
    searchDir: join(dataDir, "search"),
    checkpointsDir: join(dataDir, "checkpoints"),
    ...(isInMemory ? {} : { journal: folders }),
    log,
    sessionLog: () => log,
    onFatal: (error) => {
      throw error;
    },
    ...others,
  });
}
