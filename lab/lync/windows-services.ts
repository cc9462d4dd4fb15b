/** Get-, Stop- and Start-CsWindowsService on the machines of chat pools, as their reference pages have them. */
import type { ObjectValue, ParameterMetadata } from "../control-protocol";
import { failure } from "../shell/error-record";
import { processingFailed } from "./managed-estate";
import type { Caller, ManagementStore } from "./management-store";
import { type Parameters, type StoreCmdlet, text } from "./store-cmdlet";

/** The service whose end ends the chat server. Key names stand in no page of Microsoft's; these are what scripts in use know. */
export const CHAT_SERVICE = "RTCCHAT";

const SERVICES = [
  [CHAT_SERVICE, "Skype for Business Server Persistent Chat"],
  ["RTCCOMP", "Skype for Business Server Persistent Chat Compliance"],
] as const;

/** System.ServiceProcess.ServiceControllerStatus */
const STATES = { Stopped: 1, Running: 4 } as const;

interface Service {
  readonly computer: string;
  readonly key: string;
  readonly displayName: string;
}

/** Services of a computer, or the one of a name. Throws CmdletFailure: none there, or the computer is down. */
function servicesOf(store: ManagementStore, computer: string, name: string | undefined): Service[] {
  if (store.estate?.isOff(computer) === true)
    throw processingFailed(
      `Cannot open Service Control Manager on computer '${computer}'. The RPC server is unavailable.`,
    );
  const machine = store.topology.pools
    .flatMap(({ machines }) => machines.map(({ fqdn }) => fqdn))
    .find((fqdn) => fqdn.toLowerCase() === computer.toLowerCase());
  const found =
    machine === undefined
      ? []
      : SERVICES.filter(([key]) => name === undefined || key.toLowerCase() === name.toLowerCase());
  if (found.length > 0 && machine !== undefined)
    return found.map(([key, displayName]) => ({ computer: machine, key, displayName }));
  throw failure(
    "ServiceNotFound",
    "ObjectNotFound",
    "System.InvalidOperationException",
    `Cannot find any service with service name '${name ?? "*"}' on computer '${computer}'.`,
    { name: name ?? computer, type: "String" },
  );
}

function serviceObject(store: ManagementStore, { computer, key, displayName }: Service): ObjectValue {
  const name = store.estate?.isServiceStopped(computer, key) === true ? "Stopped" : "Running";
  return {
    type: "Microsoft.Rtc.Management.Deployment.Core.NTService",
    text: key,
    properties: {
      Status: { enumeration: "System.ServiceProcess.ServiceControllerStatus", name, value: STATES[name] },
      Name: key,
      DisplayName: displayName,
      RoleName: ["PersistentChatService"],
      // Assumed: System.ServiceProcess.ServiceController has it, and the pipeline needs it for another computer.
      MachineName: computer,
    },
  };
}

export const getWindowsService: StoreCmdlet = {
  metadata: {
    name: "Get-CsWindowsService",
    implementingType: "Microsoft.Rtc.Management.Deployment.GetServiceCmdlet",
    parameters: [
      { name: "Name", type: "string", position: 0 },
      { name: "ComputerName", type: "string" },
      { name: "ExcludeActivityLevel", type: "switch" },
      { name: "Report", type: "string" },
    ],
  },
  run(store, parameters, caller) {
    const computer = text(parameters, "ComputerName") ?? caller.computer;
    return servicesOf(store, computer, text(parameters, "Name")).map((service) => serviceObject(store, service));
  },
};

const COMMON: readonly ParameterMetadata[] = [
  { name: "Name", type: "string", position: 0, sets: ["Name"] },
  { name: "ComputerName", type: "string", sets: ["Name"] },
  { name: "InputObject", type: "object", sets: ["InputObject"], pipeline: "value" },
  { name: "NoWait", type: "switch" },
  { name: "Force", type: "switch" },
  { name: "Report", type: "string" },
];

/** What -Name and -ComputerName, or -InputObject, mean: an object of Get-CsWindowsService, or a name as the page's example. */
function chosen(store: ManagementStore, parameters: Parameters, caller: Caller): Service[] {
  const given = parameters["InputObject"];
  if (typeof given === "string") return servicesOf(store, caller.computer, given);
  if (typeof given === "object" && given !== null && "properties" in given) {
    const { Name, MachineName } = given.properties;
    const computer = typeof MachineName === "string" ? MachineName : caller.computer;
    return servicesOf(store, computer, typeof Name === "string" ? Name : "");
  }
  return servicesOf(store, text(parameters, "ComputerName") ?? caller.computer, text(parameters, "Name"));
}

/** Brings services into a state; without -NoWait it returns when they are. */
async function change(
  store: ManagementStore,
  parameters: Parameters,
  caller: Caller,
  action: "Stop-CsWindowsService" | "Start-CsWindowsService",
): Promise<readonly ObjectValue[]> {
  const { estate } = store;
  if (estate === undefined) throw processingFailed("No computer of the topology can be reached from this store.");
  for (const { computer, key } of chosen(store, parameters, caller)) {
    if (!caller.shouldProcess(action, `${key} on ${computer}`)) continue;
    const done = estate.setService(computer, key, action === "Start-CsWindowsService");
    if (parameters["NoWait"] !== true) await done;
  }
  return [];
}

export const stopWindowsService: StoreCmdlet = {
  metadata: {
    name: "Stop-CsWindowsService",
    implementingType: "Microsoft.Rtc.Management.Deployment.StopServiceCmdlet",
    defaultSet: "Name",
    shouldProcess: true,
    asksOnlyWhenTold: true,
    parameters: [
      ...COMMON,
      { name: "Graceful", type: "switch" },
      { name: "LeaveClsAgentRunning", type: "switch" },
      { name: "LeaveWebServerRunning", type: "switch" },
    ],
  },
  run: (store, parameters, caller) => change(store, parameters, caller, "Stop-CsWindowsService"),
};

export const startWindowsService: StoreCmdlet = {
  metadata: {
    name: "Start-CsWindowsService",
    implementingType: "Microsoft.Rtc.Management.Deployment.StartServiceCmdlet",
    defaultSet: "Name",
    shouldProcess: true,
    asksOnlyWhenTold: true,
    parameters: COMMON,
  },
  run: (store, parameters, caller) => change(store, parameters, caller, "Start-CsWindowsService"),
};
