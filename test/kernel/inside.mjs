// The first process of the virtual machine: starts a daemon in a cgroup of its own, as a service manager would, and looks
// whether the kernel holds what it is told to. Says `all is well` at the end, and takes the machine down.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "../../dist/library/client.js";

/** Where the daemon is looked for, and finds itself. */
process.env["XDG_RUNTIME_DIR"] = "/tmp";
const MIB = 1_048_576;
const SERVICE = "/sys/fs/cgroup/service";
const EAT = 'my $x = "a" x ($ARGV[0] * 1048576); $| = 1; print "full\\n"; sleep 1000;';
const FORKS =
  "my $r = 0; for (1..40) { my $p = fork; $r++ unless defined $p; sleep 1000 if defined $p && !$p } exit 7 if $r; sleep 1000";
/** Uses the processor for three seconds of the clock, as far as it gets it, and says how much it got. */
const BUSY = 'my $t = time; 1 while time - $t < 4; my ($u, $s) = times; printf "%.2f\\n", $u + $s;';
/** Children that share nothing, all of which have to go. */
const FAMILY = 'for (1..4) { fork or do { my $x = "a" x ($ARGV[0] * 1048576); sleep 1000 } } sleep 1000;';

const perl = (script, ...args) => ["perl", "-e", script, ...args];
const failures = [];
function check(what, holds, seen) {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${holds ? "" : `: ${JSON.stringify(seen)}`}`);
  if (!holds) failures.push(what);
}

async function until(what, look) {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await look();
    if (found) return found;
    await sleep(50);
  }
  throw new Error(`waited too long for ${what}`);
}

/** Where a process lies that has ended, or none. */
const groups = () => {
  const own = readdirSync(SERVICE).find((name) => name.startsWith("sessiond-"));
  return own === undefined
    ? []
    : readdirSync(`${SERVICE}/${own}`).filter((name) => name.startsWith("session-"));
};

let daemon;
async function startDaemon(cgroup) {
  // The daemon finds itself in the group, as the service of a manager does.
  const line = `echo $$ > ${cgroup}/cgroup.procs && exec "${process.execPath}" /app/dist/program/sessiond.cjs start --quiet`;
  daemon = spawn("/bin/sh", ["-c", line], { stdio: "inherit" });
  return until("the daemon", () => connect().catch(() => undefined));
}

async function checkCommands(client, sessionId) {
  const run = (argv, limits) => client.command.run({ sessionId, argv, limits, graceMs: 200 });

  const eaten = await run(perl(EAT, "300"), { memoryBytes: 64 * MIB });
  check("memory.max ends a command", eaten.cause === "memory_limit" && eaten.signal === "SIGKILL", eaten);
  check("it says that the kernel did", eaten.limits?.enforcedBy === "cgroup", eaten);
  const family = await run(perl(FAMILY, "40"), { memoryBytes: 100 * MIB });
  check("memory.max counts a family, and ends all of it", family.cause === "memory_limit", family);
  const forks = await run(perl(FORKS), { processes: 20 });
  check("pids.max refuses forks and ends nobody", forks.exitCode === 7 && forks.cause === "exited", forks);
  check("it says how often", forks.limits?.refusedForks > 0, forks);
  const busy = await run(perl(BUSY), { cpuPercent: 25 });
  const { output } = await client.command.output({ commandId: busy.commandId });
  check("cpu.max slows a command down", busy.status === "succeeded" && Number(output) < 2, { output, busy });
  const free = await run(perl(EAT.replace("1000", "0"), "20"), {
    memoryBytes: 200 * MIB,
    processes: 50,
    cpuPercent: 300,
  });
  check(
    "within its limits a command is left alone",
    free.status === "succeeded" && !free.limits.refusedForks,
    free,
  );
  const killed = await run(["perl", "-e", "kill 9, $$"], { memoryBytes: 200 * MIB });
  check("one that is killed by another has no limit for a cause", killed.cause === "exited", killed);
}

async function checkSession(client) {
  const { sessionId } = await client.session.create({ config: { limits: { memoryBytes: 150 * MIB } } });
  const eating = async (mib) => {
    const { commandId } = await client.command.start({
      sessionId,
      argv: perl(EAT, String(mib)),
      graceMs: 200,
    });
    await client.command.output({ commandId, follow: true });
    return commandId;
  };
  const small = await eating(50);
  const big = await client.command.run({ sessionId, argv: perl(EAT, "130"), graceMs: 200 });
  check("a session's memory.max holds for its commands together", big.cause === "memory_limit", big);
  const spared = await client.command.get({ commandId: small });
  check("the other one goes on", spared.status === "running", spared);
  await client.session.update({ sessionId, config: { limits: { memoryBytes: 20 * MIB } } });
  const shrunk = await client.command.wait({ commandId: small });
  check("a session's new limit holds at once", shrunk.cause === "memory_limit", shrunk);
}

async function checkCrash(client, sessionId) {
  const gate = "/tmp/gate";
  const script = `$| = 1; print "up\\n"; sleep 1 until -e "${gate}"; ${EAT}`;
  const { commandId } = await client.command.start({
    sessionId,
    argv: perl(script, "300"),
    limits: { memoryBytes: 64 * MIB },
  });
  await client.command.output({ commandId, follow: true });
  const running = await until("its start", async () => {
    const command = await client.command.get({ commandId });
    return command.status === "running" && command;
  });
  check("it runs in the kernel's hands", running.limits?.enforcedBy === "cgroup", running);
  client.close();
  process.kill(daemon.pid, "SIGKILL");
  await new Promise((resolve) => daemon.once("exit", resolve));
  writeFileSync(gate, "");
  const next = await startDaemon(`${SERVICE}/sessiond.daemon`);
  const ended = await next.command.wait({ commandId });
  check(
    "a command that outlived its daemon ends by its limit, and the next one says so",
    ended.cause === "memory_limit",
    ended,
  );
  return next;
}

async function main() {
  writeFileSync("/sys/fs/cgroup/cgroup.subtree_control", "+memory +pids +cpu");
  mkdirSync(SERVICE);
  const client = await startDaemon(SERVICE);
  const { sessionId } = await client.session.create();
  await checkCommands(client, sessionId);
  await checkSession(client);
  const next = await checkCrash(client, sessionId);
  await until("all groups to go", () => groups().length === 0);
  check("no group is left", groups().length === 0, groups());
  check("the daemon went into a group of its own", existsSync(`${SERVICE}/sessiond.daemon`));
  next.close();
}

await main().catch((error) => failures.push(console.log("FAIL", error)));
if (failures.length === 0) console.log("all is well");
// The kernel restarts when its first process ends, and the machine is told not to.
await sleep(500);
process.exit(0);
