import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

import { SessionLogs, type SessionLogsOptions } from "../../src/log/sessionLogs.js";

/** A folder for the logs of sessions, and how they are opened in it. */
export interface LogsFolder {
  readonly dir: string;
  /** What was complained about, oldest first. */
  readonly complaints: string[];
  readonly open: (options?: Partial<SessionLogsOptions>) => SessionLogs;
}

/** A folder of the test's own, from a `beforeEach`; what was opened in it is closed after the test. */
export function logsFolderForTest(): LogsFolder {
  const dir = mkdtempSync(join(tmpdir(), "sessiond-session-logs-"));
  const opened: SessionLogs[] = [];
  const complaints: string[] = [];
  onTestFinished(async () => {
    for (const logs of opened) await logs.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const open = (options: Partial<SessionLogsOptions> = {}): SessionLogs => {
    const logs = new SessionLogs({
      dir,
      maxSizeBytes: 1_000_000,
      keepFiles: 3,
      maxOpen: 4,
      complain: (error) => complaints.push(error.message),
      reopenAfterMs: 0,
      ...options,
    });
    opened.push(logs);
    return logs;
  };
  return { dir, complaints, open };
}
