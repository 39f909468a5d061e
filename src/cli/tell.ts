import type { Io } from "./context.js";
import { failureOf } from "./failures.js";
import { Output } from "./output.js";
import { paintOf } from "./paint.js";

/** Prints what went wrong and answers the exit code for it. */
export async function tell(error: unknown, argv: readonly string[], io: Io): Promise<number> {
  const failure = failureOf(error);
  const { exitCode, ...said } = failure;
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const paint = paintOf({
    wanted: !own.includes("--no-color"),
    isTerminal: io.stderr.isTTY === true,
    env: io.env,
  });
  const [first = "", ...rest] = failure.message.split("\n");
  const lines = [
    `${paint("red", "sessiond:")} ${first}`,
    ...rest.map((line) => `  ${line}`),
    ...(failure.hint === undefined ? [] : [paint("dim", `  hint: ${failure.hint}`)]),
  ];
  const text = own.includes("--json") ? JSON.stringify({ error: { ...said, exitCode } }) : lines.join("\n");
  try {
    await new Output(io.stderr as NodeJS.WriteStream).write(`${text}\n`);
  } catch {
    // Nobody may be listening there; then the exit code has to say it.
  }
  return exitCode;
}
