import { describe, expect, it } from "vitest";

import { defaultSocketPath } from "../../src/config/socketPath.js";

const linux = { env: {}, platform: "linux", uid: 1000, tmpdir: "/tmp" } as const;

describe("defaultSocketPath", () => {
  it("takes SESSIOND_SOCKET before everything else", () => {
    const env = { SESSIOND_SOCKET: "/else/where.sock", XDG_RUNTIME_DIR: "/run/user/1000" };
    expect(defaultSocketPath({ ...linux, env })).toBe("/else/where.sock");
  });

  it("lies in the runtime folder on Linux", () => {
    const env = { XDG_RUNTIME_DIR: "/run/user/1000" };
    expect(defaultSocketPath({ ...linux, env })).toBe("/run/user/1000/sessiond/sessiond.sock");
  });

  it.each(["", "run/user/1000", "./run"])("ignores a runtime folder that is not absolute: %j", (runtime) => {
    const env = { SESSIOND_SOCKET: "", XDG_RUNTIME_DIR: runtime };
    expect(defaultSocketPath({ ...linux, env })).toBe("/tmp/sessiond-1000/sessiond.sock");
  });

  it("lies in a folder of the user's own on other systems, whatever XDG_RUNTIME_DIR says", () => {
    const env = { XDG_RUNTIME_DIR: "/run/user/501" };
    const mac = { env, platform: "darwin", uid: 501, tmpdir: "/var/folders/x/T" } as const;
    expect(defaultSocketPath(mac)).toBe("/var/folders/x/T/sessiond-501/sessiond.sock");
  });
});
