import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { Live } from "../top/live.js";
import { arranged, type Sort } from "../top/order.js";
import { plainTable } from "../top/picture.js";
import { Source } from "../top/source.js";
import { FIRST_VIEW } from "../top/state.js";

interface TopOptions {
  readonly once?: boolean;
  /** Milliseconds between two looks. */
  readonly interval?: number;
  readonly sort?: Sort;
}

const INTERVAL_MS = 2_000;
/** More often nobody can read, and the daemon would have to do it. */
const LEAST_INTERVAL_MS = 500;

/** The sessions that go on, and what they use: live on a terminal, else once. */
export const top: Verb<TopOptions> = (context, { once = false, interval = INTERVAL_MS, sort = "cpu" }) =>
  context.withClient(async (client) => {
    const { io, globals, paint, width } = context;
    const source = new Source(client);
    const view = { ...FIRST_VIEW, sort };
    const isLive = !once && !globals.json && io.stdout.isTTY === true && isTerminal(io.stdin);
    if (isLive) {
      const intervalMs = Math.max(LEAST_INTERVAL_MS, interval);
      return new Live(context, client, source, { view, intervalMs }).run();
    }
    const look = await source.look();
    const { atMs, rows, commands: _, ...rest } = look;
    const sessions = arranged(rows, view);
    await context.print({ at: new Date(atMs).toISOString(), ...rest, sessions }, () =>
      rows.length === 0 ? "No session goes on.\n" : plainTable(look, width, paint, view),
    );
    return EXIT.ok;
  });

function isTerminal(stdin: NodeJS.ReadableStream): boolean {
  return (stdin as { readonly isTTY?: boolean }).isTTY === true;
}
