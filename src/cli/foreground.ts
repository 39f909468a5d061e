import { readFileSync } from "node:fs";

/**
 * Whether this process is in the group that its terminal listens to. One that is not (`sessiond run … &`) would be stopped
 * by the system as soon as it read from there. Where the system does not tell, it is taken to be.
 */
export function isForeground(stat: () => string = ownStat): boolean {
  try {
    const text = stat();
    // pid (name) state ppid pgrp session tty tpgid …; the name may hold anything, a parenthesis too.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[5] === undefined || fields[5] === fields[2];
  } catch {
    return true;
  }
}

function ownStat(): string {
  return readFileSync("/proc/self/stat", "latin1");
}
