import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

import { ExportFileError, writeExportFile } from "../../content/exportFile.js";
import { RefusalError } from "../../protocol/errors.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import type { Chain } from "../../session/state.js";
import { findChain } from "../read/chains.js";
import type { Supervisor } from "../supervisor.js";
import { agentFileName } from "./agentFileName.js";
import { chainFile, chainsFile } from "./chainShape.js";

type Source = Pick<Supervisor, "registry" | "dataDir" | "clock">;

/** A file that is to be written. */
interface Draft {
  readonly path: string;
  readonly pieces: Iterable<string>;
}

/**
 * Writes the chain of one agent, or those of all agents, as they are durable now into new files: one that is named, or one
 * an agent in a folder. Each file is whole or not there; in a folder those before one that failed stay.
 *
 * @throws RefusalError where the agent has no chain, and where a file cannot be written there
 */
export async function exportChains(
  source: Source,
  { agentId, path }: ValidParams<"chain/export">,
): Promise<Result<"chain/export">> {
  // Chains never change, so all of this is of one tick.
  const chains =
    agentId === undefined
      ? [...source.registry.things.chains.committed.values()]
      : [findChain(source, agentId)];
  const drafts = draftsOf(chains, path, {
    isFolder: await isFolder(path),
    isOne: agentId !== undefined,
    nowMs: source.clock.nowMs(),
  });
  let sizeBytes = 0;
  let files = 0;
  for (const { path: place, pieces } of drafts) {
    sizeBytes += await write(place, source.dataDir, pieces);
    files += 1;
  }
  const interactions = chains.reduce((sum, { count }) => sum + count, 0);
  return { path, agents: chains.length, interactions, files, sizeBytes };
}

function draftsOf(
  chains: readonly Chain[],
  path: string,
  { isFolder, isOne, nowMs }: { readonly isFolder: boolean; readonly isOne: boolean; readonly nowMs: number },
): Iterable<Draft> {
  if (isFolder) {
    const taken = new Set<string>();
    return chains.map((chain) => ({
      path: join(path, agentFileName(chain.agentId, taken)),
      pieces: chainFile(chain, nowMs),
    }));
  }
  const [chain] = chains;
  return [
    { path, pieces: isOne && chain !== undefined ? chainFile(chain, nowMs) : chainsFile(chains, nowMs) },
  ];
}

async function write(path: string, dataDir: string, pieces: Iterable<string>): Promise<number> {
  try {
    return await writeExportFile(path, dataDir, Readable.from(pieces));
  } catch (error) {
    if (!(error instanceof ExportFileError)) throw error;
    const hint = "name a file that is not there yet, or a folder that is, outside of the data folder";
    throw new RefusalError({ type: "invalid_params", message: error.message, hint });
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // What is wrong with it is told by the one who writes there.
    return false;
  }
}
