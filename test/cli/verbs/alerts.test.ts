import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Result } from "../../../client/index.js";
import { anyNumber } from "../../../src/cli/alertVerbs.js";
import { metricValue } from "../../../src/cli/metricValue.js";
import { until } from "../../support/until.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

type Alert = Result<"alert/get">;

const fired = (ruleId: string): Promise<Alert> =>
  until(`${ruleId} to fire`, async () => {
    const { items } = await shell.json<Result<"alert/list">>("alerts", "--open");
    return items.find((alert) => alert.ruleId === ruleId);
  });

describe("alerts on the command line", () => {
  it("S2.8 are made, listed with the open ones first, acknowledged, turned off and deleted", async () => {
    expect((await shell.run("alerts")).out).toContain("There are no alerts.");
    const file = join(shell.folder, "told");
    const what = ["--metric", "system.diskFreeBytes", "--below", "900TB", "--severity", "critical"];
    const set = ["alerts", "set", "disk", ...what, "--name", "Disk"];
    const made = await shell.run(...set, "--", "/bin/sh", "-c", 'cat > "$0"', file);
    expect(made).toMatchObject({ out: "disk: system.diskFreeBytes below 900.0 TB\n", exitCode: 0 });
    const { alertId } = await fired("disk");
    await until("the program to be told", () =>
      readFile(file, "utf8")
        .then((text) => text.includes(alertId))
        .catch(() => false),
    );
    const [title, ...rows] = (await shell.run("alerts")).out.trimEnd().split("\n");
    expect(title).toMatch(/^ALERT +STATE +SEVERITY +RULE +VALUE +SESSION +SINCE$/);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatch(/^\S+ +open +critical +disk +[\d.]+ [kMGT]?B +- +\S.*$/);
    expect((await shell.run("status")).out).toContain("disk");
    const acknowledged = await shell.run(
      "alerts",
      "ack",
      alertId.slice(0, 20),
      "--by",
      "me",
      "--note",
      "on it",
    );
    expect(acknowledged.out).toMatch(/^acknowledged: system\.diskFreeBytes is below 900000000000000: \d+\n$/);
    expect((await shell.run("alerts")).out).toMatch(/ taken +critical +disk /);
    expect((await shell.run("events", "--type", "alert/*")).out).toContain("alert/acknowledged   disk: me");
    expect((await shell.run("alerts", "set", "disk", "--off")).out).toContain(", turned off");
    await until("it to resolve", async () => (await shell.run("alerts")).out.includes(" resolved "));
    expect((await shell.run("alerts", "--open")).out).toContain("There are no alerts.");
    expect((await shell.run("alerts", "delete", "disk")).out).toBe("disk is no longer set\n");
    expect((await shell.json<Result<"alert/rules">>("alerts", "rules")).total).toBe(3);
  });

  it("has rules about sessions and their tags, in a list with those that come with the daemon", async () => {
    await shell.run("run", "--name", "job", "--", "true");
    const busy = ["alerts", "set", "busy", "--metric", "session.cpuPercent", "--above", "90"];
    await shell.run(...busy, "--resolve", "50", "--for", "30s", "--tag", "ci", "--tag", "long");
    const url = "http://127.0.0.1:9/x";
    await shell.run(
      "alerts",
      "set",
      "loud",
      "--metric",
      "session.errorsPerMinute",
      "--above",
      "5",
      "--webhook",
      url,
    );
    const one = await shell.json<Result<"alert/setRule">>(
      "alerts",
      "set",
      "loud",
      "--session",
      "job",
      "--on",
    );
    expect(one.scope).toHaveProperty("sessionId");
    expect(one.deliver).toMatchObject([{ kind: "webhook", url }]);
    const { out } = await shell.run("alerts", "rules");
    expect(out).toMatch(/^RULE +ON +SEVERITY +FIRES WHEN +ABOUT +TELLS\n/);
    expect(out).toMatch(/^busy +on +warning +session\.cpuPercent above 90 % for 30 s +#ci #long +-$/m);
    expect(out).toMatch(/^disk-low +on +warning +system\.diskFreePercent below 5 % for 1 min +- +-$/m);
    expect(out).toMatch(
      /^loud +on +warning +session\.errorsPerMinute above 5 +[0-9a-f-]{36} +127\.0\.0\.1:9$/m,
    );
    await shell.run("alerts", "set", "loud", "--above", "6", "--", "./tell", "x");
    const { items } = await shell.json<Result<"alert/rules">>("alerts", "rules");
    const loud = items.find(({ ruleId }) => ruleId === "loud");
    expect(loud).toMatchObject({ threshold: 6, deliver: [{ argv: [join(shell.folder, "tell"), "x"] }] });
  });

  it("say what is wrong with a call", async () => {
    const failed = async (...args: string[]): Promise<string> => {
      const { err, exitCode } = await shell.run("alerts", ...args);
      expect(exitCode).not.toBe(0);
      return err;
    };
    expect(await failed("list")).toContain("it is ack, rules, set or delete");
    expect(await failed("set")).toContain("name the rule");
    expect(await failed("delete")).toContain("name the rule");
    expect(await failed("set", "x", "--above", "1", "--below", "2")).toContain("not both");
    expect(await failed("set", "x", "--on", "--off")).toContain("not both");
    expect(await failed("set", "x", "--above", "much")).toContain("a number such as");
    expect(await failed("set", "x", "--above", "1")).toContain("give metric, comparison and threshold");
    expect(await failed("delete", "nobody")).toContain('There is no rule "nobody"');
    expect(await failed("ack", "nobody")).toContain('There is no alert "nobody"');
    expect(await failed("ack")).toContain("There is no alert");
  });
});

describe("numbers and values", () => {
  it("are read with their units, and shown with those of their metrics", () => {
    expect(["5", "-0.5", "2GB", "1.5 kB"].map(anyNumber)).toEqual([5, -0.5, 2e9, 1_500]);
    expect(() => anyNumber("5 apples")).toThrow("a number such as");
    expect(metricValue("session.memoryBytes", 2e9)).toBe("2.0 GB");
    expect(metricValue("session.idleMs", 90_000)).toBe("1 min 30 s");
    expect(metricValue("session.cpuPercent", 12.5)).toBe("12.5 %");
    expect(metricValue("daemon.sessions", 12_345)).toBe("12,345");
  });
});
