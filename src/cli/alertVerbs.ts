import { InvalidValueError } from "./invalidValue.js";
import { collect, durationOrNeverMs, wholeNumber } from "./optionValues.js";
import type { VerbSpec } from "./verb.js";

/** The verb about alerts and their rules. */
export function alertVerbs(group: string): readonly VerbSpec[] {
  return [
    {
      name: "alerts",
      group,
      about: "list alerts, those that are open first; see to them, and to their rules",
      args: [
        ["[task]", "ack, rules, set or delete; without one they are listed"],
        ["[id]", "ack: the alert, or the beginning of its id; set and delete: the rule"],
        ["[program...]", "set: is run with each alert as JSON on its standard input; put -- before it"],
      ],
      options: [
        { flags: "--limit <count>", about: "list: at most so many (20)", parse: wholeNumber(1) },
        { flags: "--open", about: "list: only those that are open" },
        { flags: "--by <name>", about: "ack: who takes care of it" },
        { flags: "--note <text>", about: "ack: what there is to say" },
        { flags: "--metric <metric>", about: "set: what it watches, such as daemon.errorsPerMinute" },
        { flags: "--above <number>", about: "set: it fires above this", parse: anyNumber },
        { flags: "--below <number>", about: "set: it fires below this", parse: anyNumber },
        {
          flags: "--resolve <number>",
          about: "set: it resolves only behind this (the same)",
          parse: anyNumber,
        },
        {
          flags: "--for <duration>",
          about: "set: it has to hold so long (never: at once)",
          parse: durationOrNeverMs,
        },
        { flags: "--session <session>", about: "set: only this session" },
        { flags: "--tag <tag>", about: "set: only sessions with this tag; again for more", parse: collect },
        {
          flags: "--severity <severity>",
          about: "set: how bad it is (warning)",
          choices: ["info", "warning", "critical"],
        },
        {
          flags: "--webhook <url>",
          about: "set: is posted each alert as JSON; again for more",
          parse: collect,
        },
        { flags: "--name <name>", about: "set: what people call it" },
        { flags: "--on", about: "set: turn it on" },
        { flags: "--off", about: "set: turn it off" },
      ],
      more:
        "set makes a rule, or changes one: what is left out stays as it is. A number may have a unit\n" +
        "(kB, MB, GB, TB). For example:\n" +
        "  sessiond alerts set failing --metric daemon.errorsPerMinute --above 5 -- ~/bin/tell-me",
      load: async () => (await import("./verbs/alerts.js")).alerts,
    },
  ];
}

const UNITS = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/** Reads a number, of bytes with their unit too. */
export function anyNumber(text: string): number {
  const [, number, unit] = /^(-?\d+(?:\.\d+)?)\s*(kB|MB|GB|TB)?$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidValueError("It has to be a number such as 5, 0.5 or 2GB.");
  return Number(number) * (unit === undefined ? 1 : UNITS[unit as keyof typeof UNITS]);
}
