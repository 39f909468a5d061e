import type { Params } from "../src/protocol/types.js";
import type { Call } from "./callTypes.js";
import type { Claim } from "./lease.js";

/** How a session ends by itself or by its caller. */
export type EndStatus = NonNullable<Params<"session/end">["status"]>;

/** What the end of its process means for a session. */
export type BindOptions = Pick<Params<"session/bind">, "onExit">;

/** What a session needs of the client that it belongs to. */
export interface SessionWays {
  readonly call: Call;
  readonly claim: Claim;
}
