/** Every procedure that SQL Server Agent and log shipping bring to an instance. */
import type { ServerProcedure } from "../../server/procedures/server-procedure";
import type { Agent } from "../agent";
import { alertProcedures } from "../log-shipping/alert-procedures";
import { monitorProcedures } from "../log-shipping/monitor-procedures";
import { primaryProcedures } from "../log-shipping/primary-procedures";
import { secondaryProcedures } from "../log-shipping/secondary-procedures";
import { shippingProcedure } from "../log-shipping/shipping-procedure";
import { agentProcedure } from "./caller";
import { historyProcedures } from "./help-history";
import { helpJob } from "./help-job";
import { jobStepProcedures } from "./job-steps";
import { jobProcedures } from "./jobs";
import { scheduleProcedures } from "./schedules";
import { startStopProcedures } from "./start-stop";

/** The procedures of msdb that act on an Agent's jobs, and those of master that register log shipping. */
export function agentProcedures(agent: Agent): readonly ServerProcedure[] {
  return [
    ...[
      ...jobProcedures(agent),
      ...jobStepProcedures,
      ...scheduleProcedures,
      ...startStopProcedures(agent),
      helpJob(agent),
      ...historyProcedures,
    ].map(agentProcedure),
    ...[...primaryProcedures, ...secondaryProcedures, ...monitorProcedures, ...alertProcedures].map(shippingProcedure),
  ];
}
