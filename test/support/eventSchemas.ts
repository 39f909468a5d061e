import type { z } from "zod";

import { EVENTS, type EventType } from "../../src/protocol/events.js";

/** The schema of each type of event, made once for all that are checked. */
export const EVENT_SCHEMAS = Object.fromEntries(
  Object.entries(EVENTS).map(([type, data]) => [type, data()]),
) as unknown as Readonly<Record<EventType, z.ZodType>>;
