import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** One request as it came. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly deliveryId: string;
    readonly type: string;
    readonly alert: Record<string, unknown>;
  };
}

/** What is answered: a status and headers, or nothing at all, ever. */
export type Answer = number | readonly [status: number, headers: Record<string, string>] | "silence";

/** A real server of webhooks on loopback. */
export class Webhook {
  readonly received: Received[] = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param answers for each request in turn; the last one from then on */
  static async open(...answers: readonly Answer[]): Promise<Webhook> {
    const server = createServer((request, response) => {
      void (async () => {
        const body = await text(request);
        const answer = answers[Math.min(hook.received.length, answers.length - 1)] ?? 204;
        hook.received.push({
          path: request.url ?? "",
          headers: request.headers,
          body: JSON.parse(body) as Received["body"],
        });
        if (answer === "silence") return;
        const [status, headers] = typeof answer === "number" ? [answer, {}] : answer;
        response.writeHead(status, headers).end("thanks");
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const hook = new Webhook(server);
    onTestFinished(() => hook.close());
    return hook;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
