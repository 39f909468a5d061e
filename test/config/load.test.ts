import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config/error.js";
import { configFileOf, loadConfig } from "../../src/config/load.js";
import type { ConfigSources } from "../../src/config/load.js";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "sessiond-config-"))));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(folder, `${++files}.json`);
  writeFileSync(path, text);
  return path;
}

function problems(sources: Partial<ConfigSources>): readonly string[] {
  try {
    loadConfig({ env: {}, ...sources });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("the order of the sources", () => {
  it("takes the flag before the environment before the file before the default", () => {
    const path = file('{"sessions": {"idleTimeoutMs": 1, "lifetimeMs": 1, "maxSessions": 1}}');
    const { sessions } = loadConfig({
      file: path,
      env: { SESSIOND_SESSIONS_IDLE_TIMEOUT_MS: "2", SESSIOND_SESSIONS_LIFETIME_MS: "2" },
      flags: { sessionsIdleTimeoutMs: "3" },
    });
    expect(sessions).toEqual({
      idleTimeoutMs: 3,
      lifetimeMs: 2,
      maxSessions: 1,
      heartbeatTimeoutMs: 0,
      autoSaveIntervalMs: 5_000,
    });
  });

  it("reads paths from their own variables and flags of every kind", () => {
    const config = loadConfig({
      env: { SESSIOND_DATA_DIR: "/d", SESSIOND_LOG_DIR: "/l", SESSIOND_SOCKET: "/s" },
      flags: { logLevel: "debug", dataDir: undefined, limitsBatchLength: 5 },
    });
    expect(config).toMatchObject({ dataDir: "/d", logDir: "/l", socket: "/s" });
    expect(config.log.level).toBe("debug");
    expect(config.limits.batchLength).toBe(5);
  });

  it("counts an empty variable as unset and ignores variables that are no settings", () => {
    const env = {
      SESSIOND_DATA_DIR: "",
      SESSIOND_LOG_LEVEL: "",
      SESSIOND_TOKEN: "t",
      SESSIOND_SESSION_ID: "s",
      SESSIOND_COMMAND_ID: "c",
      SESSIOND_REQUIRE_ALL: "1",
      LOG_LEVEL: "nonsense",
    };
    expect(loadConfig({ env })).toEqual(loadConfig({ env: {} }));
  });
});

describe("which file is read", () => {
  it("is the named one, then SESSIOND_CONFIG, then the default", () => {
    const env = { SESSIOND_CONFIG: "/b" };
    expect(configFileOf({ env, file: "/a", defaultFile: "/c" })).toEqual({ path: "/a", namedBy: "--config" });
    expect(configFileOf({ env, defaultFile: "/c" })).toEqual({ path: "/b", namedBy: "SESSIOND_CONFIG" });
    expect(configFileOf({ env: { SESSIOND_CONFIG: "" }, defaultFile: "/c" })).toEqual({ path: "/c" });
    expect(configFileOf({ env: {} })).toEqual({});
  });

  it("may be missing when it is the default, and never when somebody named it", () => {
    const missing = join(folder, "missing.json");
    expect(problems({ defaultFile: missing })).toEqual([]);
    expect(problems({ file: missing })).toEqual([
      `file ${missing} (named by --config): it does not exist; create it or name another`,
    ]);
    expect(problems({ env: { SESSIOND_CONFIG: missing } })[0]).toContain("(named by SESSIOND_CONFIG)");
  });

  it("is an error when it is there and cannot be read, the default one too", () => {
    const path = join(folder, "a-folder.json");
    mkdirSync(path);
    chmodSync(path, 0o700);
    expect(problems({ defaultFile: path })).toEqual([`file ${path}: reading it: EISDIR`]);
  });
});

describe("a bad file", () => {
  it("is refused with the line, and nothing of the text is repeated", () => {
    const path = file('{\n  "log": {},\n  hunter2\n}');
    const [problem] = problems({ file: path });
    expect(problem).toBe(`file ${path} (named by --config): it is not valid JSON (line 3)`);
    expect(problems({ file: file("") })[0]).toContain("it is not valid JSON");
  });

  it("may begin with a byte order mark", () => {
    expect(loadConfig({ env: {}, file: file('\uFEFF{"dataDir": "/d"}') }).dataDir).toBe("/d");
  });

  it.each([
    ["[]", "the content is an array; allowed is an object"],
    ["7", "the content is 7; allowed is an object"],
    ['{"sessions": 5}', "sessions is 5; allowed is an object"],
    ['{"sessions": null}', "sessions is null; allowed is an object"],
    ['{"dataDir": "data"}', 'dataDir is "data"; allowed is an absolute path'],
    ['{"dataDir": "/a\\u0000b"}', 'dataDir is "/a\\u0000b"; allowed is an absolute path'],
    ['{"socket": true}', "socket is true; allowed is an absolute path"],
    ['{"log": {"level": "loud"}}', 'log.level is "loud"; allowed is one of trace, debug, info, warn, error'],
    ['{"log": {"keepFiles": 0}}', "log.keepFiles is 0; allowed is a whole number, 1 or more"],
    ['{"log": {"keepFiles": "7"}}', 'log.keepFiles is "7"; allowed is a whole number, 1 or more'],
    ['{"log": {"keepFiles": {}}}', "log.keepFiles is an object; allowed is a whole number, 1 or more"],
    [
      `{"log": {"level": "${"x".repeat(65)}"}}`,
      "log.level is a string of 65 characters; allowed is one of trace, debug, info, warn, error",
    ],
    ['{"session": {}}', "there is no setting session; did you mean sessions?"],
    [
      '{"sessions": {"idleTimeout": 5}}',
      "there is no setting sessions.idleTimeout; did you mean idleTimeoutMs?",
    ],
    ['{"__proto__": {"polluted": true}}', "there is no setting __proto__"],
  ])("%s", (text, problem) => {
    const path = file(text);
    expect(problems({ file: path })).toEqual([`file ${path} (named by --config): ${problem}`]);
  });
});

describe("a bad variable or flag", () => {
  it.each([
    [
      { SESSIOND_SESSIONS_IDLE_TIMEOUT_MS: "1h" },
      'environment variable SESSIOND_SESSIONS_IDLE_TIMEOUT_MS: sessions.idleTimeoutMs is "1h"; allowed is a whole number, 0 or more',
    ],
    [
      { SESSIOND_SESSIONS_MAX_SESSIONS: "1e3" },
      'environment variable SESSIOND_SESSIONS_MAX_SESSIONS: sessions.maxSessions is "1e3"; allowed is a whole number, 1 or more',
    ],
    [
      { SESSIOND_SESSIONS_IDLE_TIMEOUT: "5" },
      "environment variable SESSIOND_SESSIONS_IDLE_TIMEOUT: there is no such setting; did you mean SESSIOND_SESSIONS_IDLE_TIMEOUT_MS?",
    ],
    [
      { SESSIOND_DATA_DIR: "./data" },
      'environment variable SESSIOND_DATA_DIR: dataDir is "./data"; allowed is an absolute path',
    ],
  ])("%o", (env, problem) => {
    expect(problems({ env })).toEqual([problem]);
  });

  it("names the flag as it is typed", () => {
    expect(problems({ flags: { sessionsMaxSessions: 0, dataDirr: "/d" } })).toEqual([
      "flag --sessions-max-sessions: sessions.maxSessions is 0; allowed is a whole number, 1 or more",
      "flag dataDirr: there is no such setting; did you mean dataDir?",
    ]);
  });

  it("is told together with every other problem, one a line", () => {
    const sources = { file: file('{"a": 1}'), env: { SESSIOND_LOG_LEVEL: "loud" }, flags: { socket: "s" } };
    expect(problems(sources)).toHaveLength(3);
    expect(() => loadConfig(sources)).toThrow(/^file .*\nenvironment variable .*\nflag --socket: /);
  });
});
