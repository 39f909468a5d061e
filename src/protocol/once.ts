/**
 * Makes a value when it is first asked for, and keeps it: for schemas that few daemons ever need. To make one takes ten
 * microseconds and more, and there are hundreds.
 */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
