import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ConfigError, describeGiven } from "../../src/config/error.js";
import { defaultConfigFile, resolvePlaces } from "../../src/config/places.js";
import type { PlacesInput } from "../../src/config/places.js";
import { defaultSocketPath } from "../../src/config/socketPath.js";

const places = (input: Partial<PlacesInput> = {}) =>
  resolvePlaces({
    config: {},
    env: {},
    platform: "linux",
    homedir: "/home/ada",
    uid: 501,
    tmpdir: "/tmp",
    ...input,
  });

afterEach(() => vi.unstubAllEnvs());

// env-paths answers for the platform that it runs on.
describe.runIf(process.platform === "linux")("the standard folders on Linux", () => {
  it("are under the given home", () => {
    expect(places()).toEqual({
      runtimeDir: "/tmp/sessiond-501",
      socket: "/tmp/sessiond-501/sessiond.sock",
      dataDir: "/home/ada/.local/share/sessiond",
      journalDir: "/home/ada/.local/share/sessiond/journal",
      snapshotDir: "/home/ada/.local/share/sessiond/snapshots",
      sessionsDir: "/home/ada/.local/share/sessiond/sessions",
      contentDir: "/home/ada/.local/share/sessiond/content",
      searchDir: "/home/ada/.local/share/sessiond/search",
      checkpointsDir: "/home/ada/.local/share/sessiond/checkpoints",
      metricsDir: "/home/ada/.local/share/sessiond/metrics",
      runningDir: "/home/ada/.local/share/sessiond/running",
      tempDir: "/home/ada/.local/share/sessiond/temp",
      logDir: "/home/ada/.local/state/sessiond",
      configFile: "/home/ada/.config/sessiond/config.json",
      lockFile: "/home/ada/.local/share/sessiond/daemon.lock",
      ownerFile: "/home/ada/.local/share/sessiond/daemon.json",
      uptimeFile: "/home/ada/.local/share/sessiond/uptime.json",
    });
  });

  it("follow the given environment and not the process's own", () => {
    vi.stubEnv("XDG_DATA_HOME", "/mine/data");
    vi.stubEnv("XDG_STATE_HOME", undefined);
    const env = { XDG_STATE_HOME: "/xdg/state", XDG_CONFIG_HOME: join(homedir(), "conf") };
    const found = places({ env });
    expect(found.dataDir).toBe("/home/ada/.local/share/sessiond");
    expect(found.logDir).toBe("/xdg/state/sessiond");
    expect(found.configFile).toBe(join(homedir(), "conf/sessiond/config.json"));
    expect(process.env["XDG_DATA_HOME"]).toBe("/mine/data");
    expect(process.env["XDG_STATE_HOME"]).toBeUndefined();
  });

  it("ignore a relative XDG folder", () => {
    const env = { XDG_DATA_HOME: "data", XDG_RUNTIME_DIR: "run" };
    const found = places({ env });
    expect(found.dataDir).toBe("/home/ada/.local/share/sessiond");
    expect(found.socket).toBe("/tmp/sessiond-501/sessiond.sock");
  });

  it("hold the configuration file that is read when none is named", () => {
    const surroundings = { env: {}, platform: "linux" as const, homedir: "/home/ada" };
    expect(defaultConfigFile(surroundings)).toBe("/home/ada/.config/sessiond/config.json");
  });
});

describe("the socket", () => {
  it("is in the runtime folder of the login on Linux alone", () => {
    const env = { XDG_RUNTIME_DIR: "/run/user/501" };
    expect(places({ env }).socket).toBe("/run/user/501/sessiond/sessiond.sock");
    expect(places({ env, platform: "darwin", tmpdir: "/var/tmp" }).socket).toBe(
      "/var/tmp/sessiond-501/sessiond.sock",
    );
  });

  it("is where a client looks that is told nothing", () => {
    const surroundings = { env: {}, platform: "linux" as const, uid: 501 };
    const found = resolvePlaces({ ...surroundings, config: {}, homedir: "/home/ada" }).socket;
    expect(found).toBe(defaultSocketPath({ ...surroundings, tmpdir: tmpdir() }));
  });

  it("is never shared by two data folders", () => {
    const first = places({ config: { dataDir: "/srv/one/" } });
    const second = places({ config: { dataDir: "/srv/two" } });
    expect(first.socket).toBe("/srv/one/sessiond.sock");
    expect(first.runtimeDir).toBe("/srv/one");
    expect(first.logDir).toBe("/srv/one/log");
    expect(second.socket).toBe("/srv/two/sessiond.sock");
  });

  it("has a name made from a data folder that is too deep", () => {
    const env = { XDG_RUNTIME_DIR: "/run/user/501" };
    const deep = (name: string) => places({ env, config: { dataDir: `/${"d".repeat(100)}/${name}` } }).socket;
    expect(deep("one")).toMatch(/^\/run\/user\/501\/sessiond\/[0-9a-f]{16}\.sock$/);
    expect(deep("one")).toBe(deep("one/"));
    expect(deep("one")).not.toBe(deep("two"));
  });

  it("is the data folder's own as soon as that is chosen, so that the client finds it by the variable alone", () => {
    const { dataDir, logDir } = places();
    expect(places({ config: { dataDir } })).toMatchObject({ socket: `${dataDir}/sessiond.sock`, logDir });
    const env = { SESSIOND_DATA_DIR: dataDir };
    expect(defaultSocketPath({ env, platform: "linux", uid: 1, tmpdir: "/tmp" })).toBe(
      `${dataDir}/sessiond.sock`,
    );
  });

  it.each([
    ["linux", 107],
    ["darwin", 103],
  ] as const)("on %s is at most %d bytes long", (platform, most) => {
    const path = (bytes: number) => `/é${"s".repeat(bytes - 3)}`;
    expect(places({ platform, config: { socket: path(most) } }).socket).toBe(path(most));
    const refused = () => places({ platform, config: { socket: path(most + 1) } });
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(`is ${most + 1} bytes long; this system takes ${most}. Choose a shorter path`);
  });
});

describe("what an error says of a value", () => {
  it("is never the value of a key that sounds secret", () => {
    expect(describeGiven("gateway.authToken", "hunter2")).toBe("a value that is not shown");
    expect(describeGiven("gateway.signingKey", "hunter2")).toBe("a value that is not shown");
    expect(describeGiven("idempotency.maxKeys", "many")).toBe('"many"');
    expect(describeGiven("socket", "redis://ada:hunter2@host")).toBe('"redis://ada:[redacted]@host"');
  });
});
