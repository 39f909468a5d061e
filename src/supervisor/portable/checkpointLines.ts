import type { StoredCheckpoint } from "../../content/checkpointFile.js";
import { LIMITS } from "../../protocol/limits.js";
import type { PortableCheckpoint } from "../../protocol/portableFile.js";
import type { SessionConfigShape } from "../../protocol/types.js";
import { sizeBytesOf, valueOf } from "../../session/checkpoint.js";
import { faultOfMetadata, lengthOfEntry } from "../../session/metadata.js";
import { mergeSettings } from "../../session/settings.js";
import {
  type CheckpointEntry,
  type CheckpointValue,
  type Conversation,
  isEnded,
} from "../../session/state.js";
import { showTime, withoutUndefined } from "../show/session.js";
import { environmentInFile } from "./portableSession.js";

/** More than one session can have. */
const MAX_CHECKPOINTS = LIMITS.checkpoints + LIMITS.automaticCheckpoints;

/** A checkpoint as its line in a file has it. */
export function lineOfCheckpoint(
  { checkpointId, label, automatic, at }: CheckpointEntry,
  value: CheckpointValue,
  includeSecrets: boolean,
): object {
  const { metadataLength: _, endedAt, ...same } = value;
  const { environment, withheld } = environmentInFile(value.environment, includeSecrets);
  return {
    line: "checkpoint",
    ...withoutUndefined({ checkpointId, label, automatic }),
    at: showTime(at),
    withheld,
    value: withoutUndefined({
      ...same,
      environment,
      endedAt: endedAt === undefined ? undefined : showTime(endedAt),
    }),
  };
}

/** The checkpoints of one file, as they are read. */
export class CheckpointLines {
  readonly #entries: CheckpointEntry[] = [];
  readonly #withheld = new Set<string>();
  readonly #conversation: Conversation;
  readonly #defaults: SessionConfigShape;

  /** @param conversation of the session: what checkpoints keep of it is a part of that. */
  constructor(conversation: Conversation, defaults: SessionConfigShape) {
    this.#conversation = conversation;
    this.#defaults = defaults;
  }

  /** Variables that were left out of any of them. */
  get withheld(): ReadonlySet<string> {
    return this.#withheld;
  }

  /** They name what they are staged under, and not the session, which is not there yet. */
  entries(staged: string | undefined): CheckpointEntry[] {
    return this.#entries.map((entry) => ({ ...entry, staged }));
  }

  /** What is to be stored; or what is wrong with it. */
  take(line: PortableCheckpoint): StoredCheckpoint | { readonly fault: string } {
    const { checkpointId, label, automatic } = line;
    const value = valueOfLine(line, this.#defaults);
    const fault = this.#faultOfEntry(line) ?? this.#faultOfValue(value);
    if (fault !== undefined) return { fault };
    // Below zero, so that whatever is made later stands behind it.
    const seq = this.#entries.length - MAX_CHECKPOINTS;
    const at = Date.parse(line.at);
    const { status, conversation } = value;
    const made = { status, messages: conversation.count, sizeBytes: sizeBytesOf(value) };
    this.#entries.push({ checkpointId, label, automatic, at, seq, ...made });
    for (const name of line.withheld) this.#withheld.add(name);
    return { checkpointId, seq, at, value };
  }

  #faultOfEntry({ checkpointId, automatic }: PortableCheckpoint): string | undefined {
    if (this.#entries.some((entry) => entry.checkpointId === checkpointId))
      return `checkpointId: "${checkpointId}" was in another line`;
    const bound = automatic ? LIMITS.automaticCheckpoints : LIMITS.checkpoints;
    const before = this.#entries.filter((entry) => entry.automatic === automatic).length;
    return before < bound
      ? undefined
      : `automatic: there are ${bound} of these already, and no more are allowed`;
  }

  /** A restore takes what is in it as it is, so it has to be what a session can be. */
  #faultOfValue(value: CheckpointValue): string | undefined {
    if (isEnded(value.status) !== (value.endedAt !== undefined))
      return "value.endedAt: it does not go with its status";
    return faultOfMetadata(value.metadata, LIMITS)?.refusal.message ?? this.#faultOfTalk(value.conversation);
  }

  #faultOfTalk({ count, appended, hidden }: Conversation): string | undefined {
    if (appended > this.#conversation.appended)
      return "value.conversation.appended: the session has fewer messages";
    if (hidden.length > LIMITS.hiddenRuns) return "value.conversation.hidden: there are too many";
    let [end, seen] = [0, appended];
    for (const [first, last] of hidden) {
      if (first <= end || last < first || last > appended)
        return "value.conversation.hidden: these are no runs one after the other";
      end = last;
      seen -= last - first + 1;
    }
    return count > seen ? "value.conversation.count: there are fewer to be seen" : undefined;
  }
}

function valueOfLine({ value }: PortableCheckpoint, defaults: SessionConfigShape): CheckpointValue {
  let metadataLength = 0;
  for (const [key, one] of Object.entries(value.metadata)) metadataLength += lengthOfEntry(key, one);
  return valueOf({
    ...value,
    metadataLength,
    config: mergeSettings(defaults, value.config),
    endedAt: value.endedAt === undefined ? undefined : Date.parse(value.endedAt),
  });
}
