import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSecretName, withoutUrlPasswords } from "../src/secretNames.js";

describe("the name of a secret", () => {
  it.each([
    "GITHUB_TOKEN",
    "githubToken",
    "GITHUBTOKEN",
    "tokens",
    "gateway.authToken",
    "API_KEY",
    "apikey",
    "x-api-key",
    "signingKey",
    "SSH_KEYS",
    "MY_SECRET_VALUE",
    "client_secret",
    "DB_PASSWORD",
    "PGPASSWORD",
    "passwordHash",
    "pass",
    "MYSQL_PWD",
    "MQTT_PASSWD",
    "GPG_PASSPHRASE",
    "AWS_CREDENTIALS",
    "HTTP_AUTH",
    "Authorization",
    "proxyauthorization",
    "jwt",
    "SESSION_COOKIE",
    "set-cookie",
    "npm-auth-token",
  ])("is %s", (name) => expect(isSecretName(name)).toBe(true));

  it.each([
    "PATH",
    "PWD",
    "OLDPWD",
    "KEYBOARD",
    "MONKEY",
    "TOKENIZERS_PARALLELISM",
    "AUTHOR",
    "HOME",
    "COMPASS",
    "sessionId",
    "tokenUsage",
    "MAX_TOKENS",
    "idempotency.maxKeys",
    "",
  ])("is not %j", (name) => expect(isSecretName(name)).toBe(false));
});

describe("a URL", () => {
  it("is shown without its password, and other text as it is", () => {
    const text = "postgres://ada:s3:cret@db:5432/x https://:pw@host plain://host:80/a@b";
    expect(withoutUrlPasswords(text)).toBe(
      "postgres://ada:[redacted]@db:5432/x https://:[redacted]@host plain://host:80/a@b",
    );
    fc.assert(fc.property(fc.string(), (any) => any.includes("://") || withoutUrlPasswords(any) === any));
  });
});
