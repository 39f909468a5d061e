import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { isAlive } from "../../../src/cli/alive.js";
import { until } from "../../support/until.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeEach(async () => {
  shell = await Shell.open();
});
afterEach(() => shell.close());

interface Started {
  readonly started: boolean;
  readonly pid: number;
  readonly socket: string;
}

describe("start --detach", () => {
  it("comes back when the daemon answers, says where it is, and what to do next", async () => {
    const { exitCode, out, err } = await shell.run("start", "--detach");
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(out).toContain(`  socket  ${shell.socket}\n`);
    expect(out).toContain(`  data    ${shell.dataDir}\n`);
    expect(out).toContain("sessiond run -- echo hello");
    expect((await shell.run("ping")).out).toMatch(/^pong in [\d.]+ ms from /);
  });

  it("twice is no error, in the foreground neither", async () => {
    const first = await shell.json<Started>("start", "--detach");
    const second = await shell.json<Started>("start", "--detach");
    expect(first.started).toBe(true);
    expect(second).toEqual({ ...first, started: false });
    const { exitCode, out } = await shell.run("start");
    expect({ exitCode, out }).toEqual({
      exitCode: 0,
      out: `sessiond runs already, pid ${first.pid}, on ${shell.socket}\n`,
    });
  });

  it("by two at once gives one daemon, and both say so", async () => {
    const both = await Promise.all([shell.json<Started>("start", "-d"), shell.json<Started>("start", "-d")]);
    expect(both[0].pid).toBe(both[1].pid);
    expect(both.filter(({ started }) => started)).toHaveLength(1);
  });

  it("passes its settings on", async () => {
    await shell.run("start", "-d", "--sessions-max-sessions", "1");
    await shell.run("call", "session/create", "{}");
    const { exitCode, err } = await shell.run("call", "session/create", "{}");
    expect(exitCode).toBe(75);
    expect(err).toContain("no more than 1 are allowed");
  });

  it("tells why the daemon did not start, in its own words", async () => {
    await mkdir(shell.dataDir);
    await chmod(shell.dataDir, 0o777);
    const { exitCode, err } = await shell.run("start", "--detach");
    expect(exitCode).toBe(1);
    expect(err).toContain("The daemon did not start: ");
    expect(err).toContain("can be written by other users");
    expect(err).not.toContain("    at ");
  });

  it.runIf(process.platform === "linux")("says where no folder can be made, and comes back", async () => {
    for (const how of [["--detach"], []]) {
      const { exitCode, err } = await shell.run("start", "--data-dir", "/proc/sessiond", ...how);
      expect(exitCode).toBe(1);
      expect(err).toMatch(/^sessiond: ENOENT: .* '\/proc\/sessiond'/);
    }
  });

  it("ends with 78 for a configuration that cannot be used", async () => {
    const { exitCode, err } = await shell.run("start", "-d", "--log-level", "loud");
    expect(exitCode).toBe(78);
    expect(err).toContain("--log-level");
  });

  it("ends with 75 where another daemon has the folder, on another socket", async () => {
    const { pid } = await shell.json<Started>("start", "-d");
    const { exitCode, err } = await shell.run("start", "--socket", join(shell.folder, "other.sock"));
    expect(exitCode).toBe(75);
    expect(err).toContain(`in use by process ${pid}`);
  });
});

describe("start in the foreground", () => {
  const isReady = (out: string): boolean => out.includes("Next:");

  it("shows a readable log, and Ctrl-C stops it in order", async () => {
    const daemon = shell.start(["start"]);
    await until("the daemon", () => isReady(daemon.soFar()));
    expect(daemon.soFar()).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: Ready/);
    expect(daemon.soFar()).toContain(`sessiond is ready, pid ${daemon.pid}. Ctrl-C stops it.`);
    daemon.child.kill("SIGINT");
    const { exitCode, signal, err } = await daemon.ended;
    expect({ exitCode, signal, err }).toEqual({ exitCode: 0, signal: null, err: "" });
    expect(readdirSync(shell.dataDir)).not.toContain("sessiond.sock");
  });

  it("ends at once with a second Ctrl-C", async () => {
    const daemon = shell.start(["start"]);
    await until("the daemon", () => isReady(daemon.soFar()));
    // It does not end before its grace time is over, so the second one comes while the first is being served.
    const command = { sessionId: "s", argv: ["sh", "-c", "trap '' TERM; sleep 5 & wait; wait"] };
    await shell.run("call", "session/create", '{"sessionId":"s"}');
    await shell.run("call", "command/start", JSON.stringify(command));
    // Two signals that come together are one to the system; so the second is given until it has been heard.
    await until("its end", () => !daemon.child.kill("SIGINT") || daemon.child.exitCode !== null);
    expect((await daemon.ended).exitCode).toBe(130);
  });

  it("prints nothing with --quiet, and one object with --json", async () => {
    const quiet = shell.start(["start", "--quiet"]);
    await until("the daemon", async () => (await shell.run("ping")).exitCode === 0);
    quiet.child.kill("SIGTERM");
    expect(await quiet.ended).toMatchObject({ exitCode: 0, out: "", err: "" });
    const json = shell.start(["start", "--json"]);
    await until("the daemon", () => json.soFar().includes("\n"));
    expect(JSON.parse(json.soFar())).toMatchObject({ started: true, pid: json.pid, socket: shell.socket });
  });
});

describe("stop", () => {
  it("comes back when the daemon is gone, and is no error when there is none", async () => {
    const { pid } = await shell.json<Started>("start", "-d");
    const { exitCode, out } = await shell.run("stop");
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: `sessiond (pid ${pid}) has stopped.\n` });
    expect(isAlive(pid)).toBe(false);
    expect(await shell.json("stop")).toEqual({ stopped: false });
  });
});

/** Answers like a daemon, and is slow to end after its socket has gone. */
const SLOW = `
  const server = require("node:net").createServer((socket) => socket.on("data", (data) => {
    const { id, method } = JSON.parse(data);
    socket.end(JSON.stringify({ jsonrpc: "2.0", id, result: { pid: process.pid } }) + "\\n");
    if (method !== "daemon/shutdown") return;
    server.close();
    setTimeout(() => process.exit(), 700);
  }));
  server.listen(process.argv[1], () => console.log("listening"));
`;

describe("stop of a daemon that is slow to end", () => {
  it("waits for its process, and not for its socket alone", async () => {
    const socket = join(shell.folder, "slow.sock");
    const slow = spawn(process.execPath, ["-e", SLOW, socket]);
    try {
      await once(slow.stdout, "data");
      expect((await shell.run("stop", "--socket", socket)).exitCode).toBe(0);
      expect(isAlive(slow.pid ?? 0)).toBe(false);
    } finally {
      slow.kill("SIGKILL");
    }
  });

  it("gives up when its time is over, and says how to go on", async () => {
    const socket = join(shell.folder, "slow.sock");
    const slow = spawn(process.execPath, ["-e", SLOW, socket]);
    try {
      await once(slow.stdout, "data");
      const { exitCode, err } = await shell.run("stop", "--socket", socket, "--timeout", "1ms");
      expect(exitCode).toBe(1);
      expect(err).toContain(`The daemon (pid ${slow.pid}) has not ended within 0.001 s.`);
    } finally {
      slow.kill("SIGKILL");
    }
  });
});

describe("restart", () => {
  it("gives another daemon with the same sessions, and does not stop one that could not start again", async () => {
    const { pid } = await shell.json<Started>("start", "-d");
    await shell.run("call", "session/create", '{"sessionId":"kept"}');
    expect((await shell.run("restart", "--log-level", "loud")).exitCode).toBe(78);
    expect(isAlive(pid)).toBe(true);
    const again = await shell.json<Started>("restart");
    expect(again.started).toBe(true);
    expect(again.pid).not.toBe(pid);
    expect(isAlive(pid)).toBe(false);
    expect((await shell.run("show", "kept")).out).toContain("active");
  });
});

describe("status", () => {
  it("says what there is, in words and as JSON", async () => {
    const { pid } = await shell.json<Started>("start", "-d");
    const { out } = await shell.run("status");
    expect(out).toContain(`pid ${pid}, up `);
    expect(out).toMatch(/health +well/);
    expect(out).toMatch(/sessions +none/);
    expect(await shell.json("status")).toMatchObject({
      pid,
      health: { status: "ok" },
      sessions: { total: 0 },
    });
  });
});
