import type { Result } from "../../../client/index.js";
import { ask, unanswered } from "../ask.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { printable } from "../textWidth.js";
import { settle } from "../whereabouts.js";
import { wrapped } from "../wrapped.js";

type Examined = Result<"daemon/doctor">;
type Finding = Examined["checks"][number];

const ANSWER_WITHIN_MS = 15_000;

/** Says what this machine lets the daemon do: as the daemon sees it where one runs, else as one would that started here. */
export const doctor: Verb<object> = async (context) => {
  const { config, places } = await settle(context.globals, context.io.env, {});
  const asked = await ask(places.socket, "daemon/doctor", ANSWER_WITHIN_MS);
  if (asked.state !== "answered" && asked.state !== "absent") throw unanswered(places.socket, asked);
  const isRunning = asked.state === "answered";
  const examined = isRunning ? (asked.result as Examined) : await examineHere();
  await context.print({ running: isRunning, ...examined }, () => inWords(context, isRunning, examined));
  return examined.status === "trouble" ? EXIT.failure : EXIT.ok;

  async function examineHere(): Promise<Examined> {
    const { examine, patientOf } = await import("../../doctor/examine.js");
    const checks = await examine(patientOf(config, places));
    const worst = ["trouble", "limited"].find((status) => checks.some((check) => check.status === status));
    return { status: (worst ?? "ok") as Examined["status"], checks: [...checks] };
  }
};

const MARKS = { ok: ["green", "ok"], limited: ["yellow", "less"], trouble: ["red", "to do"] } as const;
const WORDS = {
  ok: "Everything is as it should be.",
  limited: "Everything works, some of it with less; nothing has to be done.",
  trouble: "Something is to be done.",
} as const;
const MARK_WIDTH = 5;

function inWords(context: Context, isRunning: boolean, { status, checks }: Examined): string {
  const { paint } = context;
  const nameWidth = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.map((check) => lineOf(context, check, nameWidth));
  const seen = isRunning
    ? "as the running daemon sees it"
    : "as a daemon would see it that started here; none runs";
  return `${paint("bold", WORDS[status])} ${paint("dim", `(${seen})`)}\n\n${lines.join("")}`;
}

function lineOf(
  { paint, width }: Context,
  { name, status, detail, advice }: Finding,
  nameWidth: number,
): string {
  const [style, word] = MARKS[status];
  const indent = MARK_WIDTH + nameWidth + 4;
  const text = (what: string): string =>
    [...wrapped(printable(what), width - indent)].join(`\n${" ".repeat(indent)}`);
  const mark = paint(style, word.padEnd(MARK_WIDTH));
  const head = `${mark}  ${name.padEnd(nameWidth)}  ${text(detail)}\n`;
  return advice === undefined ? head : `${head}${" ".repeat(indent)}${paint("dim", text(advice))}\n`;
}
