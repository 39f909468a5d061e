import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

import { daemonForSuite } from "../../support/daemon.js";
import { say } from "../memoryIo.js";

const suite = daemonForSuite({ inProcess: true });

it("S2.3 sessiond check-path says what is fine and what is not, and ends with 1 for that", async () => {
  const { folder, socket } = suite();
  const env = { SESSIOND_SOCKET: socket };
  const place = join(folder, "place");
  mkdirSync(place);
  symlinkSync("/etc", join(folder, "out"));
  const fine = await say(["check-path", place, "--need", "write", "--no-color"], { env });
  expect(fine).toMatchObject({ exitCode: 0, err: "" });
  expect(fine.out).toMatch(new RegExp(`^fine  ${place}  folder, [\\d.]+ [kMGT]?B free\n$`));
  const out = await say(["check-path", join(folder, "out"), "--no-color"], { env });
  expect(out.exitCode).toBe(1);
  expect(out.out).toContain("      error: it leads to /etc, in /etc: it belongs to the system\n");
  expect(out.out).toContain("      Choose a place of your own");
  const windows = await say(["check-path", "--as", "windows", "--propose", "C:\\aux", "--no-color"], { env });
  expect(windows.out).toBe(
    'no    C:\\aux\n      error: "aux" is the name of a device\n' +
      "      Choose another name, with or without an ending.\n      perhaps: C:\\_aux\n",
  );
  const hostile = await say(["check-path", `${place}/\u001b[2J\u202ex`, "--missing", "--no-color"], { env });
  expect(hostile.out).not.toMatch(/\p{Cf}|\p{Cc}\[/u);
  expect((await say(["check-path", place, "--need", "all"], { env })).exitCode).not.toBe(0);
});
