/** New-, Get-, Set- and Remove-CsHealthMonitoringConfiguration: test users of Registrar pools, as their pages have them. */
import type { ObjectValue, ParameterMetadata } from "../control-protocol";
import { wildcard } from "../shell/conversions";
import { failure } from "../shell/error-record";
import type { ManagementStore } from "./management-store";
import type { TestUsers } from "./replication";
import { type Parameters, type StoreCmdlet, text } from "./store-cmdlet";

const TYPE = "Microsoft.Rtc.Management.WritableConfig.Settings.HealthMonitoring.HealthMonitoringSettings";
const SIP = /^sip:[^\s@]+@[^\s@]+$/i;

/** FQDNs of the Registrar pools of the topology, as it spells them. */
export function registrars(store: ManagementStore): string[] {
  return [...new Set(store.topology.pools.map(({ registrar }) => registrar))];
}

/** The Registrar pool of an identity, which is its FQDN. Throws CmdletFailure. */
export function registrarOf(store: ManagementStore, identity: string): string {
  const fqdn = identity.replace(/^(?:service:\s*)?(?:Registrar:\s*)?/i, "").trim();
  const found = registrars(store).find((name) => name.toLowerCase() === fqdn.toLowerCase());
  if (found !== undefined) return found;
  throw failure(
    "PoolNotFound",
    "ObjectNotFound",
    "System.Management.Automation.ItemNotFoundException",
    `Cannot find Registrar pool "${fqdn}" in the topology. Registrar pools are: ${registrars(store).join(", ")}.`,
    { name: fqdn, type: "String" },
  );
}

/** Test users of a Registrar pool; undefined when it has none. */
export function testUsersOf(store: ManagementStore, registrar: string): TestUsers | undefined {
  return store.snapshot.testUsers[registrar.toLowerCase()];
}

function settingsObject(registrar: string, users: TestUsers): ObjectValue {
  return {
    type: TYPE,
    text: registrar,
    properties: {
      Identity: registrar,
      FirstTestUserSipUri: users.first,
      FirstTestSamAccountName: users.firstAccount ?? null,
      SecondTestUserSipUri: users.second,
      SecondTestSamAccountName: users.secondAccount ?? null,
      TargetFqdn: registrar,
    },
  };
}

function sipAddress(parameters: Parameters, name: string): string | undefined {
  const value = text(parameters, name);
  if (value === undefined || SIP.test(value)) return value;
  throw failure(
    "InvalidSipUri",
    "InvalidArgument",
    "System.ArgumentException",
    `"${value}" is not a valid SIP address for ${name}. It must include the sip: prefix: sip:user@contoso.com.`,
    { name: value, type: "String" },
  );
}

/** What the parameters say of the users; what they leave out stays. */
function usersOf(parameters: Parameters, before: TestUsers | undefined): TestUsers {
  const firstAccount = text(parameters, "FirstTestSamAccountName") ?? before?.firstAccount;
  const secondAccount = text(parameters, "SecondTestSamAccountName") ?? before?.secondAccount;
  return {
    first: sipAddress(parameters, "FirstTestUserSipUri") ?? before?.first ?? "",
    second: sipAddress(parameters, "SecondTestUserSipUri") ?? before?.second ?? "",
    ...(firstAccount === undefined ? {} : { firstAccount }),
    ...(secondAccount === undefined ? {} : { secondAccount }),
  };
}

function existing(store: ManagementStore, registrar: string): TestUsers {
  const users = testUsersOf(store, registrar);
  if (users !== undefined) return users;
  throw failure(
    "ItemNotFound",
    "ObjectNotFound",
    "System.Management.Automation.ItemNotFoundException",
    `Cannot find item "${registrar}": the pool has no health monitoring configuration. Make one with New-CsHealthMonitoringConfiguration.`,
    { name: registrar, type: "XdsGlobalRelativeIdentity" },
  );
}

const userParameters = (mandatory: boolean): readonly ParameterMetadata[] => [
  { name: "FirstTestUserSipUri", type: "string", mandatory },
  { name: "SecondTestUserSipUri", type: "string", mandatory },
  { name: "FirstTestSamAccountName", type: "string" },
  { name: "SecondTestSamAccountName", type: "string" },
  { name: "Force", type: "switch" },
];

export const newHealthMonitoring: StoreCmdlet = {
  metadata: {
    name: "New-CsHealthMonitoringConfiguration",
    implementingType: "Microsoft.Rtc.Management.Internal.NewHealthMonitoringConfigurationCmdlet",
    defaultSet: "Identity",
    shouldProcess: true,
    asksOnlyWhenTold: true,
    parameters: [
      { name: "Identity", type: "string", position: 0, sets: ["Identity"], mandatory: true },
      { name: "TargetFqdn", type: "string", sets: ["ParentAndRelativeKey"], mandatory: true },
      ...userParameters(true),
      { name: "InMemory", type: "switch" },
    ],
  },
  run(store, parameters, caller) {
    const registrar = registrarOf(store, text(parameters, "Identity") ?? text(parameters, "TargetFqdn") ?? "");
    const users = usersOf(parameters, undefined);
    if (parameters["InMemory"] !== true) {
      if (testUsersOf(store, registrar) !== undefined)
        throw failure(
          "ItemAlreadyExists",
          "ResourceExists",
          "System.InvalidOperationException",
          `An item with the identity "${registrar}" already exists: a pool has one health monitoring configuration at most.`,
          { name: registrar, type: "XdsGlobalRelativeIdentity" },
        );
      if (!caller.shouldProcess("New-CsHealthMonitoringConfiguration", registrar)) return [];
      store.changeTestUsers(registrar, users);
    }
    return [settingsObject(registrar, users)];
  },
};

export const getHealthMonitoring: StoreCmdlet = {
  metadata: {
    name: "Get-CsHealthMonitoringConfiguration",
    implementingType: "Microsoft.Rtc.Management.Internal.GetHealthMonitoringConfigurationCmdlet",
    defaultSet: "Identity",
    parameters: [
      { name: "Identity", type: "string", position: 0, sets: ["Identity"], pipeline: "property" },
      { name: "Filter", type: "string", sets: ["Filter"] },
      { name: "LocalStore", type: "switch" },
    ],
  },
  run(store, parameters) {
    const identity = text(parameters, "Identity");
    if (identity !== undefined) {
      const registrar = registrarOf(store, identity);
      return [settingsObject(registrar, existing(store, registrar))];
    }
    const pattern = wildcard(text(parameters, "Filter") ?? "*");
    return registrars(store).flatMap((registrar) => {
      const users = testUsersOf(store, registrar);
      return users === undefined || !pattern.test(registrar) ? [] : [settingsObject(registrar, users)];
    });
  },
};

export const setHealthMonitoring: StoreCmdlet = {
  metadata: {
    name: "Set-CsHealthMonitoringConfiguration",
    implementingType: "Microsoft.Rtc.Management.Internal.SetHealthMonitoringConfigurationCmdlet",
    shouldProcess: true,
    asksOnlyWhenTold: true,
    parameters: [{ name: "Identity", type: "string", position: 0, mandatory: true }, ...userParameters(false)],
  },
  run(store, parameters, caller) {
    const registrar = registrarOf(store, text(parameters, "Identity") ?? "");
    const users = usersOf(parameters, existing(store, registrar));
    if (caller.shouldProcess("Set-CsHealthMonitoringConfiguration", registrar)) store.changeTestUsers(registrar, users);
    return [];
  },
};

export const removeHealthMonitoring: StoreCmdlet = {
  metadata: {
    name: "Remove-CsHealthMonitoringConfiguration",
    implementingType: "Microsoft.Rtc.Management.Internal.RemoveHealthMonitoringConfigurationCmdlet",
    shouldProcess: true,
    asksOnlyWhenTold: true,
    parameters: [
      { name: "Identity", type: "string", position: 0, mandatory: true, pipeline: "property" },
      { name: "Force", type: "switch" },
    ],
  },
  run(store, parameters, caller) {
    const registrar = registrarOf(store, text(parameters, "Identity") ?? "");
    existing(store, registrar);
    if (caller.shouldProcess("Remove-CsHealthMonitoringConfiguration", registrar))
      store.changeTestUsers(registrar, undefined);
    return [];
  },
};
