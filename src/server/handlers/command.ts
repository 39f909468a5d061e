import type { Result } from "../../protocol/types.js";
import { writeInput } from "../../supervisor/commandInput.js";
import type { After } from "../../supervisor/ledger.js";
import { listCommands } from "../../supervisor/read/commandList.js";
import { readCommandOutput } from "../../supervisor/read/commandOutput.js";
import { showExecution } from "../../supervisor/show/execution.js";
import { startCommand } from "../../supervisor/start.js";
import { goneSignal } from "../goneSignal.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function commandHandlers({ supervisor }: Services): NamespaceHandlers<"command"> {
  const { runner } = supervisor;
  const shown = ({ execution }: After): object => (execution === undefined ? {} : showExecution(execution));

  return {
    "command/start": (params) => {
      const { call, lease, fields } = keyed("command/start", params);
      return startCommand(supervisor, fields, { call, lease });
    },
    "command/run": async (params, connection) => {
      const { call, lease, fields } = keyed("command/run", params);
      const { commandId } = await startCommand(supervisor, fields, { call, lease });
      await runner.wait(commandId, undefined, goneSignal(connection));
      return showExecution(supervisor.execution(commandId));
    },
    "command/wait": async ({ commandId, timeoutMs }, connection) => {
      supervisor.execution(commandId);
      await runner.wait(commandId, timeoutMs, goneSignal(connection));
      return showExecution(supervisor.execution(commandId));
    },
    "command/get": ({ commandId }) => showExecution(supervisor.execution(commandId)),
    "command/list": (params) => listCommands(supervisor, params),
    "command/signal": (params) => {
      const { call, lease, fields } = keyed("command/signal", params);
      const { commandId, signal, graceMs } = fields;
      // Stopping never waits for the journal; only a repeated call must not stop anything twice.
      const command = { type: "command/signal", commandId, signal } as const;
      if (supervisor.isNew(call) && supervisor.leases.admits(command, lease))
        runner.signalNow(commandId, signal, graceMs);
      const submitted = supervisor.submit(command, { call, lease, show: shown });
      return submitted as Promise<Result<"command/signal">>;
    },
    "command/write": (params, connection) => writeInput(supervisor, params, goneSignal(connection)),
    "command/output": (params, connection) => readCommandOutput(supervisor, params, goneSignal(connection)),
  };
}
