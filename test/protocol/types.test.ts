import { describe, expectTypeOf, it } from "vitest";

import type { EventType } from "../../src/protocol/events.js";
import type {
  CommandShape,
  EventShape,
  KeyedMethod,
  LeasedMethod,
  MethodName,
  Params,
  Result,
  SessionShape,
  ValidParams,
} from "../../src/protocol/types.js";
import type { Event } from "../../src/session/events.js";

// These are checked by the compiler; running them proves nothing more.
describe("the mapped types", () => {
  it("let a caller leave out what has a default, and fill it in for the handler", () => {
    expectTypeOf<Params<"session/list">["limit"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<ValidParams<"session/list">["limit"]>().toEqualTypeOf<number>();
    expectTypeOf<ValidParams<"session/end">["status"]>().toEqualTypeOf<
      "completed" | "failed" | "abandoned"
    >();
    expectTypeOf<Params<"command/signal">>().toExtend<{ commandId: string }>();
  });

  it("want what has none", () => {
    expectTypeOf<{ commandId: string }>().toExtend<Params<"command/get">>();
    expectTypeOf<object>().not.toExtend<Params<"command/get">>();
    expectTypeOf<{ sessionId: string }>().not.toExtend<Params<"command/start">>();
    expectTypeOf<{ sessionId: string; argv: string[] }>().toExtend<Params<"command/start">>();
  });

  it("give each method its own result", () => {
    expectTypeOf<Result<"session/get">>().toEqualTypeOf<SessionShape>();
    expectTypeOf<Result<"command/run">>().toEqualTypeOf<CommandShape>();
    expectTypeOf<Result<"session/create">>().toExtend<SessionShape & { seq: number }>();
    expectTypeOf<Result<"session/list">["items"]>().toEqualTypeOf<SessionShape[]>();
    expectTypeOf<Result<"session/list">["nextCursor"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Result<"daemon/ping">["pong"]>().toEqualTypeOf<true>();
  });

  it("know which methods take an idempotency key", () => {
    expectTypeOf<KeyedMethod>().toEqualTypeOf<
      | "session/create"
      | "session/clone"
      | "session/update"
      | "session/touch"
      | "session/pause"
      | "session/resume"
      | "session/end"
      | "session/claim"
      | "session/release"
      | "session/bind"
      | "session/unbind"
      | "session/record"
      | "session/pin"
      | "session/unpin"
      | "session/archive"
      | "session/unarchive"
      | "session/trash"
      | "session/untrash"
      | "session/delete"
      | "session/import"
      | "metadata/set"
      | "metadata/delete"
      | "message/append"
      | "invocation/start"
      | "invocation/finish"
      | "invocation/link"
      | "checkpoint/create"
      | "checkpoint/restore"
      | "checkpoint/delete"
      | "template/save"
      | "template/delete"
      | "chain/append"
      | "chain/reset"
      | "alert/setRule"
      | "alert/deleteRule"
      | "alert/acknowledge"
      | "command/start"
      | "command/run"
      | "command/signal"
    >();
    expectTypeOf<KeyedMethod>().toExtend<MethodName>();
  });

  it("know which methods take the lease of a session", () => {
    expectTypeOf<LeasedMethod>().toEqualTypeOf<
      | "session/update"
      | "session/touch"
      | "session/pause"
      | "session/resume"
      | "session/end"
      | "session/claim"
      | "session/release"
      | "session/bind"
      | "session/unbind"
      | "session/record"
      | "session/pin"
      | "session/unpin"
      | "session/archive"
      | "session/unarchive"
      | "session/trash"
      | "session/untrash"
      | "session/delete"
      | "metadata/set"
      | "metadata/delete"
      | "message/append"
      | "invocation/start"
      | "invocation/finish"
      | "invocation/link"
      | "checkpoint/create"
      | "checkpoint/restore"
      | "checkpoint/delete"
      | "command/start"
      | "command/run"
      | "command/write"
      | "command/signal"
    >();
  });

  it("give each type of event its own data", () => {
    expectTypeOf<EventShape["type"]>().toEqualTypeOf<EventType>();
    expectTypeOf<Event["type"]>().toEqualTypeOf<EventType>();
    type Ended = Extract<EventShape, { type: "session/ended" }>;
    expectTypeOf<Ended["data"]["status"]>().toEqualTypeOf<
      "completed" | "failed" | "abandoned" | "timed_out"
    >();
    expectTypeOf<Extract<EventShape, { type: "command/accepted" }>["data"]>().toEqualTypeOf<CommandShape>();
  });
});
