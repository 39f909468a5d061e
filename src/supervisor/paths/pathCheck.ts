import { posix, win32 } from "node:path";

import { inLanes } from "../../lanes.js";
import { error, type Finding, type Platform, warning } from "../../paths/finding.js";
import { type Look, lookAt } from "../../paths/look.js";
import { restrictionOf, type RestrictionOptions } from "../../paths/restricted.js";
import { checkText, cleanedPath } from "../../paths/rules.js";
import { Git } from "../../process/git.js";
import { type GitState, gitState, GitRefusedError } from "../../process/gitState.js";
import type { Result, ValidParams } from "../../protocol/types.js";

type Asked = ValidParams<"path/validate">;
type Validated = Result<"path/validate">["items"][number];

export interface PathCheckOptions extends RestrictionOptions {
  /** Below it space on a disk is short. */
  readonly lowSpaceBytes: number;
}

/** How many paths are looked at at a time: a disk that does not answer holds a thread of the four that all share. */
const LANES = 2;
/** How long one path may take. A network disk that is gone answers after minutes, or never. */
const LOOK_TIMEOUT_MS = 2_000;
const GIT_TIMEOUT_MS = 5_000;

/** Says of paths whether they can be used, and makes nothing. */
export class PathCheck {
  readonly #options: PathCheckOptions;
  readonly #git = new Git({ timeoutMs: GIT_TIMEOUT_MS });

  constructor(options: PathCheckOptions) {
    this.#options = options;
  }

  /** What is found out about each path, in the order asked. Never rejects: what fails is a finding. */
  async validate(asked: Asked): Promise<Result<"path/validate">> {
    const items: Validated[] = [];
    await inLanes(asked.paths.entries(), LANES, async ([index, path]) => {
      items[index] = await this.#one(path, asked);
    });
    return { valid: items.every(({ valid }) => valid), items };
  }

  async #one(path: string, asked: Asked): Promise<Validated> {
    const platform = asked.platform ?? ownPlatform();
    const findings = checkText(path, platform);
    const isLooked = platform === ownPlatform() && isAbsolute(path, platform) && !path.includes("\0");
    const look = isLooked ? await this.#look(path, asked) : undefined;
    findings.push(...this.#restrictions(path, look?.resolvedPath, platform), ...(look?.findings ?? []));
    const git = asked.git && look !== undefined ? await this.#gitOf(path, look, findings) : undefined;
    const proposal = asked.propose ? cleanedPath(path, platform) : undefined;
    const { exists, kind, isLink, resolvedPath, permissions, disk } = look ?? {};
    return {
      path,
      valid: findings.every(({ severity }) => severity !== "error"),
      findings,
      ...(look === undefined ? {} : { exists, isLink }),
      ...(kind === undefined ? {} : { kind }),
      ...(resolvedPath === undefined ? {} : { resolvedPath }),
      ...(permissions === undefined ? {} : { permissions }),
      ...(disk === undefined ? {} : { disk }),
      ...(git === undefined ? {} : { git }),
      ...(proposal === undefined ? {} : { proposal }),
    };
  }

  async #look(path: string, { need, mayBeMissing }: Asked): Promise<Look> {
    const { lowSpaceBytes } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Look>((resolve) => {
      const message = `what it lies on did not answer within ${LOOK_TIMEOUT_MS} ms`;
      const none = { exists: false, isLink: false, findings: [error("unreachable", message)] };
      timer = setTimeout(() => resolve(none), LOOK_TIMEOUT_MS);
    });
    try {
      return await Promise.race([lookAt(path, { needs: need, mayBeMissing, lowSpaceBytes }), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** By its name, and by where it leads: a link in an open place may lead into a closed one. */
  #restrictions(path: string, resolvedPath: string | undefined, platform: Platform): Finding[] {
    if (!isAbsolute(path, platform)) return [];
    const rules = platform === "windows" ? win32 : posix;
    const named = restrictionOf(rules.normalize(path), platform, this.#options);
    const target =
      resolvedPath === undefined ? undefined : restrictionOf(resolvedPath, platform, this.#options);
    if (named !== undefined) return [error("restricted", `it lies in ${named.path}: ${named.reason}`)];
    if (target === undefined) return [];
    return [error("restricted", `it leads to ${resolvedPath}, in ${target.path}: ${target.reason}`)];
  }

  async #gitOf(path: string, { kind, exists }: Look, findings: Finding[]): Promise<Validated["git"]> {
    if (!exists) return undefined;
    try {
      const state = await gitState(this.#git, kind === "folder" ? path : posix.dirname(path));
      return state && shownGit(state);
    } catch (caught) {
      const isRefused = caught instanceof GitRefusedError;
      const message = caught instanceof Error ? caught.message : String(caught);
      findings.push(warning("git_refused", isRefused ? message : `git did not tell its state: ${message}`));
      return undefined;
    }
  }
}

function shownGit({ branch, commit, upstream, ...state }: GitState): NonNullable<Validated["git"]> {
  return {
    ...state,
    ...(branch === undefined ? {} : { branch }),
    ...(commit === undefined ? {} : { commit }),
    ...(upstream === undefined ? {} : { upstream }),
  };
}

function isAbsolute(path: string, platform: Platform): boolean {
  return platform === "windows" ? /^(?:[A-Za-z]:[\\/]|[\\/]{2}[^\\/.?])/.test(path) : path.startsWith("/");
}

function ownPlatform(): Platform {
  if (process.platform === "win32") return "windows";
  return process.platform === "darwin" ? "macos" : "linux";
}
