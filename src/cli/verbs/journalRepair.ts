import { CliError } from "../cliError.js";
import { EXIT } from "../exitCodes.js";
import { holdDataFolder } from "../holdDataFolder.js";
import type { JournalTask } from "./journal.js";

interface Plan {
  readonly snapshotSeq: number;
  readonly endSeq: number;
  readonly oldestSeq: number;
  readonly lost: { readonly fromSeq: number; readonly toSeq: number; readonly isExact: boolean } | undefined;
  readonly touched: readonly string[];
}

/** Keeps the longest state that is whole. Refuses while a daemon has the folder, and to lose events unasked. */
export const repair: JournalTask = async (context, { dryRun = false, yes = false }, places) => {
  const { journalDir, snapshotDir, dataDir } = places;
  const { performRepair, prepareRepair } = await import("../../journal/repair.js");
  const { finishRestore } = await import("../../daemon.js");
  const lock = await holdDataFolder(places, "repair");
  try {
    // Half of a restore looks like damage, and is none.
    if (!dryRun) await finishRestore(dataDir);
    const { verification, plan } = await prepareRepair({ journalDir, snapshotDir });
    if (plan === undefined) {
      const result = { verdict: verification.verdict, isRepaired: false };
      await context.print(
        result,
        () => "There is nothing to repair: a daemon starts on this journal as it is.\n",
      );
      return EXIT.ok;
    }
    if (!dryRun && !yes && plan.lost !== undefined) throw wouldLose(plan, context.globals.dataDir);
    const copies = dryRun
      ? undefined
      : await performRepair(plan, { journalDir, snapshotDir, nowMs: Date.now() });
    const { snapshotSeq, endSeq, oldestSeq, lost, touched } = plan;
    const kept = { snapshotSeq, endSeq, oldestSeq, lost, touched };
    const result = { verdict: verification.verdict, isRepaired: !dryRun, ...kept, copies };
    await context.print(result, () => inWords(plan, copies, context.globals.dataDir));
    return EXIT.ok;
  } finally {
    await lock.release();
  }
};

function inWords(plan: Plan, copies: string | undefined, dataDir: string | undefined): string {
  const { endSeq, oldestSeq, snapshotSeq, lost, touched } = plan;
  const would = copies === undefined ? "Would keep" : "Kept";
  const from = snapshotSeq === 0 ? "" : `, from the snapshot of event ${snapshotSeq} on`;
  const state = endSeq === 0 ? "nothing: the journal begins anew" : `the state up to event ${endSeq}${from}`;
  const readable = oldestSeq > endSeq ? "no event" : eventsInWords(oldestSeq, endSeq);
  const losing = copies === undefined ? "Would lose" : "Lost";
  const where = copies === undefined ? dataDirFlag(dataDir) : ` --data-dir '${copies}'`;
  return [
    `${would} ${state}; ${readable} can be read.`,
    lost === undefined
      ? `${losing} nothing that was acknowledged.`
      : `${losing} ${lossInWords(lost)}. What is left of them shows: sessiond journal dump${where} --since ${endSeq}`,
    ...(copies === undefined
      ? ["Would copy, and then change or remove:"]
      : [`Copied to ${copies}, and then changed or removed:`]),
    ...touched.map((path) => `  ${path}`),
    "",
  ].join("\n");
}

function lossInWords({ fromSeq, toSeq, isExact }: NonNullable<Plan["lost"]>): string {
  if (!isExact) return `events from ${fromSeq} on, up to ${toSeq} at least`;
  return eventsInWords(fromSeq, toSeq);
}

function eventsInWords(fromSeq: number, toSeq: number): string {
  return fromSeq === toSeq ? `event ${fromSeq}` : `events ${fromSeq} to ${toSeq}`;
}

function wouldLose({ lost, endSeq }: Plan, dataDir: string | undefined): CliError {
  const flag = dataDirFlag(dataDir);
  const what = lost === undefined ? "events" : lossInWords(lost);
  return new CliError(
    `The repair would lose ${what}, which may have been acknowledged. Nothing was changed.`,
    {
      type: "would_lose",
      exitCode: EXIT.failure,
      hint:
        `what is left of them shows: sessiond journal dump${flag} --since ${endSeq}; ` +
        `to go on without them: sessiond journal repair${flag} --yes`,
    },
  );
}

function dataDirFlag(dataDir: string | undefined): string {
  return dataDir === undefined ? "" : ` --data-dir '${dataDir}'`;
}
