import type { SessionConfigPatch, SessionConfigShape } from "../protocol/types.js";

/** Settings with a patch laid over them; what the patch leaves out stays. */
export function mergeSettings(
  base: SessionConfigShape,
  patch: SessionConfigPatch | undefined,
): SessionConfigShape {
  if (patch === undefined) return base;
  const { retry, logging, limits, stall, ...flat } = patch;
  return {
    ...base,
    ...given(flat),
    ...mergedStall(base.stall, stall),
    retry: { ...base.retry, ...given(retry ?? {}) },
    logging: { ...base.logging, ...given(logging ?? {}) },
    ...mergedLimits(base.limits, limits),
  };
}

/** One patch over another, both of which may be absent. */
export function mergePatches(
  base: SessionConfigPatch | undefined,
  patch: SessionConfigPatch | undefined,
): SessionConfigPatch {
  return {
    ...base,
    ...given(patch ?? {}),
    ...mergedStall(base?.stall, patch?.stall),
    retry: { ...base?.retry, ...given(patch?.retry ?? {}) },
    logging: { ...base?.logging, ...given(patch?.logging ?? {}) },
    ...mergedLimits(base?.limits, patch?.limits),
  };
}

/** Limits of one kind; a session that never had any has no such key, as in journals of before there were any. */
function mergedLimits(
  base: SessionConfigPatch["limits"],
  patch: SessionConfigPatch["limits"],
): Pick<SessionConfigPatch, "limits"> {
  if (base === undefined && patch === undefined) return {};
  return { limits: { ...given(base ?? {}), ...given(patch ?? {}) } };
}

/** The one part that may be absent; the older ones had none. */
function mergedStall(
  base: SessionConfigShape["stall"],
  patch: SessionConfigShape["stall"],
): Pick<SessionConfigShape, "stall"> {
  return base === undefined && patch === undefined ? {} : { stall: { ...base, ...given(patch ?? {}) } };
}

/** The entries that have a value: a key that is there but undefined sets nothing. */
function given<T extends object>(patch: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(patch).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
