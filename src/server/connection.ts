import type { Duplex } from "node:stream";

import type { Refusal } from "../protocol/errors.js";
import { LineDecoder } from "../rpc/framing.js";
import type { Frame, FrameFault } from "../rpc/framing.js";
import type { Answer, ServerPeer } from "../rpc/peer.js";
import { Outbox } from "./outbox.js";
import { Slice, type Turn } from "./turn.js";

/** One peer, as handlers see it. */
export interface Connection {
  /** For the log; unique in this process. */
  readonly connectionId: string;
  /** The peer is gone. */
  readonly closed: boolean;
  /** Queues a line, without its newline. False: the queue is over its bound or ended, and the line was not taken. */
  notify(line: string): boolean;
  /** Calls this once, later, as soon as `notify` takes lines; never when the connection closes before. */
  onceWritable(listener: () => void): void;
  /** Calls this when the peer is gone, at once where it is gone already. */
  onClose(listener: () => void): void;
  /**
   * Ends in order: nothing more is carried out, the answers of what is in flight are still sent, then this side
   * ends. How long to wait for a peer that does not end its own side is up to who owns the stream.
   */
  close(): void;
}

export interface ConnectionLimits {
  /** Bytes of one message. */
  readonly messageBytes: number;
  /** Requests that wait for their answer; a batch counts its members. Over it, no more are read. */
  readonly inFlightPerConnection: number;
  /** Bytes that wait for the peer to read them. Over it, nothing more is read from it. */
  readonly queueBytes: number;
}

export interface ServeOptions {
  /** A connected socket that was accepted with `allowHalfOpen`. */
  readonly stream: Duplex;
  readonly peer: ServerPeer<Connection>;
  readonly limits: ConnectionLimits;
  /** Shared by all connections: what they read is carried out together. */
  readonly turn: Turn;
  readonly log: { debug(fields: object, message: string): void };
  /** While this answers true, requests are refused with `shutting_down`. */
  readonly draining?: () => boolean;
}

/** Serves one peer until either side ends. The peer's faults are answered; none of them throws here. */
export function serveConnection(options: ServeOptions): Connection {
  return new ServedConnection(options);
}

const SHUTTING_DOWN: Refusal = {
  type: "shutting_down",
  message: "The daemon is stopping; the request was not carried out.",
  hint: "Connect again in a moment.",
};

let connections = 0;

class ServedConnection implements Connection {
  readonly connectionId = `c${++connections}`;
  readonly #options: ServeOptions;
  readonly #decoder: LineDecoder;
  readonly #outbox: Outbox;
  readonly #closeListeners: (() => void)[] = [];
  #writableListeners: (() => void)[] = [];
  /** Decoded, and from `#next` on not begun: at most what one chunk held. */
  #waiting: Frame[] = [];
  #next = 0;
  #inFlight = 0;
  #working = false;
  #paused = false;
  #peerEnded = false;
  #probed = false;
  #closing = false;
  #closed = false;

  constructor(options: ServeOptions) {
    const { stream, limits } = options;
    this.#options = options;
    this.#decoder = new LineDecoder({ maxBytes: limits.messageBytes });
    this.#outbox = new Outbox({ stream, boundBytes: limits.queueBytes, onRoom: () => this.#roomAgain() });
    stream.on("data", (chunk: Buffer) => {
      if (!this.#closing) this.#take(this.#decoder.push(chunk));
    });
    stream.on("end", () => {
      this.#peerEnded = true;
      this.#take(this.#closing ? [] : this.#decoder.end());
    });
    stream.on("error", (error) => {
      // A peer that goes away in the middle of an answer (EPIPE, ECONNRESET) is nothing to worry about.
      options.log.debug({ connectionId: this.connectionId, err: error }, "the connection broke");
    });
    stream.on("close", () => this.#gone());
  }

  get closed(): boolean {
    return this.#closed;
  }

  notify(line: string): boolean {
    if (this.#outbox.full || this.#outbox.ended) return false;
    this.#outbox.push(line);
    return true;
  }

  onceWritable(listener: () => void): void {
    this.#writableListeners.push(listener);
    if (!this.#outbox.full && !this.#outbox.ended) process.nextTick(() => this.#tellWritable());
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#closeListeners.push(listener);
  }

  close(): void {
    this.#closing = true;
    this.#waiting = [];
    this.#next = 0;
    this.#work();
  }

  #take(frames: Frame[]): void {
    if (this.#waiting.length === 0) this.#waiting = frames;
    else this.#waiting.push(...frames);
    this.#options.turn.add(this.#work);
  }

  /** Begins what may be begun, and reads on only when nothing is left waiting. */
  readonly #work = (slice = new Slice()): void => {
    // A handler may call close(): what is left to do then is done at the end of the call that runs already.
    if (this.#working || this.#closed) return;
    this.#working = true;
    for (let isFirst = true; ; isFirst = false) {
      const frame = this.#waiting[this.#next];
      if (frame === undefined || !this.#mayBegin()) break;
      // Whoever gave the slice has just looked at the clock, which costs more than one thinks.
      if (!isFirst && slice.isOver) {
        this.#options.turn.add(this.#work);
        break;
      }
      this.#next += 1;
      this.#begin(frame);
    }
    this.#working = false;
    if (this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    }
    this.#readOrPause();
    const ending = this.#closing || this.#peerEnded;
    if (ending && this.#waiting.length === 0 && this.#inFlight === 0) this.#outbox.end();
    else if (this.#peerEnded && !this.#probed) this.#probe();
  };

  /**
   * A peer that has ended its side may wait for its answers, or be gone, and the end looks the same. What is written
   * tells: to one that is gone it fails. A blank before an answer is no part of its JSON.
   */
  #probe(): void {
    this.#probed = true;
    this.#options.stream.write(" ");
  }

  #mayBegin(): boolean {
    return this.#inFlight < this.#options.limits.inFlightPerConnection && !this.#outbox.full;
  }

  #begin(frame: Frame): void {
    const { peer, draining } = this.#options;
    if ("fault" in frame) return this.#outbox.push(peer.errorLine(this.#refusalOf(frame.fault)));
    if (draining?.() === true) return this.#answer(peer.refuse(frame.line, SHUTTING_DOWN));
    let open = 0;
    const answer = peer.receive(frame.line, this, (requests) => {
      open = requests;
    });
    if (!(answer instanceof Promise)) return this.#answer(answer);
    this.#inFlight += open;
    void answer.then((text) => this.#answered(text, open));
  }

  #answered(text: Answer, open: number): void {
    this.#inFlight -= open;
    this.#answer(text);
    // There is room for more. Mostly nobody waits for it.
    if (this.#waiting.length > 0 || this.#paused || this.#closing || this.#peerEnded) this.#work();
  }

  #answer(text: Answer): void {
    if (text !== undefined) this.#outbox.push(text);
  }

  /** While closing, the peer is read on, and not listened to: else the end of its side would never arrive. */
  #readOrPause(): void {
    const pause = !this.#closing && (this.#waiting.length > 0 || !this.#mayBegin());
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#options.stream.pause();
    else this.#options.stream.resume();
  }

  #refusalOf(fault: FrameFault): Refusal {
    const { messageBytes } = this.#options.limits;
    if (fault === "too_long") {
      return {
        type: "invalid_request",
        message: `The message is longer than ${messageBytes} bytes; it was thrown away.`,
        hint: "Send less in one message, and end it with a newline.",
        details: { limit: "messageBytes" },
      };
    }
    return {
      type: "parse_error",
      message: "The message is not UTF-8.",
      hint: "Encode the JSON text as UTF-8.",
    };
  }

  #roomAgain(): void {
    this.#tellWritable();
    this.#work();
  }

  #tellWritable(): void {
    if (this.#outbox.full || this.#outbox.ended || this.#closed) return;
    const listeners = this.#writableListeners;
    this.#writableListeners = [];
    for (const listener of listeners) listener();
  }

  #gone(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#writableListeners = [];
    this.#outbox.discard();
    for (const listener of this.#closeListeners.splice(0)) listener();
  }
}
