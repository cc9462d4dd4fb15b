/** Test-CsPersistentChatMessage: its reference page, and "Test Persistent Chat Server with a synthetic transaction". */
import type { ObjectValue } from "../control-protocol";
import { failure } from "../shell/error-record";
import { registrarOf, testUsersOf } from "./health-monitoring";
import { estateOf, type ExchangeRequest, type ManagedEstate } from "./managed-estate";
import type { ManagementStore } from "./management-store";
import { type Parameters, type StoreCmdlet, text } from "./store-cmdlet";
import { taskOutput } from "./task-output";

export const testMessage: StoreCmdlet = {
  metadata: {
    name: "Test-CsPersistentChatMessage",
    implementingType: "Microsoft.Rtc.SyntheticTransactions.Cmdlets.TestPersistentChatMessageCmdlet",
    parameters: [
      { name: "TargetFqdn", type: "string", position: 0, mandatory: ["ServerPlatform"], aliases: ["t"] },
      ...(["Sender", "Receiver"] as const).flatMap((who) => [
        {
          name: `${who}Credential`,
          type: "object" as const,
          typeName: "System.Management.Automation.PSCredential",
          sets: ["ClientPlatform"],
          mandatory: true,
          aliases: [`${who[0] as string}c`.toLowerCase()],
        },
        {
          name: `${who}SipAddress`,
          type: "string" as const,
          sets: ["ClientPlatform", "ServerPlatform"],
          mandatory: ["ClientPlatform"],
          aliases: [`${who[0] as string}a`.toLowerCase()],
        },
      ]),
      {
        name: "Authentication",
        type: "string",
        typeName: "Microsoft.Rtc.SyntheticTransactions.AuthenticationMechanism",
        values: ["TrustedServer", "Negotiate", "ClientCertificate", "LiveID"],
        aliases: ["Ath"],
      },
      { name: "ChatRoomUri", type: "string" },
      { name: "RegistrarPort", type: "integer", aliases: ["rp"] },
      { name: "Setup", type: "boolean" },
      { name: "TestUser1SipAddress", type: "string" },
      { name: "TestUser2SipAddress", type: "string" },
      { name: "OutLoggerVariable", type: "string", aliases: ["olv"] },
      { name: "OutVerboseVariable", type: "string", aliases: ["ovv"] },
      { name: "Force", type: "switch" },
    ],
  },
  async run(store, parameters) {
    const estate = estateOf(store);
    const target = text(parameters, "TargetFqdn") ?? store.topology.pools[0]?.registrar ?? "";
    const registrar = registrarOf(store, target);
    const [sender, receiver] = usersOf(store, registrar, parameters);
    const port = parameters["RegistrarPort"];
    if (typeof port === "number" && port !== REGISTRAR_PORT)
      return [
        taskOutput(registrar, 0, `Unable to perform Register: ${registrar} does not listen on port ${String(port)}.`),
      ];
    const wrong = wrongCredential(store, parameters, sender, receiver);
    if (wrong !== undefined) return [taskOutput(registrar, 0, wrong)];
    const room = roomOf(store, registrar, text(parameters, "ChatRoomUri"));
    return [await exchange(estate, registrar, { ...room, sender, receiver })];
  },
};

/** Port on which a Registrar listens; "not required if the Registrar uses the default port 5061". */
const REGISTRAR_PORT = 5061;

async function exchange(estate: ManagedEstate, registrar: string, request: ExchangeRequest): Promise<ObjectValue> {
  const started = performance.now();
  try {
    await estate.exchange(request);
    return taskOutput(registrar, performance.now() - started, "");
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return taskOutput(registrar, performance.now() - started, error.message);
  }
}

/** Both users: named, or the test users of the pool. Throws CmdletFailure where there are neither. */
function usersOf(store: ManagementStore, registrar: string, parameters: Parameters): readonly [string, string] {
  const setup = parameters["Setup"] === true;
  const [first, second] = [text(parameters, "TestUser1SipAddress"), text(parameters, "TestUser2SipAddress")];
  if (setup && (first === undefined || second === undefined))
    throw failure(
      "MissingTestUsers",
      "InvalidArgument",
      "System.ArgumentException",
      "The Setup parameter needs the TestUser1SipAddress and TestUser2SipAddress parameters.",
    );
  const configured = testUsersOf(store, registrar);
  const sender = text(parameters, "SenderSipAddress") ?? (setup ? first : undefined) ?? configured?.first;
  const receiver = text(parameters, "ReceiverSipAddress") ?? (setup ? second : undefined) ?? configured?.second;
  if (sender !== undefined && receiver !== undefined) return [sender, receiver];
  throw failure(
    "TestUsersNotConfigured",
    "InvalidOperation",
    "System.InvalidOperationException",
    `No test users are assigned for ${registrar}. Verify if the pool name is correct, assign test users with New-CsHealthMonitoringConfiguration, or give SenderSipAddress and ReceiverSipAddress.`,
    { name: registrar, type: "String" },
  );
}

/** Why a credential does not fit its user; undefined when all do, or none was given (TrustedServer). */
function wrongCredential(
  store: ManagementStore,
  parameters: Parameters,
  sender: string,
  receiver: string,
): string | undefined {
  for (const [who, address] of [
    ["Sender", sender],
    ["Receiver", receiver],
  ] as const) {
    const credential = parameters[`${who}Credential`];
    if (typeof credential !== "object" || credential === null || !("properties" in credential)) continue;
    const { UserName, Password: password } = credential.properties;
    const user = typeof UserName === "string" ? UserName : "";
    const name = user.includes("\\") ? user.split("\\")[1] : user.split("@")[0];
    const isOwn = name?.toLowerCase() === /^sip:([^@]+)@/i.exec(address)?.[1]?.toLowerCase();
    if (!isOwn || password !== store.topology.userPassword)
      return `Unable to perform authentication of credentials of user "${user}" for ${address}: 401 Unauthorized.`;
  }
  return undefined;
}

/** `pool fqdn\room name`; without one, any room of the first pool that has this Registrar for its next hop. */
function roomOf(
  store: ManagementStore,
  registrar: string,
  uri: string | undefined,
): { readonly pool: string; readonly room?: string } {
  if (uri === undefined) {
    const pool = store.topology.pools.find((one) => one.registrar === registrar);
    return { pool: pool?.fqdn ?? "" };
  }
  const at = uri.indexOf("\\");
  const pool = store.pool(at < 0 ? uri : uri.slice(0, at));
  if (pool !== undefined && at > 0) return { pool: pool.fqdn, room: uri.slice(at + 1) };
  throw failure(
    "ChatRoomNotFound",
    "InvalidArgument",
    "System.ArgumentException",
    `"${uri}" does not name a chat room. Write the FQDN of the Persistent Chat pool, a backslash and the name of the room.`,
    { name: uri, type: "String" },
  );
}
