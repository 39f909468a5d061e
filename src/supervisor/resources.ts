import { createHash } from "node:crypto";

import { asked, type Limited } from "../process/resources/bounds.js";
import { KernelLimits, placesFor } from "../process/resources/kernelLimits.js";
import { type LimitCause, LimitWatch } from "../process/resources/limitWatch.js";
import type { Supervised } from "../process/supervised.js";
import { type Execution, type Holding, isOver, type ResourceLimits } from "../session/state.js";
import type { Try } from "./launcher.js";
import type { SupervisorLog } from "./options.js";

interface ResourcesParts {
  /** Daemons with other data folders have groups of their own. */
  readonly dataDir: string;
  /** Whether the daemon has its process to itself, and may have the kernel move it. */
  readonly ownsProcess: boolean;
  /** The limits of a session, as they are now. */
  readonly sessionLimits: (sessionId: string) => ResourceLimits | undefined;
  readonly log: Pick<SupervisorLog, "info" | "warn">;
  readonly kernel?: KernelLimits;
  readonly watch?: LimitWatch;
}

/** A try of a command whose use of the machine is limited. */
export interface LimitedTry extends Try {
  readonly sessionId: string;
  readonly limits: ResourceLimits;
}

/** Ends a command that is over a limit; with 0 ms at once. */
export type EndByLimit = (cause: LimitCause, graceMs?: number) => void;

/** One try within its limits, from before its start to after its end. Nothing of it rejects. */
export interface Hold {
  /** The group of the kernel's that it is to start in, where there is one. */
  readonly cgroup: string | undefined;
  /** It runs, in the group or without: from now on it is held. Answers by whom. */
  begin(started: Pick<Supervised, "pid" | "isHeld">, end: EndByLimit): Holding;
  /** It has ended: what the kernel has to say about that. */
  verdict(): Promise<{ readonly cause?: "memory_limit"; readonly refusedForks?: number }>;
  /** Kills what the kernel has in its group, where whoever kept it is gone. */
  kill(): Promise<void>;
  /** Nothing is left of it. */
  release(): Promise<void>;
}

/** How commands are held to what they may take of the machine: by the kernel where it lets us, else by looking at them. */
export class Resources {
  readonly #parts: ResourcesParts;
  readonly #kernel: KernelLimits;
  readonly #watch: LimitWatch;

  constructor(parts: ResourcesParts) {
    const { dataDir, log } = parts;
    this.#parts = parts;
    this.#kernel =
      parts.kernel ??
      new KernelLimits({
        places: parts.ownsProcess
          ? placesFor(`sessiond-${createHash("sha256").update(dataDir).digest("hex").slice(0, 12)}`)
          : [],
        onRefused: (reason) =>
          log.info({ reason, event: "limits.sampled" }, "The kernel does not hold limits; the daemon looks"),
      });
    this.#watch =
      parts.watch ??
      new LimitWatch({ onError: (err) => log.warn({ err }, "Commands with limits cannot be looked at") });
  }

  /** Makes ready for a try; undefined where neither it nor its session has limits. */
  async prepare(one: LimitedTry): Promise<Hold | undefined> {
    if (!this.#isLimited(one)) return undefined;
    const name = `${one.token}-${one.attempt}`;
    const session = this.#parts.sessionLimits(one.sessionId) ?? {};
    const held = await this.#kernel.hold({ sessionId: one.sessionId, name, session, command: one.limits });
    return this.#hold(one, held?.folder, held?.by ?? "cgroup");
  }

  /** The same for a try of an earlier daemon, which started it in this group, or in none. */
  resume(one: LimitedTry, cgroup: string | undefined, before: Holding | undefined): Hold | undefined {
    if (cgroup === undefined && !this.#isLimited(one)) return undefined;
    return this.#hold(one, cgroup, before?.enforcedBy === "systemd" ? "systemd" : "cgroup");
  }

  /** The limits of a session have changed: they hold at once for what is held already. */
  async sessionChanged(sessionId: string): Promise<void> {
    await this.#kernel
      .limitSession(sessionId, this.#parts.sessionLimits(sessionId) ?? {})
      .catch((err: unknown) => {
        this.#parts.log.warn({ err, sessionId }, "The limits of a session could not be changed");
      });
  }

  /** Removes the kernel's groups of earlier daemons, where there may be any, but for those of commands that are not over. */
  async sweep(executions: readonly Execution[]): Promise<void> {
    const isKernels = ({ holding }: Execution): boolean =>
      ["cgroup", "systemd"].includes(holding?.enforcedBy ?? "");
    if (!executions.some(isKernels)) return;
    const known = executions.filter(({ status }) => !isOver(status)).map(({ token }) => token);
    const tokens = new Set(known);
    await this.#kernel
      .sweep((name) => tokens.has(name.slice(0, name.lastIndexOf("-"))))
      .catch((err: unknown) => this.#parts.log.warn({ err }, "Groups of earlier commands cannot be removed"));
  }

  /** Holds nobody any more; what the kernel holds stays held. */
  close(): void {
    this.#watch.close();
    this.#kernel.close();
  }

  #isLimited({ sessionId, limits }: LimitedTry): boolean {
    return asked(limits).length > 0 || asked(this.#parts.sessionLimits(sessionId)).length > 0;
  }

  #hold(one: LimitedTry, cgroup: string | undefined, by: "cgroup" | "systemd"): Hold {
    let unwatch = (): void => undefined;
    return {
      cgroup,
      begin: ({ pid, isHeld }, end) => {
        if (isHeld) return { enforcedBy: by };
        const holding = this.#sampled(one);
        if (holding.enforcedBy !== undefined) unwatch = this.#look(one, pid, end);
        return holding;
      },
      verdict: async () => {
        unwatch();
        return (cgroup && (await this.#told(this.#kernel.verdict(cgroup)))) || {};
      },
      kill: async () => {
        if (cgroup !== undefined) await this.#told(this.#kernel.kill(cgroup));
      },
      release: async () => {
        unwatch();
        if (cgroup !== undefined) await this.#told(this.#kernel.remove(cgroup));
      },
    };
  }

  /** What a group of the kernel's answers; undefined, and a line in the log, where it refuses. */
  async #told<T>(answer: Promise<T>): Promise<T | undefined> {
    return answer.catch((err: unknown) => {
      this.#parts.log.warn({ err }, "The group of a command cannot be read, killed or removed");
      return undefined;
    });
  }

  #look({ sessionId, limits }: LimitedTry, pid: number, end: EndByLimit): () => void {
    return this.#watch.add({
      pid,
      sessionId,
      bounds: limits,
      sessionBounds: () => this.#parts.sessionLimits(sessionId) ?? {},
      end: (cause, isUrgent) => (isUrgent ? end(cause, 0) : end(cause)),
    });
  }

  /** What looking holds, and what it does not. */
  #sampled({ sessionId, limits }: LimitedTry): Holding {
    const all = [limits, this.#parts.sessionLimits(sessionId) ?? {}];
    const isHeld = (name: Limited): boolean =>
      LimitWatch.isPossible &&
      (name !== "cpuPercent" || all.every((each) => !(each.cpuPercent ?? 0) || (each.cpuWindowMs ?? 0) > 0));
    const names = [...new Set(all.flatMap((each) => asked(each)))];
    const notHeld = names.filter((name) => !isHeld(name));
    return {
      ...(notHeld.length === names.length ? {} : { enforcedBy: "sampler" as const }),
      ...(notHeld.length === 0 ? {} : { notHeld }),
    };
  }
}
