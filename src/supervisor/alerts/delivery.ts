import { SerialByKey } from "../../serial.js";
import type { Alert } from "../../session/alertState.js";
import type { Command } from "../../session/commands.js";
import type { Event } from "../../session/events.js";
import type { SupervisorLog } from "../options.js";
import { showAlert, targetName } from "../show/alert.js";
import type { Targets } from "./targets.js";

type Transition = Alert["awaiting"][number];
type Report = Extract<Command, { type: "alert/report-delivery" }>;

interface DeliveryParts {
  /** The alerts as they are durable. */
  readonly alerts: { get(alertId: string): Alert | undefined; values(): Iterable<Alert> };
  readonly targets: Pick<Targets, "tell">;
  /** Records what the daemon reports. */
  readonly record: (command: Command) => Promise<unknown>;
  readonly log: SupervisorLog;
}

/**
 * Has everybody told of alerts whom their rules name. What is still to be told stands in the alerts themselves until it is
 * reported, so nothing is queued here that could be lost: a start goes on with what an earlier daemon was at, and so a target
 * may hear of the same thing twice, under the same `deliveryId`. Of one alert it is told in order.
 */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #inOrder = new SerialByKey();
  readonly #underWay = new Map<string, Promise<void>>();
  /** What could not be written down, such as on a full disk. */
  readonly #unreported = new Map<string, Report>();
  readonly #stop = new AbortController();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** How many deliveries are under way or wait for their next try. */
  get size(): number {
    return this.#underWay.size;
  }

  /** Goes on with what an earlier daemon left. */
  begin(): void {
    for (const { alertId, awaiting } of this.#parts.alerts.values())
      for (const transition of awaiting) this.#add(alertId, transition);
  }

  /** Takes note of what has become durable. */
  note(events: readonly Event[]): void {
    for (const event of events) {
      if (event.type === "alert/fired") this.#add(event.data.alertId, "fired");
      else if (event.type === "alert/resolved") this.#add(event.data.alertId, "resolved");
    }
  }

  /** Tries again to write down what could not be; to be called now and then. */
  async retryReports(): Promise<void> {
    for (const [deliveryId, report] of this.#unreported) await this.#report(deliveryId, report);
  }

  /** Breaks off what is under way: the next start tells it again. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#underWay.values());
  }

  #add(alertId: string, transition: Transition): void {
    const deliveryId = `${alertId}:${transition}`;
    const isWanted = this.#parts.alerts.get(alertId)?.awaiting.includes(transition) === true;
    if (!isWanted || this.#stop.signal.aborted || this.#underWay.has(deliveryId)) return;
    const done = this.#inOrder
      .run(alertId, () => this.#deliver(alertId, transition, deliveryId))
      .finally(() => this.#underWay.delete(deliveryId));
    this.#underWay.set(deliveryId, done);
  }

  async #deliver(alertId: string, transition: Transition, deliveryId: string): Promise<void> {
    const { signal } = this.#stop;
    const alert = this.#parts.alerts.get(alertId);
    if (alert === undefined || signal.aborted) return;
    const notice = { deliveryId, type: `alert/${transition}`, alert: showAlert(alert) };
    const body = `${JSON.stringify(notice)}\n`;
    const deliveries = await Promise.all(
      alert.deliver.map(async (target) => {
        const told = await this.#parts.targets.tell(target, { deliveryId, body }, signal);
        return { transition, kind: target.kind, target: targetName(target), ...told };
      }),
    );
    // What was broken off is told again by the next daemon, and what was told just now is as well.
    if (signal.aborted) return;
    for (const delivery of deliveries) this.#complain(alert, delivery);
    await this.#report(deliveryId, { type: "alert/report-delivery", alertId, transition, deliveries });
  }

  async #report(deliveryId: string, report: Report): Promise<void> {
    try {
      await this.#parts.record(report);
      this.#unreported.delete(deliveryId);
    } catch {
      // The journal has said why. Kept, or the next start would tell all of it again.
      this.#unreported.set(deliveryId, report);
    }
  }

  #complain({ alertId, ruleId }: Alert, { status, ...delivery }: Alert["deliveries"][number]): void {
    if (status === "delivered") return;
    const fields = { event: "alert.undelivered", alertId, ruleId, ...delivery };
    this.#parts.log.warn(fields, "An alert could not be delivered");
  }
}
