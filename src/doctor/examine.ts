import type { Finding } from "./finding.js";
import { examineClock, examineInotify, examineLock, examineOpenFiles, examineProc } from "./machine.js";
import { examineDisk, examineSocket } from "./places.js";
import { examineCgroup, examineKeeper, examineServiceManager } from "./supervision.js";

export type { Finding } from "./finding.js";

/** What is examined for. */
export interface Patient {
  readonly dataDir: string;
  readonly socket: string | undefined;
  /** The setting `commands.outliveDaemon`. */
  readonly outliveDaemon: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
}

/** Whom to examine: a daemon of this process, or one that it could become. */
export function patientOf(
  { commands }: { readonly commands: Pick<Patient, "outliveDaemon"> },
  { dataDir, socket }: Pick<Patient, "dataDir"> & { readonly socket?: string | undefined },
): Patient {
  const { outliveDaemon } = commands;
  return { dataDir, socket, outliveDaemon, env: process.env, uid: process.getuid?.() ?? 0 };
}

/**
 * Looks at what this machine lets a daemon do, one finding a line, in the order in which they matter. It changes nothing,
 * and never rejects: what cannot be looked at says so.
 */
export async function examine(patient: Patient): Promise<Finding[]> {
  const examinations: readonly (readonly [name: string, look: () => Finding | Promise<Finding>])[] = [
    ["keeper", () => examineKeeper(patient)],
    ["cgroup", () => examineCgroup()],
    ["systemd", () => examineServiceManager(patient)],
    ["proc", () => examineProc()],
    ["lock", () => examineLock(patient)],
    ["disk", () => examineDisk(patient)],
    ["socket", () => examineSocket(patient)],
    ["open files", () => examineOpenFiles()],
    ["inotify", () => examineInotify()],
    ["clock", () => examineClock()],
  ];
  return Promise.all(examinations.map(([name, look]) => guarded(name, look)));
}

async function guarded(name: string, look: () => Finding | Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    const detail = `it cannot be looked at: ${error instanceof Error ? error.message : String(error)}`;
    return { name, status: "limited", detail, advice: "see whether this user may do that" };
  }
}
