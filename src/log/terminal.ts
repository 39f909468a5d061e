/** Characters that may wait for a terminal that does not read; beyond them lines are left out there. */
const WAITING_CHARACTERS = 1_024 * 1_024;

/**
 * A writer of pretty lines for people, by pino-pretty in this thread. It is loaded only here, so that a daemon
 * without a terminal does not carry it. A terminal that is gone or does not read costs its lines and no more.
 */
export async function openTerminal(
  terminal: NodeJS.WritableStream & { readonly writableLength?: number },
  hasColor: boolean,
): Promise<(line: string) => void> {
  const { prettyFactory } = await import("pino-pretty");
  const pretty = prettyFactory({
    colorize: hasColor,
    ignore: "pid",
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
  });
  let isGone = false;
  terminal.on("error", () => (isGone = true));
  return (line) => {
    if (isGone || (terminal.writableLength ?? 0) > WAITING_CHARACTERS) return;
    terminal.write(pretty(line));
  };
}
