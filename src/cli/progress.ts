import type { Client, Result } from "../../client/index.js";
import type { Context } from "./context.js";
import { bytes } from "./humane.js";

type Transfer = Result<"session/transfers">["items"][number];

/** What is over before needs no progress. */
const FIRST_MS = 500;
const EVERY_MS = 250;
/** To the beginning of the line, and what stood there is gone. */
const CLEAR = "\r\u001B[K";

/**
 * Waits for an export, an import or a clone, and tells on standard error how far it has come, where that is a terminal.
 *
 * @param isMeant tells it from others that are under way.
 */
export async function withProgress<T>(
  { io, err }: Pick<Context, "io" | "err">,
  client: Client,
  isMeant: (transfer: Transfer) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  if (io.stderr.isTTY !== true) return work();
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  let hasSaid = false;
  const look = async (): Promise<void> => {
    // It tells and decides nothing: where it cannot be asked for, nothing is told.
    const { items } = await client.session.transfers().catch(() => ({ items: [] }));
    const found = items.find((transfer) => isMeant(transfer));
    if (isOver) return;
    if (found !== undefined) {
      hasSaid = true;
      await err.write(CLEAR + progressWords(found)).catch(() => undefined);
    }
    timer = setTimeout(() => void look(), EVERY_MS);
  };
  timer = setTimeout(() => void look(), FIRST_MS);
  try {
    return await work();
  } finally {
    isOver = true;
    clearTimeout(timer);
    if (hasSaid) await err.write(CLEAR).catch(() => undefined);
  }
}

/** `exporting: 120,000 of 1,000,000 (12 %)`; of bytes that are read, `importing: 12 MB of 96 MB (12 %)`. */
export function progressWords({ kind, done, total, unit }: Transfer): string {
  const doing = { export: "exporting", import: "importing", clone: "cloning" }[kind];
  const say = (amount: number): string => (unit === "bytes" ? bytes(amount) : amount.toLocaleString("en"));
  const share = total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100));
  return `${doing}: ${say(done)} of ${say(total)} (${share} %)`;
}
