import type { StoredCheckpoint } from "../../content/checkpointFile.js";
import type { Body } from "../../content/bodyFile.js";
import type { StagedBodies } from "../../content/bodyStore.js";
import type { BodyKind } from "../../content/places.js";
import type { Supervisor } from "../supervisor.js";
import type { TakenOutput } from "./commandLines.js";

/** Where a session is put together that is still to be made. */
export interface StagingPlace {
  readonly bodies: Pick<Supervisor["bodies"], "stage">;
  readonly checkpoints: Pick<Supervisor["checkpoints"], "stage" | "discard">;
}

/** Everything that a session is imported with, put together beside all sessions, under one token. */
export class StagedSession {
  readonly #place: StagingPlace;
  #bodies: StagedBodies | undefined;

  constructor(place: StagingPlace) {
    this.#place = place;
  }

  /** What the record calls it; undefined where there is nothing. */
  get token(): string | undefined {
    return this.#bodies?.token;
  }

  async addBody(kind: BodyKind, body: Body): Promise<void> {
    await (await this.#begun()).add(kind, body);
  }

  async addOutput({ commandId, stream, bytes }: TakenOutput): Promise<void> {
    await (await this.#begun()).addOutput(commandId, stream, bytes);
  }

  async addCheckpoint(checkpoint: StoredCheckpoint): Promise<void> {
    await this.#place.checkpoints.stage((await this.#begun()).token, checkpoint);
  }

  /** Keeps everything. From now on a record may name it. */
  async seal(): Promise<void> {
    await this.#bodies?.seal();
  }

  /** Removes everything again: no record names it, and none will. Never rejects. */
  async discard(): Promise<void> {
    if (this.#bodies === undefined) return;
    await this.#bodies.discard();
    await this.#place.checkpoints.discard(this.#bodies.token);
  }

  async #begun(): Promise<StagedBodies> {
    this.#bodies ??= await this.#place.bodies.stage();
    return this.#bodies;
  }
}
