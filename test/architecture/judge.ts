import type { Import } from "./importGraph.js";
import type { Wall } from "./walls.js";

/** The room that a file belongs to: the most exact one that holds it. */
export function roomOf(file: string, walls: readonly Wall[]): Wall | undefined {
  return walls
    .filter(({ room }) => isWithin(file, room))
    .toSorted((a, b) => b.room.length - a.room.length)
    .at(0);
}

/** What is wrong with an import, in one sentence, or nothing. */
export function faultOfImport({ from, to, kind }: Import, walls: readonly Wall[]): string | undefined {
  const wall = roomOf(from, walls);
  if (wall === undefined) return `${from} is in no room: list it in walls.ts, with what it may import.`;
  const { room, imports, types = [], lazy = [], reason } = wall;
  if (isWithin(to, room) && roomOf(to, walls) === wall) return undefined;
  const allowed = [...imports, ...(kind === "types" ? types : []), ...(kind === "lazy" ? lazy : [])];
  if (allowed.some((entry) => allows(entry, to, walls))) return undefined;
  const how = { runtime: "imports", types: "imports types of", lazy: "loads" }[kind];
  return `${from} ${how} ${to}, and ${room} may not: ${reason}.`;
}

/** The first circle that the imports run in, if there is one; types are gone before it could matter. */
export function circleOf(imports: readonly Import[]): readonly string[] | undefined {
  const next = new Map<string, string[]>();
  for (const { from, to, kind } of imports) {
    if (kind === "runtime") next.set(from, [...(next.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const to of next.get(file) ?? []) {
      const circle = walk(to, [...path, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of next.keys()) {
    const circle = walk(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** The files that no entry leads to, whichever kind of import it takes. */
export function unreached(
  files: readonly string[],
  imports: readonly Import[],
  entries: readonly string[],
): readonly string[] {
  const reached = new Set<string>(entries);
  // A set that grows while it is walked is walked to its end.
  for (const file of reached) {
    for (const { from, to } of imports) if (from === file) reached.add(to);
  }
  return files.filter((file) => !reached.has(file));
}

/** An entry allows its own files, but not those that are walled off as a room of their own. */
function allows(entry: string, to: string, walls: readonly Wall[]): boolean {
  if (entry === "node:") return to.startsWith("node:");
  if (!isWithin(to, entry)) return false;
  const target = roomOf(to, walls);
  return target === undefined || isWithin(entry, target.room);
}

function isWithin(path: string, room: string): boolean {
  return path === room || path.startsWith(`${room}/`);
}
