/** The client of sessiond: a table of contents. See README.md. */
export type { ActivityFilter } from "./auditTrail.js";
export type { RetryPolicy } from "./backoff.js";
export { DEFAULT_RETRY } from "./backoff.js";
export type { BatchFailure, BatchOptions, BatchProgress, BatchResult } from "./batch.js";
export { processBatch } from "./batch.js";
export type { Call, CallArguments, ItemOf, ListMethod, Namespace, Namespaces } from "./callTypes.js";
export type { CallOptions } from "./calls.js";
export type { Client, SearchHit, SearchOptions } from "./client.js";
export { CommandHandle } from "./commandHandle.js";
export type { OutputOptions } from "./commandHandle.js";
export type { RunOptions, StartOptions } from "./commandOptions.js";
export { connect, quickSession } from "./connect.js";
export type { ConnectOptions } from "./connect.js";
export type { Conversation, MessageOptions } from "./conversation.js";
export {
  ClientClosedError,
  CommandFailedError,
  ConnectionLostError,
  ForeignPeerError,
  NotRunningError,
  SessiondError,
  StartFailedError,
  TooManyCallsError,
} from "./errors.js";
export type { EventsOptions, EventStream, Gap, StreamItem } from "./events.js";
export type { Claim, ClaimOptions, Lease } from "./lease.js";
export type { InvocationFilter, TrackedCall, TrackOptions } from "./invocations.js";
export type { LogFields, SessionLogger } from "./logger.js";
export type { OpenOptions } from "./openSession.js";
export { retry } from "./retry.js";
export type { FailedTry, RetryOptions } from "./retry.js";
export { Session } from "./session.js";
export type { EndStatus, SessionWays } from "./sessionWays.js";
export type { SessionMetadata } from "./sessionMetadata.js";
export type {
  ActivityShape,
  ChainEntryShape,
  ChainShape,
  CommandShape,
  EventShape,
  InvocationShape,
  MethodName,
  Params,
  Result,
  SessionShape,
} from "../src/protocol/types.js";
