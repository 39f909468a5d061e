import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import { itOnFiles } from "../support/storage.js";

const suite = daemonForSuite({ inProcess: true });

const DEFAULTS = {
  name: "by template",
  purpose: "review",
  workingDirectory: "/",
  tags: ["a", "b"],
  metadata: { team: "core", level: 1 },
  environment: { LANG: "C", API_TOKEN: "hunter2" },
  config: { idleTimeoutMs: 5_000, retry: { maxAttempts: 3 } },
};

describe("templates", () => {
  it("S4.7 are saved, in place of the one that was there, shown without secrets, listed, deleted", async () => {
    const peer = await suite().peer();
    const saved = await peer.call("template/save", {
      templateId: "t",
      description: "d",
      defaults: DEFAULTS,
    });
    const shown = {
      templateId: "t",
      description: "d",
      defaults: { ...DEFAULTS, environment: { LANG: "C", API_TOKEN: "[redacted]" } },
    };
    expect(saved).toMatchObject(shown);
    const { seq: _, ...template } = saved;
    expect(await peer.call("template/get", { templateId: "t" })).toEqual(template);
    const again = await peer.call("template/save", { templateId: "t", defaults: { purpose: "new" } });
    expect(again).toMatchObject({ defaults: { purpose: "new" }, createdAt: saved.createdAt });
    expect(again).not.toHaveProperty("description");
    await peer.call("template/save", { templateId: "s", defaults: {} });
    const page = await peer.call("template/list", { limit: 1 });
    expect(page).toMatchObject({ items: [{ templateId: "s" }], total: 2 });
    const next = await peer.call("template/list", { limit: 1, cursor: page.nextCursor ?? "" });
    expect(next).toMatchObject({ items: [{ templateId: "t" }] });
    for (const templateId of ["s", "t"]) await peer.call("template/delete", { templateId });
    await expect(peer.call("template/get", { templateId: "t" })).rejects.toMatchObject({
      type: "template_not_found",
    });
    await expect(peer.call("template/delete", { templateId: "t" })).rejects.toMatchObject({
      type: "template_not_found",
    });
  });

  it("S4.7 fill in what the call leaves out: lists and records are merged, and the caller wins", async () => {
    const peer = await suite().peer();
    await peer.call("template/save", { templateId: "merged", defaults: DEFAULTS });
    const plain = await peer.call("session/create", { template: "merged" });
    expect(plain).toMatchObject({
      name: "by template",
      workingDirectory: "/",
      tags: ["a", "b"],
      environment: { LANG: "C", API_TOKEN: "[redacted]" },
      config: { idleTimeoutMs: 5_000, retry: { maxAttempts: 3, backoffCoefficient: 2 } },
    });
    const own = await peer.call("session/create", {
      template: "merged",
      name: "mine",
      tags: ["b", "c"],
      metadata: { level: 2 },
      config: { retry: { jitter: 0 } },
    });
    expect(own).toMatchObject({
      name: "mine",
      purpose: "review",
      tags: ["a", "b", "c"],
      metadata: { team: "core", level: 2 },
      config: { idleTimeoutMs: 5_000, retry: { maxAttempts: 3, jitter: 0 } },
    });
    // A template that changes changes no session that was made by it.
    await peer.call("template/delete", { templateId: "merged" });
    expect(await peer.call("session/get", { sessionId: own.sessionId })).toMatchObject({ purpose: "review" });
  });

  it("S4.7 are validated, and what is merged is too", async () => {
    const peer = await suite().peer();
    const many = (prefix: string): string[] => Array.from({ length: 40 }, (_, index) => `${prefix}${index}`);
    await peer.call("template/save", { templateId: "tags", defaults: { tags: many("a") } });
    await expect(peer.call("session/create", { template: "tags", tags: many("b") })).rejects.toMatchObject({
      type: "invalid_params",
      message: expect.stringContaining('template "tags"'),
    });
    await expect(peer.call("session/create", { template: "nobody" })).rejects.toMatchObject({
      type: "template_not_found",
    });
    await expect(
      peer.call("template/save", { templateId: "odd", defaults: { config: { idleTimeoutMs: -1 } } }),
    ).rejects.toMatchObject({ type: "invalid_params" });
    const half = { long: "x".repeat(60_000) };
    const metadata = Object.fromEntries(["a", "b", "c"].map((key) => [key, half.long]));
    await peer.call("template/save", { templateId: "large", defaults: { metadata } });
    await expect(
      peer.call("session/create", { template: "large", metadata: { d: half.long, e: half.long } }),
    ).rejects.toMatchObject({ type: "limit_reached", details: { limit: "metadataLength" } });
  });

  it("are told of to subscribers, and saved once under a key", async () => {
    const client = await suite().client();
    const params = { templateId: "told", defaults: { environment: { API_TOKEN: "hunter2" } } };
    const saved = await client.template.save({ ...params, idempotencyKey: "told" });
    expect(await client.template.save({ ...params, idempotencyKey: "told" })).toEqual(saved);
    await client.template.delete({ templateId: "told" });
    const seen: object[] = [];
    for await (const item of client.events({ types: ["template/*"], sinceSeq: saved.seq - 1 })) {
      seen.push(item);
      if (item.type === "template/deleted") break;
    }
    expect(seen).toMatchObject([
      {
        type: "template/saved",
        seq: saved.seq,
        data: { defaults: { environment: { API_TOKEN: "[redacted]" } } },
      },
      { type: "template/deleted", data: { templateId: "told" } },
    ]);
  });

  itOnFiles("survive a crash, and a start from a snapshot", async () => {
    const config = { journal: { minimumSnapshotBytes: 1_024 } };
    const daemon = await daemonForTest({ config });
    const peer = await daemon.peer();
    await peer.call("template/save", {
      templateId: "t",
      defaults: { ...DEFAULTS, description: "d".repeat(2_000) },
    });
    await peer.call("template/save", { templateId: "u", defaults: {} });
    const before = await peer.call("template/list");
    await daemon.crash();
    expect(await (await daemon.peer()).call("template/list")).toEqual(before);
    await daemon.restart();
    const last = await daemon.peer();
    expect(await last.call("template/list")).toEqual(before);
    expect(await last.call("session/create", { template: "t" })).toMatchObject({ purpose: "review" });
  });
});
