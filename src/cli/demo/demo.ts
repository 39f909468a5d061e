import { join } from "node:path";

import type { Client } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { duration } from "../humane.js";
import { signalExitCode } from "../runOutcome.js";
import { paintStatus, statusWords } from "../statusWords.js";
import { facts, table } from "../table.js";
import { flaky, history, limits, neglect } from "./acts.js";
import type { CrashResult } from "./crash.js";
import { crash } from "./crash.js";
import { Follower } from "./follower.js";
import { Stage } from "./stage.js";
import { Story } from "./story.js";

interface DemoOptions {
  readonly keep?: boolean;
}

interface Played extends CrashResult {
  readonly sessions: readonly object[];
}

/**
 * Shows what sessiond does, on a daemon of its own in a folder of its own. The exit code is 0 only when everything
 * that is told held; nothing is left behind, also after a failure or Ctrl-C.
 */
export const demo: Verb<DemoOptions> = async (context, { keep = false }) => {
  const startedMs = performance.now();
  const story = new Story(context);
  const interrupt = interruption();
  const stage = await Stage.open(keep);
  try {
    const outcome = await Promise.race([play(context, stage, story), interrupt.signalled]);
    if (typeof outcome === "string") return signalExitCode(outcome);
    await tellPlaces(context, stage, story, keep);
    return await conclude(context, outcome, performance.now() - startedMs);
  } finally {
    story.end();
    await stage.close();
    interrupt.close();
  }
};

async function play(context: Context, stage: Stage, story: Story): Promise<Played> {
  await story.title("sessiond, shown by what a real daemon answers");
  await story.chapter("A daemon starts in a folder of its own");
  const { status, answeredAfterMs } = await stage.start();
  await story.say(`pid ${status.pid} answers ${duration(answeredAfterMs)} after its start.`);
  const client = await stage.connect();
  const follower = new Follower(await stage.connect());
  const neglected = await neglect(client);
  const problems = [
    ...(await history(client, story)),
    ...(await flaky(client, follower, story)),
    ...(await limits(client, follower, neglected, story)),
  ];
  const crashed = await crash(stage, follower, story);
  const { sessions, endProblems } = await tellSessions(context, client, story);
  return { ...crashed, sessions, problems: [...problems, ...crashed.problems, ...endProblems] };
}

/** What each session has to be after the crash, as it was before. */
const EXPECTED: Readonly<Record<string, string>> = {
  history: "completed",
  flaky: "completed",
  idle: "timed_out",
  silent: "timed_out",
  ledger: "active",
};

async function tellSessions(
  { paint }: Context,
  client: Client,
  story: Story,
): Promise<{ sessions: readonly object[]; endProblems: string[] }> {
  await story.chapter("The sessions after the crash");
  const { items } = await client.session.list({ order: "oldest" });
  await story.show(
    table(
      items,
      [
        { title: "NAME", cell: ({ name = "" }) => name },
        {
          title: "STATUS",
          cell: (session) => statusWords(session.status),
          style: (text, session) => paintStatus(paint, session.status, text),
        },
        { title: "COMMANDS", cell: ({ commands }) => String(commands.total), align: "right" },
        { title: "RETRIES", cell: ({ commands }) => String(commands.retries), align: "right" },
        { title: "ACTIVITIES", cell: ({ activities }) => String(activities), align: "right" },
      ],
      { width: 77, title: (text) => paint("dim", text) },
    ),
  );
  const endProblems = Object.entries(EXPECTED).flatMap(([name, expected]) => {
    const found = items.find((session) => session.name === name)?.status ?? "missing";
    return found === expected ? [] : [`the session "${name}" is ${found} after the crash, not ${expected}`];
  });
  return { sessions: items, endProblems };
}

async function tellPlaces({ paint }: Context, stage: Stage, story: Story, keep: boolean): Promise<void> {
  await story.chapter(keep ? "Where it is, and stays" : "Where it was: the folder is removed now");
  const places = [
    ["data", stage.dataDir],
    ["log", join(stage.dataDir, "log", "sessiond.log")],
  ] as const;
  await story.show(facts(places, (text) => paint("dim", text)));
  if (keep) await story.say(`Look around with: sessiond start --data-dir ${stage.dataDir}`);
}

async function conclude({ globals, out, paint }: Context, played: Played, tookMs: number): Promise<number> {
  const { problems } = played;
  const held = problems.length === 0;
  if (globals.json) await out.write(`${JSON.stringify({ held, ...played })}\n`);
  else if (held) await out.write(`\n${paint("green", "Everything held.")} ${duration(tookMs)} in all.\n`);
  else {
    const lines = problems.map((problem) => `   ${problem}\n`).join("");
    await out.write(`\n${paint("red", "Not everything held:")}\n${lines}`);
  }
  return held ? EXIT.ok : EXIT.failure;
}

/** The first signal ends the play and takes the stage down; a second one ends the process, and its children. */
function interruption(): { readonly signalled: Promise<string>; close(): void } {
  let received = false;
  let tell: (signal: string) => void = () => undefined;
  const signalled = new Promise<string>((resolve) => (tell = resolve));
  const receive = (signal: NodeJS.Signals): void => {
    // By process.exit, upon which the stage kills its daemon and removes the folder.
    if (received) process.exit(signalExitCode(signal));
    received = true;
    tell(signal);
  };
  process.on("SIGINT", receive).on("SIGTERM", receive).on("SIGHUP", receive);
  return {
    signalled,
    close: () => void process.off("SIGINT", receive).off("SIGTERM", receive).off("SIGHUP", receive),
  };
}
