import type { Handlers } from "../../rpc/dispatch.js";
import { listLatest, listProcesses } from "../../supervisor/read/latest.js";
import { getMetrics } from "../../supervisor/read/metrics.js";
import type { Connection } from "../connection.js";
import type { Services } from "./services.js";

export type MetricsHandlers = Pick<
  Handlers<Connection>,
  "metrics/latest" | "metrics/get" | "session/processes"
>;

export function metricsHandlers({ supervisor }: Services): MetricsHandlers {
  return {
    "metrics/latest": (params) => listLatest(supervisor, params),
    "metrics/get": (params) => getMetrics(supervisor, params),
    "session/processes": (params) => listProcesses(supervisor, params),
  };
}
