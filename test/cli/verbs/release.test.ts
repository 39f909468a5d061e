import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { connect } from "../../../client/index.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

describe("a session that somebody has claimed", () => {
  it("B.3 is shown with who has it, refuses others, and is freed by sessiond release", async () => {
    await shell.run("call", "session/create", '{"sessionId":"a"}');
    expect((await shell.run("release", "a")).out).toBe("nobody had claimed a\n");
    const socket = (await shell.run("socket-path")).out.trim();
    await using client = await connect({ socket });
    const lease = await client.claim("a", { holder: "ada" });
    expect((await shell.run("show", "a")).out).toMatch(/^claimed by +ada, .+ \(epoch 1\)$/m);
    expect(await shell.run("end", "a")).toMatchObject({
      exitCode: 1,
      err:
        'sessiond: Session "a" is claimed by "ada", who alone may write to it.\n' +
        "  hint: wait until it is released, or free it with: sessiond release <session>\n",
    });
    expect((await shell.run("release", "a")).out).toBe("a is free; ada had claimed it\n");
    await new Promise<void>((resolve) => {
      if (lease.lost.aborted) resolve();
      else lease.lost.addEventListener("abort", () => resolve());
    });
    expect(lease.lost.reason).toMatchObject({ type: "lease_lost", details: { holder: "sessiond release" } });
    await client.claim("a");
    expect(await shell.json("release", "a")).toMatchObject({
      sessionId: "a",
      released: true,
      lease: { epoch: 3 },
    });
    expect((await shell.run("show", "a")).out).not.toContain("claimed");
    expect((await shell.run("end", "a")).out).toBe("a is completed\n");
  });
});
