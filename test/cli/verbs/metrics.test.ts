import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Result } from "../../../client/index.js";
import { until } from "../../support/until.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

/** A round comes every five seconds. */
const PATIENCE_MS = 60_000;

describe("metrics on the command line", () => {
  it("says so where nothing ran", async () => {
    const { out, exitCode } = await shell.run("metrics");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^cpu +\d+ % of \d+ cores?, load [\d. ]+\nmemory +.+ of .+\ndisk +.+ free of .+\n/);
    expect(out).toMatch(/Nothing has run in a session of late\.\n$/);
    await shell.run("call", "session/create", '{"sessionId":"idle"}');
    expect((await shell.run("metrics", "idle")).out).toContain("nothing: no command of it ran");
  });

  it(
    "S2.6 shows sessions in a table, and one with all that it has used",
    async () => {
      await shell.run("call", "session/create", '{"sessionId":"a","name":"build"}');
      await shell.run("call", "command/start", '{"sessionId":"a","argv":["sleep","600"],"cwd":"/"}');
      const lines = await until(
        "a measurement",
        async () => {
          const found = (await shell.run("metrics")).out.split("\n");
          return found.some((line) => line.startsWith("a ")) ? found : undefined;
        },
        PATIENCE_MS,
      );
      const at = lines.findIndex((line) => line.startsWith("ID"));
      expect(lines[at]).toMatch(/^ID +NAME +CPU % +MEMORY +PROCESSES +DISK +SEEN$/);
      expect(lines[at + 1]).toMatch(/^a +build +\d+\.\d +[\d.]+ [kM]?B +1 +- +.*$/);
      const { out } = await shell.run("metrics", "build", "--since", "10m");
      expect(out).toMatch(/^session +a\nmeasured +\d+ times? in .*\ncpu +.* % on average/);
      expect(out).toMatch(/\ncommands +1 started, 1 running, 0 failed\n/);
      const { machine, sessions } = await shell.json<{
        machine: Result<"metrics/get">;
        sessions: Result<"metrics/latest">["items"];
      }>("metrics");
      expect(machine.summary.totalPoints).toBeGreaterThan(0);
      expect(sessions).toMatchObject([{ sessionId: "a", processes: 1 }]);
      const got = await shell.json<Result<"metrics/get">>("metrics", "a");
      expect(got.points.length).toBeGreaterThan(0);
      await shell.run("end", "a");
    },
    2 * PATIENCE_MS,
  );

  it("names a session that is not there, and a time that is none", async () => {
    expect((await shell.run("metrics", "nothing")).err).toContain('There is no session "nothing".');
    expect((await shell.run("metrics", "--since", "soon")).exitCode).toBe(2);
  });
});
