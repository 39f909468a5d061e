import { describe, expect, it } from "vitest";

import { daemonForSuite } from "../../support/daemon.js";
import { say } from "../memoryIo.js";

const suite = daemonForSuite({ inProcess: true });

async function tree(given: string, isTerminal = false): Promise<string> {
  const said = await say(["show", "--tree", given, "--no-color"], {
    env: { SESSIOND_SOCKET: suite().socket },
    isTerminal,
  });
  expect(said).toMatchObject({ exitCode: 0, err: "" });
  // However long the machine took over it.
  return said.out.replaceAll(/just now|\d+ s ago/g, "now");
}

describe("sessiond show --tree", () => {
  it("S4.7 shows the whole family of a session, whichever of it is asked for", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "root", name: "refactor" });
    for (const newSessionId of ["left", "right"])
      await peer.call("session/clone", { sessionId: "root", newSessionId, name: newSessionId });
    await peer.call("session/clone", { sessionId: "left", newSessionId: "deep" });
    await peer.call("session/end", { sessionId: "left" });
    await peer.call("session/archive", { sessionId: "left" });
    const expected = [
      "root  refactor  active  now",
      "├─ left  left  completed, archived  now",
      "│  └─ deep  left  active  now",
      "└─ right  right  active  now",
      "",
    ].join("\n");
    expect(await tree("deep")).toBe(expected);
    expect(await tree("root", true)).toBe(expected);

    const told = await say(["show", "--tree", "deep", "--json"], {
      env: { SESSIOND_SOCKET: suite().socket },
    });
    expect(JSON.parse(told.out)).toMatchObject({
      root: {
        session: { sessionId: "root" },
        children: [{ children: [{ session: { sessionId: "deep" }, children: [], moreChildren: 0 }] }, {}],
        moreChildren: 0,
      },
    });
  });

  it("S4.7 says where a parent is not there any more", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "gone" });
    await peer.call("session/create", { sessionId: "orphan", parentId: "gone" });
    await peer.call("session/end", { sessionId: "gone" });
    await peer.call("session/delete", { sessionId: "gone" });
    expect(await tree("orphan")).toBe("(made from gone, which is not here)\norphan  -  active  now\n");
  });

  it("S4.7 cuts many children with a count, and never the one that was asked for", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "wide" });
    for (let index = 1; index <= 25; index += 1)
      await peer.call("session/create", { sessionId: `w${index}`, parentId: "wide" });
    const lines = (await tree("w25")).trimEnd().split("\n");
    expect(lines).toHaveLength(1 + 20 + 1 + 1);
    expect(lines.at(-2)).toBe("├─ w25  -  active  now");
    expect(lines.at(-1)).toBe("└─ … and 4 more");
  });

  it("S4.7 fits in 80 columns, however deep and however long the names", async () => {
    const peer = await suite().peer();
    const name = "\u001B[2Jn".repeat(40);
    let parentId: string | undefined;
    for (let depth = 0; depth < 40; depth += 1) {
      const { sessionId } = await peer.call("session/create", {
        sessionId: `d${depth}-${"x".repeat(100)}`,
        name,
        parentId,
      });
      parentId = sessionId;
    }
    const lines = (await tree(parentId ?? "", true)).trimEnd().split("\n");
    expect(lines).toHaveLength(40);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.join("")).not.toContain("\u001B");
  });
});
