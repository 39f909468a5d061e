import { describe, expect, it } from "vitest";
import { baseEnvironment, redactEnvironment } from "../../src/process/environment.js";

describe("baseEnvironment", () => {
  it("takes what programs need and nothing else", () => {
    const source = {
      PATH: "/opt/bin",
      HOME: "/home/ada",
      LC_ALL: "C.UTF-8",
      LC_TIME: "de_AT",
      TZ: "UTC",
      TERM: "xterm",
      XDG_RUNTIME_DIR: "/run/user/1000",
      SESSIOND_DATA_DIR: "/secret",
      AWS_SECRET_ACCESS_KEY: "x",
      NODE_OPTIONS: "--inspect",
      LD_PRELOAD: "x.so",
      PATHOLOGICAL: "x",
      USER: undefined,
      SHELL: "",
    };
    expect(baseEnvironment(source)).toEqual({
      PATH: "/opt/bin",
      HOME: "/home/ada",
      LC_ALL: "C.UTF-8",
      LC_TIME: "de_AT",
      TZ: "UTC",
      TERM: "xterm",
      XDG_RUNTIME_DIR: "/run/user/1000",
    });
  });

  it.each([{}, { PATH: "" }, { PATH: undefined }])("always has a PATH (%j)", (source) => {
    expect(baseEnvironment(source)).toEqual({ PATH: "/usr/local/bin:/usr/bin:/bin" });
  });
});

describe("redactEnvironment", () => {
  it("hides what the name of a secret has, and nothing else", () => {
    expect(redactEnvironment({ GITHUB_TOKEN: "hunter2", HOME: "/home/ada" })).toEqual({
      GITHUB_TOKEN: "[redacted]",
      HOME: "/home/ada",
    });
  });

  it("hides the passwords inside URLs", () => {
    const DATABASE_URL = "postgres://ada:s3:cret@db:5432/x https://:pw@host plain://host:80/a@b";
    expect(redactEnvironment({ DATABASE_URL })).toEqual({
      DATABASE_URL: "postgres://ada:[redacted]@db:5432/x https://:[redacted]@host plain://host:80/a@b",
    });
  });

  it("leaves the original alone, and a planted __proto__ a plain name", () => {
    const original = JSON.parse('{"TOKEN":"x","__proto__":"y"}') as Record<string, string>;
    const shown = redactEnvironment(original);
    expect(original["TOKEN"]).toBe("x");
    expect(Object.entries(shown)).toEqual([
      ["TOKEN", "[redacted]"],
      ["__proto__", "y"],
    ]);
  });
});
