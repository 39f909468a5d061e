import { durationOrNeverMs } from "./optionValues.js";
import type { VerbSpec } from "./verb.js";
import type { Shelving } from "./verbs/shelve.js";

const ABOUT: Readonly<Record<Shelving, string>> = {
  pin: "have retention leave sessions alone, whatever their age",
  unpin: "let retention have them again",
  archive: "put ended sessions into the archive, compressed",
  unarchive: "bring sessions back from the archive",
  trash: "put ended sessions into the trash",
  untrash: "take sessions out of the trash",
};

/**
 * The verbs that say where sessions are kept, and for how long.
 *
 * @param group the heading that they stand under
 * @param session what the help says of how a session is named
 */
export function shelfVerbs(group: string, session: string): readonly VerbSpec[] {
  const shelving = (Object.keys(ABOUT) as Shelving[]).map((name): VerbSpec => ({
    name,
    group,
    about: ABOUT[name],
    args: [["<sessions...>", session]],
    load: async () => (await import("./verbs/shelve.js")).shelve(name),
  }));
  return [
    ...shelving,
    {
      name: "cleanup",
      group,
      about: "archive, trash and delete sessions by the policies that are set",
      options: [
        {
          flags: "--archive-after <duration>",
          about: "archive what ended so long ago, such as 7d; or never (as set)",
          parse: durationOrNeverMs,
        },
        {
          flags: "--delete-after <duration>",
          about: "delete archived ones that ended so long ago; or never (as set)",
          parse: durationOrNeverMs,
        },
        {
          flags: "--trash-after <duration>",
          about: "delete what is in the trash so long; or never (as set)",
          parse: durationOrNeverMs,
        },
        { flags: "--dry-run", about: "only say what would go, and how large it is" },
      ],
      load: async () => (await import("./verbs/cleanup.js")).cleanup,
    },
  ];
}
