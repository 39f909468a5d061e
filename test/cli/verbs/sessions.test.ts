import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Result } from "../../../client/index.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

const create = (params: object): Promise<Result<"session/create">> =>
  shell.json("call", "session/create", JSON.stringify(params));

describe("sessions on the command line", () => {
  it("says what to do when there is none", async () => {
    expect((await shell.run("list")).out).toBe(
      "There are no sessions yet (archived ones: --all). Make one with: sessiond run -- echo hello\n",
    );
    expect((await shell.run("ls", "--tag", "x")).out).toContain("No session matches.");
    expect(await shell.json("list")).toEqual({ items: [], total: 0 });
  });

  it("lists with filters that are all applied before the limit", async () => {
    await create({ sessionId: "a", name: "build", tags: ["x", "y"], userId: "me" });
    await create({ sessionId: "b", name: "build", tags: ["x"] });
    await create({ sessionId: "c", name: "ship it" });
    await shell.run("end", "c", "--status", "failed", "--reason", "no wind");
    const ids = async (...args: string[]): Promise<string[]> =>
      (await shell.json<Result<"session/list">>("list", ...args)).items.map(({ sessionId }) => sessionId);
    expect(await ids()).toEqual(["c", "b", "a"]);
    expect(await ids("--tag", "x", "--tag", "y")).toEqual(["a"]);
    expect(await ids("--user", "me")).toEqual(["a"]);
    expect(await ids("--name", "build", "--limit", "1")).toEqual(["b"]);
    expect(await ids("--status", "ended")).toEqual(["c"]);
    await shell.run("call", "session/archive", '{"sessionId":"c"}');
    expect(await ids()).toEqual(["b", "a"]);
    expect(await ids("--all")).toEqual(["c", "b", "a"]);
    expect(await ids("--status", "archived")).toEqual(["c"]);
    const [title, ...rows] = (await shell.run("list", "--all")).out.trimEnd().split("\n");
    expect(title).toMatch(/^ID +NAME +STATUS +CREATED +LASTED +COMMANDS +TAGS$/);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^c +ship it +failed, archived +/);
  });

  it("shows one session with what was done in it", async () => {
    await shell.run("run", "--session", "a", "--", "echo", "hi");
    await shell.run("call", "session/record", '{"sessionId":"a","action":"edit","details":{"file":"x"}}');
    const { out } = await shell.run("show", "a");
    expect(out).toMatch(/^session +a\nname +build\nstatus +active\n/);
    expect(out).toMatch(/ends after +1 h idle \(/);
    expect(out).toMatch(/Commands\nID .*\n.* echo hi +exit 0 /);
    expect(out).toMatch(/Activities\n[\d:]+ +edit +\{"file":"x"\}\n/);
    const shown = await shell.json<{ session: object; commands: object[]; activities: object[] }>(
      "show",
      "a",
    );
    expect(shown).toMatchObject({
      session: { sessionId: "a" },
      commands: [{ argv: ["echo", "hi"] }],
      activities: [{ action: "edit" }],
    });
  });

  it("ends one, and refuses what the daemon refuses", async () => {
    expect((await shell.run("end", "b")).out).toBe("b is completed\n");
    expect((await shell.run("end", "b")).exitCode).toBe(0);
    const { exitCode, err } = await shell.run("end", "b", "--status", "failed");
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^sessiond: Session "b" is completed/);
  });

  it("deletes ended ones only, and nothing at all where one of them lives", async () => {
    const { exitCode, err } = await shell.run("rm", "b", "a");
    expect(exitCode).toBe(1);
    expect(err).toContain(
      "Session a is active; nothing was deleted.\n  hint: end it with: sessiond end a, or give --force",
    );
    expect((await shell.run("rm", "b", "nothing")).exitCode).toBe(1);
    expect(await shell.json("rm", "b", "b")).toEqual({ deleted: ["b"] });
  });

  it("deletes a living one by force, after its commands have stopped", async () => {
    await shell.run("call", "command/start", '{"sessionId":"a","argv":["sleep","30"]}');
    expect((await shell.run("rm", "--force", "a")).out).toBe("deleted a\n");
    const { exitCode, err } = await shell.run("show", "a");
    expect(exitCode).toBe(1);
    expect(err).toBe(
      'sessiond: There is no session "a".\n  hint: see those that there are with: sessiond list --all\n',
    );
  });
});

describe("call", () => {
  it("takes parameters from the command line or standard input, and prints JSON always", async () => {
    const { out } = await shell.run("call", "session/create", '{"sessionId":"d"}');
    expect(JSON.parse(out)).toMatchObject({ sessionId: "d" });
    const piped = await shell.runWith({ stdin: '{"sessionId":"d"}' }, "call", "session/get", "-");
    expect(JSON.parse(piped.out)).toMatchObject({ sessionId: "d" });
  });

  it("passes refusals on, with their details as JSON", async () => {
    expect((await shell.run("call", "no/such")).exitCode).toBe(2);
    const { exitCode, err } = await shell.run("--json", "call", "session/get", '{"sessionid":"d"}');
    expect(exitCode).toBe(2);
    const { error } = JSON.parse(err) as { error: { type: string; details: { issues: object[] } } };
    expect(error.type).toBe("invalid_params");
    expect(error.details.issues.length).toBeGreaterThan(0);
  });
});
