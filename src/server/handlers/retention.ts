import type { NamespaceHandlers, Services } from "./services.js";

export function retentionHandlers({ supervisor }: Services): NamespaceHandlers<"retention"> {
  return {
    "retention/run": (params) => supervisor.retention.run(params),
    "retention/policy": () => supervisor.retention.policy,
  };
}
