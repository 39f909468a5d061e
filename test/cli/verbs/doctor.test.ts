import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

import { Shell } from "../shell.js";

async function open(): Promise<Shell> {
  const shell = await Shell.open();
  onTestFinished(() => shell.close());
  return shell;
}

it("says what the machine lets a daemon do, without one and with one, the journal then too", async () => {
  const shell = await open();
  const alone = await shell.run("doctor");
  expect(alone.err).toBe("");
  expect(alone.out).toMatch(/as a daemon would see it that started here; none runs/);
  expect(alone.out).toMatch(/^ok +clock +it says /m);
  await shell.run("start", "--detach");
  const { exitCode, out } = await shell.run("doctor");
  expect(out).toMatch(/as the running daemon sees it/);
  expect(out).toMatch(/^ok +journal +durable up to event 0$/m);
  expect([exitCode, alone.exitCode]).toEqual([0, 0]);
  const asked = JSON.parse((await shell.run("doctor", "--json")).out) as {
    running: boolean;
    checks: object[];
  };
  expect(asked.running).toBe(true);
  expect(asked.checks).toContainEqual(expect.objectContaining({ name: "keeper" }));
  // Advice stands under what it is about, and each line fits.
  for (const check of asked.checks as { status: string; advice?: string }[])
    expect(check.advice === undefined).toBe(check.status === "ok");
});

it("ends with 1 where something is to be done", async () => {
  const shell = await open();
  const dataDir = join(shell.folder, "open to all");
  await mkdir(dataDir, { mode: 0o755 });
  const { exitCode, out } = await shell.run("doctor", "--data-dir", dataDir);
  expect(out).toMatch(/^Something is to be done\./);
  expect(out).toMatch(/^to do +disk +others may look into /m);
  expect(exitCode).toBe(1);
});
