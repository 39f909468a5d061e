import { join } from "node:path";

import { ExpandedCopies } from "../content/expandedCopies.js";
import { FileBodies } from "../content/fileBodies.js";
import { MemoryBodies } from "../content/memoryBodies.js";
import { PlainFiles } from "../content/plainFiles.js";
import { Bodies } from "./bodies.js";
import { ContentHold } from "./contentHold.js";
import type { SupervisorOptions } from "./options.js";
import { Placements } from "./placements.js";

/** What has to do with all that sessions keep outside of the state. */
export interface Content {
  readonly bodies: Bodies;
  readonly placements: Placements;
  readonly files: PlainFiles;
  readonly hold: ContentHold;
}

/** Where sessions keep what is said: in files, or in memory for a daemon whose journal is there too. */
export function openContent({
  contentDir,
  checkpointsDir,
  dataDir,
  journal,
  log,
}: Pick<SupervisorOptions, "contentDir" | "checkpointsDir" | "dataDir" | "journal" | "log">): Content {
  const hold = new ContentHold();
  const files = new PlainFiles(new ExpandedCopies(join(dataDir, "temp", "expanded")));
  const store = journal === undefined ? new MemoryBodies(contentDir) : new FileBodies(contentDir, files);
  const placements = new Placements({ store, checkpointsDir, log });
  return { bodies: new Bodies({ store, hold, placements, log }), placements, files, hold };
}
