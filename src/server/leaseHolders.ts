import type { LeaseHolder, Leases } from "../supervisor/leases.js";
import type { Connection } from "./connection.js";
import { tellPeer } from "./tellPeer.js";

/** The connections that have claimed sessions, as the supervisor knows them. */
export class LeaseHolders {
  readonly #leases: Pick<Leases, "gone">;
  readonly #holders = new WeakMap<Connection, LeaseHolder>();

  constructor(leases: Pick<Leases, "gone">) {
    this.#leases = leases;
  }

  /** A connection as a holder; always the same one, so that its end is listened for once. */
  of(connection: Connection): LeaseHolder {
    const known = this.#holders.get(connection);
    if (known !== undefined) return known;
    const holder: LeaseHolder = {
      get isGone() {
        return connection.closed;
      },
      taken: (notice) => tellPeer(connection, "session/taken", notice),
    };
    this.#holders.set(connection, holder);
    connection.onClose(() => this.#leases.gone(holder));
    return holder;
  }
}
