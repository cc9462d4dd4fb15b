/** The cmdlets of the management store: metadata as the reference pages print it, and what they do. */
import type { ObjectValue, ParameterMetadata, ParameterType } from "../control-protocol";
import { wildcard } from "../shell/conversions";
import { failure } from "../shell/error-record";
import { installDatabase, testDatabase } from "./database-cmdlets";
import {
  getHealthMonitoring,
  newHealthMonitoring,
  removeHealthMonitoring,
  setHealthMonitoring,
} from "./health-monitoring";
import { poolOrOnly, resolvePool } from "./identity";
import { modifyList } from "./list-modifier";
import { testMessage } from "./message-test";
import { installMirror, uninstallMirror } from "./mirror-cmdlets";
import { getMirrorState, invokeFailover } from "./mirror-state-cmdlets";
import type { Caller, ManagementStore } from "./management-store";
import { getPool, getService } from "./service-objects";
import { type Parameters, type StoreCmdlet, text } from "./store-cmdlet";
import { getWindowsService, startWindowsService, stopWindowsService } from "./windows-services";
import { MOST_ACTIVE_SERVERS, POOL_STATES, type PoolState, type PoolTopology, poolIdentity } from "./topology";

const parameter = (name: string, type: ParameterType, details: Partial<ParameterMetadata> = {}): ParameterMetadata => {
  return { name, type, ...details };
};

const xds = (name: string): string => `Microsoft.Rtc.Management.${name}`;

/** Whose copy -LocalStore reads. */
function localStore(store: ManagementStore, parameters: Parameters, caller: Caller): string | undefined {
  if (parameters["LocalStore"] !== true) return undefined;
  if (store.replication.replica(caller.computer) !== undefined) return caller.computer;
  throw failure(
    "LocalStoreNotFound",
    "ObjectNotFound",
    "System.InvalidOperationException",
    `The local management store is not available on ${caller.computer}: it holds no replica.`,
  );
}

function stateObject(pool: PoolTopology, poolState: PoolState): ObjectValue {
  return {
    type: xds("WritableConfig.Settings.PersistentChat.PersistentChatState"),
    properties: {
      Identity: poolIdentity(pool.fqdn),
      PoolState: {
        enumeration: xds("WritableConfig.Settings.PersistentChat.PoolState"),
        name: poolState,
        value: POOL_STATES.indexOf(poolState),
      },
    },
  };
}

const getState: StoreCmdlet = {
  metadata: {
    name: "Get-CsPersistentChatState",
    implementingType: xds("Internal.GetPersistentChatStateCmdlet"),
    defaultSet: "Identity",
    parameters: [
      parameter("Identity", "string", { position: 0, sets: ["Identity"], pipeline: "property" }),
      parameter("Filter", "string", { sets: ["Filter"] }),
      parameter("LocalStore", "switch"),
    ],
  },
  run(store, parameters, caller) {
    const machine = localStore(store, parameters, caller);
    const identity = text(parameters, "Identity");
    const pattern = wildcard(text(parameters, "Filter") ?? "*");
    const pools =
      identity === undefined
        ? store.topology.pools.filter(({ fqdn }) => pattern.test(poolIdentity(fqdn)))
        : [resolvePool(store, identity)];
    return pools.flatMap((pool) => {
      const settings = store.settings(pool, machine);
      return settings === undefined ? [] : [stateObject(pool, settings.poolState)];
    });
  },
};

/** Identity and state of the object behind -Instance. */
function instanceOf(parameters: Parameters): { identity?: string; state?: string } {
  const instance = parameters["Instance"];
  if (typeof instance !== "object" || instance === null || !("properties" in instance)) return {};
  const { Identity: identity, PoolState: state } = instance.properties;
  const name = typeof state === "object" && state !== null && "name" in state ? state.name : state;
  return {
    ...(typeof identity === "string" ? { identity } : {}),
    ...(typeof name === "string" ? { state: name } : {}),
  };
}

const setState: StoreCmdlet = {
  metadata: {
    name: "Set-CsPersistentChatState",
    implementingType: xds("Internal.SetPersistentChatStateCmdlet"),
    defaultSet: "Identity",
    shouldProcess: true,
    parameters: [
      // The page says position 2, which is the second place after the command's name: the first argument.
      parameter("Identity", "string", { position: 0, sets: ["Identity"] }),
      parameter("Instance", "object", { sets: ["Instance"], pipeline: "value" }),
      parameter("PoolState", "string", {
        typeName: xds("WritableConfig.Settings.PersistentChat.PoolState"),
        values: POOL_STATES,
      }),
      parameter("Force", "switch"),
    ],
  },
  run(store, parameters, caller) {
    const instance = instanceOf(parameters);
    const pool = poolOrOnly(store, text(parameters, "Identity") ?? instance.identity);
    // The page's prose says that the default is Normal.
    const wanted = text(parameters, "PoolState") ?? instance.state ?? "Normal";
    const poolState = POOL_STATES.find((state) => state.toLowerCase() === wanted.toLowerCase()) ?? "Normal";
    if (caller.shouldProcess("Set-CsPersistentChatState", poolIdentity(pool.fqdn))) store.change(pool, { poolState });
    return [];
  },
};

const setActiveServer: StoreCmdlet = {
  metadata: {
    name: "Set-CsPersistentChatActiveServer",
    implementingType: xds("Internal.SetPersistentChatActiveServerCmdlet"),
    defaultSet: "ActiveServers",
    shouldProcess: true,
    parameters: [
      parameter("Identity", "string", { position: 0 }),
      parameter("ActiveServers", "object", {
        sets: ["ActiveServers"],
        mandatory: true,
        allowNull: true,
        typeName: "System.Management.Automation.PSListModifier`1[Microsoft.Rtc.Management.Deploy.Fqdn]",
      }),
      parameter("Swap", "switch", { sets: ["Swap"], mandatory: true }),
      parameter("Force", "switch"),
    ],
  },
  run(store, parameters, caller) {
    const pool = poolOrOnly(store, text(parameters, "Identity"));
    const machines = pool.machines.map(({ fqdn }) => fqdn);
    const before = store.settings(pool)?.activeServers ?? [];
    const inactive = machines.filter(
      (machine) => !before.some((active) => active.toLowerCase() === machine.toLowerCase()),
    );
    const wanted = parameters["Swap"] === true ? inactive : modifyList(before, parameters["ActiveServers"] ?? null);
    const activeServers = wanted.map((fqdn) => {
      const machine = machines.find((other) => other.toLowerCase() === fqdn.toLowerCase());
      if (machine !== undefined) return machine;
      throw failure(
        "MachineNotInPool",
        "InvalidArgument",
        "System.ArgumentException",
        `The computer "${fqdn}" is not a member of the Persistent Chat Server pool "${pool.fqdn}". Its computers are: ${machines.join(", ")}.`,
        { name: fqdn, type: "Fqdn" },
      );
    });
    if (activeServers.length > MOST_ACTIVE_SERVERS)
      throw failure(
        "TooManyActiveServers",
        "InvalidArgument",
        "System.ArgumentException",
        `A Persistent Chat Server pool can have at most ${String(MOST_ACTIVE_SERVERS)} active servers. ${String(activeServers.length)} were specified for "${pool.fqdn}".`,
        { name: pool.fqdn, type: "XdsGlobalRelativeIdentity" },
      );
    if (caller.shouldProcess("Set-CsPersistentChatActiveServer", poolIdentity(pool.fqdn)))
      store.change(pool, { activeServers });
    return [];
  },
};

function replicaState(store: ManagementStore, machine: string): ObjectValue {
  const reported = store.replication.replica(machine)?.reported ?? "";
  return {
    type: xds("Xds.ReplicaState"),
    properties: {
      UpToDate: store.replication.isUpToDate(machine),
      ReplicaFqdn: machine,
      LastStatusReport: { date: reported },
      LastUpdateCreation: { date: store.snapshot.changed },
      ProductVersion: "5.0.8308.0",
    },
  };
}

function replicas(store: ManagementStore, parameters: Parameters): string[] {
  const wanted = text(parameters, "ReplicaFqdn");
  if (wanted === undefined) return store.replication.machines;
  const machine = store.replication.machines.find((other) => other.toLowerCase() === wanted.toLowerCase());
  if (machine !== undefined) return [machine];
  throw failure(
    "ReplicaNotFound",
    "ObjectNotFound",
    "System.Management.Automation.ItemNotFoundException",
    `Cannot find a replica with the FQDN "${wanted}".`,
    {
      name: wanted,
      type: "Fqdn",
    },
  );
}

const getReplicationStatus: StoreCmdlet = {
  metadata: {
    name: "Get-CsManagementStoreReplicationStatus",
    implementingType: xds("Xds.GetReplicationStatusCmdlet"),
    parameters: [
      parameter("ReplicaFqdn", "string", { position: 0 }),
      parameter("CentralManagementStoreStatus", "switch"),
    ],
  },
  run(store, parameters) {
    if (parameters["CentralManagementStoreStatus"] !== true)
      return replicas(store, parameters).map((machine) => replicaState(store, machine));
    const front = store.topology.otherReplicas[0] ?? "";
    return [
      {
        type: xds("Xds.CentralManagementStoreStatus"),
        properties: {
          ActiveMasterFqdn: front,
          ActiveFileTransferAgents: [front],
          LastUpdate: { date: store.snapshot.changed },
        },
      },
    ];
  },
};

const invokeReplication: StoreCmdlet = {
  metadata: {
    name: "Invoke-CsManagementStoreReplication",
    implementingType: xds("Xds.InvokeReplicationCmdlet"),
    parameters: [parameter("ReplicaFqdn", "string", { position: 0 }), parameter("Force", "switch")],
    shouldProcess: true,
  },
  run(store, parameters) {
    for (const machine of replicas(store, parameters)) store.replication.spread(machine, true);
    return [];
  },
};

const getConfiguration: StoreCmdlet = {
  metadata: {
    name: "Get-CsPersistentChatConfiguration",
    implementingType: xds("Internal.GetPersistentChatConfigurationCmdlet"),
    defaultSet: "Identity",
    parameters: [
      parameter("Identity", "string", { position: 0, sets: ["Identity"] }),
      parameter("Filter", "string", { sets: ["Filter"] }),
      parameter("LocalStore", "switch"),
    ],
  },
  run(_store, parameters) {
    const identity = text(parameters, "Identity") ?? "global";
    // Only the global configuration exists here; a pool without one of its own has no item of that name.
    if (!/^global$/i.test(identity))
      throw failure(
        "ItemNotFound",
        "ObjectNotFound",
        "System.Management.Automation.ItemNotFoundException",
        `Cannot find item "${identity}".`,
        { name: identity, type: "XdsIdentity" },
      );
    return [
      {
        type: xds("WritableConfig.Settings.PersistentChat.PersistentChatConfiguration"),
        properties: {
          Identity: "Global",
          DefaultChatHistory: 30,
          MaxFileSizeKB: 20000,
          ParticipantUpdateLimit: 75,
          RoomManagementUrl: null,
        },
      },
    ];
  },
};

/** Every cmdlet of the store. */
export const cmdlets: readonly StoreCmdlet[] = [
  getState,
  setState,
  setActiveServer,
  getService,
  getPool,
  getReplicationStatus,
  invokeReplication,
  getConfiguration,
  getWindowsService,
  stopWindowsService,
  startWindowsService,
  installMirror,
  uninstallMirror,
  getMirrorState,
  invokeFailover,
  installDatabase,
  testDatabase,
  testMessage,
  newHealthMonitoring,
  getHealthMonitoring,
  setHealthMonitoring,
  removeHealthMonitoring,
];
