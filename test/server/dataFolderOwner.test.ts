import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ownerOfThisProcess, readOwner, stateOfOwner, writeOwner } from "../../src/server/dataFolderOwner.js";
import { until } from "../support/until.js";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sessiond-owner-"));
  file = join(folder, "daemon.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the owner's file", () => {
  it("says what was written", async () => {
    const owner = ownerOfThisProcess("/s", "1");
    await writeOwner(file, owner);
    expect(readOwner(file)).toEqual(owner);
  });

  it.each(["", "[]", "null", "7", "{}", '{"pid": "1"}', '{"pid": -1}', '{"pid": 1.5}'])(
    "%j says nothing",
    (text) => {
      writeFileSync(file, text);
      expect(readOwner(file)).toBeUndefined();
    },
  );

  it("may say little", () => {
    writeFileSync(file, '{"pid": 7, "socket": 5}');
    const unknown = { socket: "unknown", version: "unknown", startedAt: "unknown" };
    expect(readOwner(file)).toEqual({ pid: 7, ...unknown });
    expect(readOwner(join(folder, "missing"))).toBeUndefined();
  });
});

describe.runIf(process.platform === "linux")("the process of an owner", () => {
  const self = ownerOfThisProcess("/s", "1");

  it("is recognised by its start and the boot, not by its number alone", () => {
    expect(stateOfOwner(self)).toBe("running");
    expect(stateOfOwner({ ...self, startTicks: 1 })).toBe("gone");
    expect(stateOfOwner({ ...self, bootId: "another" })).toBe("gone");
    const { startTicks: _, ...withoutStart } = self;
    expect(stateOfOwner(withoutStart)).toBe("unknown");
  });

  it("is gone when it is dead, also while its parent has not asked for it yet", async () => {
    // The shell starts a child, replaces itself, and so never waits for it; the child ends when that has happened.
    const child = 'until read name </proc/$$/comm && [ "$name" = sleep ]; do :; done';
    const parent = spawn("sh", ["-c", `(${child}) & echo $!; exec sleep 300`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once("data", resolve)));
      const stat = () => readStat(pid);
      await until("the child to end", () => stat()?.state === "Z");
      expect(stateOfOwner({ ...self, pid, startTicks: stat()?.startTicks ?? 0 })).toBe("gone");
    } finally {
      parent.kill("SIGKILL");
    }
  });
});

function readStat(pid: number) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ");
  return fields === undefined ? undefined : { state: fields[0], startTicks: Number(fields[19]) };
}
