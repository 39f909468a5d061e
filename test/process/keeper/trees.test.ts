import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";

import { isSame, readIdentity } from "../../../src/process/identity.js";
import { describeIf, hasProgram } from "../../support/requires.js";
import { until } from "../../support/until.js";
import { KeeperBench, PROGRAM } from "./keeperBench.js";

/** Trees that are hard to stop; each says `up` when all of it is there. `$0` is how long they sleep, and their mark. */
const TREES: Readonly<Record<string, string>> = {
  "a lone process": "echo up; exec sleep $0",
  "a group": "sleep $0 & sleep $0 & (sleep $0; true) & echo up; wait",
  "deaf to SIGTERM": "trap '' TERM; (trap '' TERM; sleep $0) & echo up; wait; sleep $0",
  "a session of its own": "setsid sh -c 'echo up; sleep $0' $0 & wait",
  "forked twice": "(setsid sh -c '(sleep $0 & echo up) &' $0 &); sleep $0",
  "a cleared environment":
    "setsid env -i /bin/sh -c '(trap \"\" TERM; sleep $0) & echo up; wait' $0 & sleep $0",
  "closed descriptors": "setsid sh -c 'echo up; exec sleep $0 <&- >&- 2>&-' $0 & wait",
  stopped: "(kill -STOP $(exec sh -c 'echo $PPID')) & echo up; kill -STOP $$; sleep $0",
  "stopped in a session of its own": "setsid sh -c 'echo up; kill -STOP $$; sleep $0' $0 & wait",
  "one that forks all the time": "echo up; while :; do sh -c ': '$0 & done",
  "one that begins another when it is to end":
    "trap 'setsid sleep $0 & exit 0' TERM; echo up; while :; do sleep 0.01; done",
  "daemons of daemons":
    "for i in 1 2 3; do (setsid sh -c '(setsid sleep $0 &); sleep $0' $0 &); done; echo up; sleep $0",
};
/** 204 in all, twelve at a time. */
const ROUNDS = 17;

let bench: KeeperBench;
beforeEach(async () => {
  bench = await KeeperBench.open();
});

describeIf(PROGRAM !== undefined && hasProgram("setsid"), "a C compiler and setsid", "stopping", () => {
  it(
    "204 nasty trees: nothing is left of them, and a bystander lives",
    async () => {
      const bystander = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
      onTestFinished(async () => {
        const ended = once(bystander, "exit");
        bystander.kill("SIGKILL");
        await ended;
      });
      const identity = readIdentity(bystander.pid ?? 0);
      for (let round = 0; round < ROUNDS; round += 1) {
        const trees: Awaited<ReturnType<KeeperBench["sh"]>>[] = [];
        for (const script of Object.values(TREES)) trees.push(await bench.sh(script, {}, 1));
        expect((await bench.running()).length).toBeGreaterThanOrEqual(trees.length);
        const stops = trees.map(async ({ stop, gone, ended }) => {
          stop(round % 3 === 0 ? 0 : 50, "signalled");
          await gone;
          return (await ended).cause;
        });
        expect(new Set(await Promise.all(stops))).toEqual(new Set(["signalled"]));
        expect(await bench.running()).toEqual([]);
      }
      expect(identity !== undefined && isSame(identity)).toBe(true);
    },
    ROUNDS * 10_000,
  );

  it("gives the grace for tidying up, and takes a shorter one later", async () => {
    const tidy = await bench.sh(
      "trap 'echo tidy; exit 3' TERM; echo up; while :; do sleep 0.01; done",
      {},
      1,
    );
    tidy.stop(60_000, "session_ended");
    expect(await tidy.ended).toMatchObject({ exitCode: 3, cause: "session_ended" });
    await tidy.gone;
    expect(await bench.stdout()).toBe("up\ntidy\n");
    const deaf = await bench.sh("trap '' TERM; echo up; while :; do sleep 0.01; done", {}, 1);
    deaf.stop(60_000, "session_ended");
    deaf.stop(0, "daemon_stopped");
    expect(await deaf.ended).toMatchObject({ signal: "SIGKILL", cause: "session_ended" });
    await deaf.gone;
  });

  it("sends a signal to the group alone", async () => {
    const script = "trap 'echo heard' USR1; echo up; while :; do sleep 0.01; done";
    const { signal, stop, ended, gone } = await bench.sh(script, {}, 1);
    signal("SIGWINCH");
    signal("SIGUSR2");
    // The shell's sleep has no handler, and neither has the shell for this one.
    expect(await ended).toMatchObject({ signal: "SIGUSR2" });
    signal("SIGTERM");
    stop(0, "signalled");
    await gone;
  });
});

describeIf(
  PROGRAM !== undefined && hasProgram("setsid"),
  "a C compiler and setsid",
  "what a command left behind",
  () => {
    it("is ended where it stayed in the group, and lives where it left", async () => {
      const script = `
      (trap '' TERM; echo in; sleep $0) &
      setsid sh -c 'echo $$; exec sleep $0' $0 &
      while [ "$(wc -l <"$1")" -lt 2 ]; do sleep 0.01; done`;
      const out = join(bench.folder, "1.out");
      const { ended, gone } = await bench.start(["sh", "-c", script, bench.mark, out]);
      expect(await ended).toMatchObject({ exitCode: 0 });
      await gone;
      const alone = Number(/^\d+$/m.exec(await readFile(out, "utf8"))?.[0]);
      expect(await bench.running()).toEqual([alone]);
      process.kill(alone, "SIGKILL");
      await until("its end", async () => (await bench.running()).length === 0);
    });
  },
);
