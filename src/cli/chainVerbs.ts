import { wholeNumber } from "./optionValues.js";
import type { VerbSpec } from "./verb.js";

/** The verbs about the chains of agents and about templates. */
export function chainVerbs(group: string): readonly VerbSpec[] {
  return [
    {
      name: "chains",
      group,
      about: "list agents and the sessions in which they went on last",
      options: [{ flags: "--limit <count>", about: "at most so many (20)", parse: wholeNumber(1) }],
      load: async () => (await import("./verbs/chains.js")).chains,
    },
    {
      name: "chain",
      group,
      about: "show the sessions of an agent, one after the other, the last one first",
      args: [["<agent>", "as its tool names it"]],
      options: [{ flags: "--limit <count>", about: "at most so many (20)", parse: wholeNumber(1) }],
      load: async () => (await import("./verbs/chain.js")).chain,
    },
    {
      name: "templates",
      group,
      about: "list what new sessions can be made by; see run --template",
      load: async () => (await import("./verbs/templates.js")).templates,
    },
  ];
}
