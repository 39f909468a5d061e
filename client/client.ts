import type { Params } from "../src/protocol/types.js";
import type { Call, ItemOf, ListMethod, Namespaces } from "./callTypes.js";
import type { Calls } from "./calls.js";
import type { EventsOptions } from "./events.js";
import { EventStream } from "./events.js";
import { type HandedLease, withHandedLease } from "./handedLease.js";
import { type Claim, Lease } from "./lease.js";
import type { Link } from "./link.js";
import { namespaces } from "./namespaces.js";
import type { OpenOptions } from "./openSession.js";
import { openSession, withSession } from "./openSession.js";
import { pages } from "./pages.js";
import type { Session } from "./session.js";

/** Where and how to search; all of it can be left out. */
export type SearchOptions = Omit<Params<"search/query">, "query" | "cursor">;
/** Something that was found. */
export type SearchHit = ItemOf<"search/query">;

/** The daemon, as a program sees it. Every method of the protocol is there: `client.session.create(…)`. */
export interface Client extends Namespaces, AsyncDisposable {
  /** Calls a method by its name. */
  readonly call: Call;
  /** Every item of a list method, page after page. */
  pages<M extends ListMethod>(method: M, params?: Params<M>): AsyncGenerator<ItemOf<M>, void, undefined>;
  /**
   * What matches a query, page after page: all its words, a "phrase", prefix*, -not. The best come first, or with
   * `order` the newest. Ask by `call("search/query", …)` whether the index had everything.
   */
  search(query: string, options?: SearchOptions): AsyncGenerator<SearchHit, void, undefined>;
  /** Events as they come, from this call on or behind `sinceSeq`, across broken connections. */
  events(options?: EventsOptions): EventStream;
  /** The session of that id, or the newest active one of that name, or a new one; see `openSession`. */
  open(nameOrId: string, options?: OpenOptions): Promise<Session>;
  /** Claims a session without a handle on it: calls that write to it show `{ lease: lease.token }`. */
  readonly claim: Claim;
  /** Runs `work` with a session and ends it: completed, or failed with the error's message. */
  withSession<T>(
    nameOrId: string,
    work: (session: Session) => T | Promise<T>,
    options?: OpenOptions,
  ): Promise<T>;
  /** Closes the connection. Calls under way are rejected, streams of events end, sessions live on. */
  close(): Promise<void>;
}

/** Puts a client together. @param handed the lease that this program was started under, if there is one */
export function createClient(link: Link, calls: Calls, handed?: HandedLease): Client {
  const call = withHandedLease(
    (method, params, options) => calls.call(method, params, options),
    handed,
  ) as Call;
  const claim: Claim = (sessionId, options) => Lease.claim(calls, sessionId, options);
  const ways = { call, claim };
  return {
    ...namespaces(call),
    ...ways,
    pages: (method, params) => pages(call, method, params),
    search: (query, options) => pages(call, "search/query", { ...options, query }),
    events: (options = {}) => new EventStream(calls, options),
    open: (nameOrId, options) => openSession(ways, nameOrId, options),
    withSession: (nameOrId, work, options) => withSession(ways, nameOrId, work, options),
    close: () => link.close(),
    [Symbol.asyncDispose]: () => link.close(),
  };
}
