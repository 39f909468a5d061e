import { describe, expectTypeOf, it } from "vitest";

import type {
  CallOptions,
  Client,
  CommandShape,
  EventShape,
  EventStream,
  Gap,
  Params,
  Result,
  Session,
  StreamItem,
} from "../../client/index.js";

/** Never called: what the compiler says of it is the test. */
type Of<Method extends (...args: never[]) => unknown> = Parameters<Method>;

describe("the types of the client", () => {
  it("come from the protocol, by namespace", () => {
    type Created = Client["session"]["create"];
    expectTypeOf<Awaited<ReturnType<Created>>>().toEqualTypeOf<Result<"session/create">>();
    expectTypeOf<Of<Created>>().toEqualTypeOf<[params?: Params<"session/create">, options?: CallOptions]>();
    expectTypeOf<keyof Client["metadata"]>().toEqualTypeOf<"get" | "set" | "delete">();
    expectTypeOf<Client["session"]>().not.toHaveProperty("nonsense");
    expectTypeOf<Client>().not.toHaveProperty("event");
  });

  it("let params be left out where none is required, and only there", () => {
    type Ping = Client["daemon"]["ping"];
    expectTypeOf<[]>().toExtend<Of<Ping>>();
    expectTypeOf<[]>().toExtend<Of<Client["session"]["list"]>>();
    expectTypeOf<[]>().not.toExtend<Of<Client["session"]["get"]>>();
    expectTypeOf<[object]>().not.toExtend<Of<Client["session"]["get"]>>();
    expectTypeOf<[{ nonsense: 1 }]>().not.toExtend<Of<Ping>>();
  });

  it("are the same by name", () => {
    const call = null as unknown as Client["call"];
    const called = (): unknown => {
      expectTypeOf(call("session/get", { sessionId: "a" })).resolves.toEqualTypeOf<Result<"session/get">>();
      expectTypeOf(call("daemon/ping")).resolves.toEqualTypeOf<Result<"daemon/ping">>();
      // @ts-expect-error there is no such method
      void call("session/nonsense");
      // @ts-expect-error its params are required
      void call("session/get");
      return undefined;
    };
    expectTypeOf(called).toBeFunction();
  });

  it("know the items of lists, and which methods are lists", () => {
    const client = null as unknown as Client;
    const called = (): unknown => {
      expectTypeOf(client.pages("command/list").next()).resolves.toEqualTypeOf<
        IteratorResult<CommandShape, void>
      >();
      // @ts-expect-error this is no list
      return client.pages("session/get");
    };
    expectTypeOf(called).toBeFunction();
  });

  it("tell events and gaps apart", () => {
    expectTypeOf<StreamItem>().toEqualTypeOf<EventShape | Gap>();
    expectTypeOf<Extract<StreamItem, { type: "gap" }>>().toEqualTypeOf<Gap>();
    expectTypeOf<EventStream>().toExtend<AsyncIterable<StreamItem>>();
  });

  it("answer what the work of a session answers", () => {
    const client = null as unknown as Client;
    const called = (): unknown => {
      expectTypeOf(client.withSession("a", (session) => session.sessionId)).resolves.toEqualTypeOf<string>();
      return undefined;
    };
    expectTypeOf(called).toBeFunction();
    expectTypeOf<Session>().toExtend<AsyncDisposable>();
  });
});
