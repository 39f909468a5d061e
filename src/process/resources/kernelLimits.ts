import type { CgroupRequest, CgroupVerdict } from "./cgroupTree.js";
import { CgroupTree } from "./cgroupTree.js";
import { asked } from "./bounds.js";
import { NoCgroupError, openDelegated, viewOf } from "./delegation.js";
import { openScope } from "./scope.js";

/** The group of a command, and by whose leave it is there. */
export interface KernelHold {
  readonly folder: string;
  readonly by: "cgroup" | "systemd";
}

interface Open {
  readonly tree: CgroupTree;
  readonly by: KernelHold["by"];
}

/** Looks for a place of the kernel's to hold commands in. @throws NoCgroupError where there is none */
export type OpenPlace = () => Promise<CgroupTree>;

interface KernelLimitsParts {
  /** The places to look for, the best first; see {@link placesFor}. */
  readonly places: readonly (readonly [by: KernelHold["by"], open: OpenPlace])[];
  /** Tells why the kernel does not hold commands, when that is found out, and each time that the reason changes. */
  readonly onRefused: (reason: string) => void;
  readonly nowMs?: () => number;
}

/**
 * Where the kernel may hold commands of a daemon that has its process to itself: in the group that it is in, or in one that
 * the user's service manager gives it. That moves its process.
 *
 * @param name of this daemon's part of the tree: letters, digits and hyphens
 */
export function placesFor(name: string): KernelLimitsParts["places"] {
  return [
    ["cgroup", () => openDelegated(viewOf("self"), name)],
    ["systemd", () => openScope(name)],
  ];
}

/** How long what was refused is not asked for again. */
const AGAIN_MS = 60_000;

/**
 * The limits that the kernel holds. Where it does is found out when the first command has limits, and again where it failed,
 * once a minute at most: a service may be given its groups later.
 */
export class KernelLimits {
  readonly #parts: Required<KernelLimitsParts>;
  #opening: Promise<Open | undefined> | undefined;
  #open: Open | undefined;
  #refusal: { readonly reason: string; readonly atMs: number } | undefined;

  constructor(parts: KernelLimitsParts) {
    this.#parts = { nowMs: () => performance.now(), ...parts };
  }

  /** Makes a group for a command; undefined where the kernel does not hold all that is asked. */
  async hold(request: CgroupRequest): Promise<KernelHold | undefined> {
    const open = await this.#ready();
    if (open === undefined) return undefined;
    const missing = [...asked(request.session), ...asked(request.command)];
    if (!open.tree.holds(request.session, request.command)) {
      this.#refuse(`the kernel does not hold all of ${[...new Set(missing)].join(", ")} here`);
      return undefined;
    }
    try {
      return { folder: await open.tree.make(request), by: open.by };
    } catch (error) {
      // It was there, and is no more: somebody else has it, or it was removed.
      this.#open = undefined;
      this.#refuse(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** New limits for a session. */
  async limitSession(sessionId: string, bounds: CgroupRequest["session"]): Promise<void> {
    await this.#open?.tree.limitSession(sessionId, bounds);
  }

  /** What the kernel has done to the command of a group. */
  verdict(folder: string): Promise<CgroupVerdict> {
    return this.#any().verdict(folder);
  }

  /** Kills everything in a group at once. */
  kill(folder: string): Promise<void> {
    return this.#any().kill(folder);
  }

  /** Removes a group, as soon as nothing is in it. */
  remove(folder: string): Promise<void> {
    return this.#any().remove(folder);
  }

  /** Removes the groups that earlier daemons left here, but for those of commands whose names are `isKnown`. */
  async sweep(isKnown: (name: string) => boolean): Promise<void> {
    await (await this.#ready())?.tree.sweep(isKnown);
  }

  close(): void {
    this.#open?.tree.close();
    this.#orphans?.close();
  }

  /** For groups that an earlier daemon made, in a place that this one may not have. */
  #orphans: CgroupTree | undefined;

  #any(): CgroupTree {
    return this.#open?.tree ?? (this.#orphans ??= new CgroupTree("/", new Set()));
  }

  async #ready(): Promise<Open | undefined> {
    if (this.#open !== undefined) return this.#open;
    const isTooSoon = this.#refusal !== undefined && this.#parts.nowMs() - this.#refusal.atMs < AGAIN_MS;
    if (isTooSoon) return undefined;
    // One look for all that come meanwhile.
    this.#opening ??= this.#look().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #look(): Promise<Open | undefined> {
    const reasons =
      this.#parts.places.length === 0 ? ["a daemon inside another program leaves its cgroup alone"] : [];
    for (const [by, open] of this.#parts.places) {
      try {
        this.#open = { tree: await open(), by };
        this.#refusal = undefined;
        return this.#open;
      } catch (error) {
        if (!(error instanceof NoCgroupError)) throw error;
        reasons.push(error.message);
      }
    }
    this.#refuse(reasons.join("; "));
    return undefined;
  }

  #refuse(reason: string): void {
    if (this.#refusal?.reason !== reason) this.#parts.onRefused(reason);
    this.#refusal = { reason, atMs: this.#parts.nowMs() };
  }
}
