// Boots a kernel of its own in a virtual machine, with cgroup v2, and has inside.mjs hold the built program to what it
// promises there. Needs qemu-system-x86_64, a kernel that has what it needs built in (such as Debian's
// linux-image-cloud-amd64, unpacked), perl and the build.
//   npm run test:kernel -- /path/to/vmlinuz
import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Archive } from "./archive.mjs";

const [kernel] = process.argv.slice(2);
if (kernel === undefined) throw new Error("which kernel? npm run test:kernel -- /path/to/vmlinuz");

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const INIT = `#!/bin/sh
export PATH=/usr/bin:/bin HOME=/tmp
for at in proc:proc sysfs:sys tmpfs:tmp devtmpfs:dev; do mount -t "\${at%:*}" none "/\${at#*:}"; done
mount -t cgroup2 none /sys/fs/cgroup
exec ${process.execPath} /app/test/kernel/inside.mjs
`;

const archive = new Archive();
for (const folder of ["proc", "sys", "tmp", "dev"]) archive.add(folder, Buffer.alloc(0), 0o040755);
archive.add("init", Buffer.from(INIT));
archive.add("app/test/kernel/inside.mjs", readFileSync(here("inside.mjs")));
archive.add("app/package.json", readFileSync(here("../../package.json")));
archive.addFolder("app/dist/program", here("../../dist/program"));
archive.addFolder("app/dist/library", here("../../dist/library"));
archive.addFolder("app/dist/search", here("../../dist/search"));
archive.addFolder("app/dist/keeper", here("../../dist/keeper"));
for (const program of [process.execPath, "/bin/sh", "/usr/bin/perl", "/usr/bin/mount", "/usr/bin/sleep"])
  archive.addProgram(program);

const folder = mkdtempSync(join(tmpdir(), "sessiond-kernel-"));
const initrd = join(folder, "initrd");
writeFileSync(initrd, archive.bytes());
const machine = [
  "-m",
  "2048",
  "-smp",
  "2",
  "-display",
  "none",
  "-serial",
  "stdio",
  "-no-reboot",
  "-nic",
  "none",
];
const speed = canSpeedUp()
  ? ["-enable-kvm", "-cpu", "host,arch-capabilities=off"]
  : ["-accel", "tcg", "-cpu", "max"];
const child = spawn(
  "qemu-system-x86_64",
  [...machine, ...speed, "-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 panic=-1 quiet"],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const giveUp = setTimeout(() => child.kill("SIGKILL"), 600_000);
let said = "";
child.stdout.setEncoding("utf8").on("data", (text) => {
  said += text;
  process.stdout.write(text);
});
child.once("close", () => {
  clearTimeout(giveUp);
  rmSync(folder, { recursive: true });
  process.exitCode = /^all is well\r?$/m.test(said) ? 0 : 1;
});

function canSpeedUp() {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return process.env["SESSIOND_TEST_KVM"] !== "0";
  } catch {
    return false;
  }
}
