import type { Result } from "../../protocol/types.js";
import { cleanUpChains } from "../../supervisor/chains/cleanup.js";
import { exportChains } from "../../supervisor/chains/export.js";
import { validateChain } from "../../supervisor/chains/validate.js";
import {
  chainStats,
  listChain,
  listChains,
  showCurrent,
  summariseChain,
} from "../../supervisor/read/chains.js";
import { showAppended } from "../../supervisor/show/chain.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

const DAY_MS = 86_400_000;

export function chainHandlers({ supervisor }: Services): NamespaceHandlers<"chain"> {
  return {
    "chain/append": (params) => {
      const { call, fields } = keyed("chain/append", params);
      const { agentId, ...entry } = fields;
      return supervisor.submit(
        { type: "chain/append", agentId, entry },
        { call, show: ({ events, stamp }) => showAppended(events, stamp) },
      ) as Promise<Result<"chain/append">>;
    },
    "chain/current": ({ agentId }) => showCurrent(supervisor, agentId),
    "chain/get": (params) => listChain(supervisor, params),
    "chain/summary": ({ agentId }) => summariseChain(supervisor, agentId),
    "chain/validate": (params) => validateChain(supervisor, params),
    "chain/reset": (params) => {
      const { call, fields } = keyed("chain/reset", params);
      return supervisor.submit({ type: "chain/reset", ...fields }, { call });
    },
    "chain/list": (params) => listChains(supervisor, params),
    "chain/stats": () => chainStats(supervisor),
    "chain/cleanup": ({ days, dryRun }) => cleanUpChains(supervisor, { afterMs: days * DAY_MS, dryRun }),
    "chain/export": (params) => exportChains(supervisor, params),
  };
}
