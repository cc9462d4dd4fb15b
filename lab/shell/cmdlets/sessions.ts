/** Remote PowerShell of a pool: New-PSSession, Import-PSSession, Get-PSSession, Remove-PSSession, New-PSSessionOption. */
import type { ControlClient } from "../control-client";
import type { CmdletDefinition } from "../cmdlet";
import { inputOf } from "../cmdlet";
import { enumerate, toText, wildcard } from "../conversions";
import { CmdletFailure, failure } from "../error-record";
import { type RemoteSession, ask, managementCmdlet } from "../management-cmdlets";
import { Credential, CustomObject, Hashtable, NativeObject, type Value } from "../values";
import { parameter } from "./parameters";

/** System.Management.Automation.Runspaces.PSSession. */
class PowerShellSession extends NativeObject {
  readonly typeNames = ["System.Management.Automation.Runspaces.PSSession"];

  constructor(
    readonly number: number,
    readonly name: string,
    readonly computer: string,
    readonly remote: RemoteSession,
  ) {
    super();
  }

  override properties(): readonly (readonly [string, Value])[] {
    return [
      ["Id", this.number],
      ["Name", this.name],
      ["ComputerName", this.computer],
      ["State", this.remote.open ? "Opened" : "Broken"],
      ["ConfigurationName", "Microsoft.PowerShell"],
      ["Availability", this.remote.open ? "Available" : "None"],
      ["InstanceId", this.remote.id],
    ];
  }

  override text(): string {
    return `[PSSession]${this.name}`;
  }
}

/** Makes the cmdlets of one shell; its sessions live as long as it does. */
export function sessionCmdlets(client: ControlClient): CmdletDefinition[] {
  const sessions: PowerShellSession[] = [];
  let last = 0;

  const newSession: CmdletDefinition = {
    metadata: {
      name: "New-PSSession",
      implementingType: "Microsoft.PowerShell.Commands.NewPSSessionCommand",
      parameters: [
        parameter("ConnectionUri", "string", { position: 0, mandatory: true, aliases: ["URI", "CU"] }),
        parameter("Credential", "object"),
        parameter("Name", "string"),
        parameter("Authentication", "string", {
          values: ["Default", "Basic", "Negotiate", "NegotiateWithImplicitCredential", "Credssp", "Digest", "Kerberos"],
        }),
        parameter("ConfigurationName", "string"),
        parameter("AllowRedirection", "switch"),
        parameter("SessionOption", "object"),
      ],
    },
    async *run(context) {
      const { bound, session } = context;
      const uri = bound.text("ConnectionUri") ?? "";
      const credential = bound.value("Credential");
      // Without -Credential the account of the process would be used; the lab knows that one only inside its domain.
      const [userName, password] =
        credential instanceof Credential
          ? [credential.userName, credential.password.reveal()]
          : [session.identity.account, ""];
      try {
        const message = {
          kind: "open-session",
          connectionUri: uri,
          userName,
          password,
          text: session.mask(session.line),
        } as const;
        const response = await ask(client, undefined, message);
        if (response.kind !== "session") return;
        last += 1;
        const made = new PowerShellSession(last, bound.text("Name") ?? `Session${String(last)}`, response.computer, {
          id: response.session,
          open: true,
        });
        sessions.push(made);
        yield made;
      } catch (error) {
        if (!(error instanceof CmdletFailure)) throw error;
        // A session that cannot be opened is a non-terminating error of New-PSSession.
        context.writeError(new CmdletFailure({ ...error.data, terminating: false }));
      }
    },
  };

  const importSession: CmdletDefinition = {
    metadata: {
      name: "Import-PSSession",
      implementingType: "Microsoft.PowerShell.Commands.ImportPSSessionCommand",
      parameters: [
        parameter("Session", "object", { position: 0, mandatory: true }),
        parameter("CommandName", "string[]", { position: 1, aliases: ["Name"] }),
        parameter("Module", "string[]"),
        parameter("AllowClobber", "switch"),
        parameter("DisableNameChecking", "switch"),
      ],
    },
    async *run({ bound, session }) {
      const target = bound.value("Session");
      if (!(target instanceof PowerShellSession))
        throw failure(
          "CannotConvertArgumentNoMessage",
          "InvalidArgument",
          "System.Management.Automation.ParameterBindingException",
          `Cannot bind parameter 'Session'. Cannot convert the "${toText(target)}" value to type "System.Management.Automation.Runspaces.PSSession".`,
        );
      const response = await ask(client, target.remote, { kind: "commands" });
      const patterns = bound.has("CommandName") ? bound.texts("CommandName") : ["*"];
      const commands =
        response.kind === "commands"
          ? response.commands.filter(({ name }) => patterns.some((pattern) => wildcard(pattern).test(name)))
          : [];
      const exported = new Hashtable();
      for (const metadata of commands) {
        if (session.cmdlets.find(metadata.name) !== undefined && !bound.flag("AllowClobber")) {
          session.console.write(
            `WARNING: Proxy creation has been skipped for the following command: '${metadata.name}', because it would shadow an existing local command.  Use the AllowClobber parameter if you want to shadow existing local commands.${session.newLine}`,
          );
          continue;
        }
        session.cmdlets.add(managementCmdlet(metadata, client, target.remote));
        exported.set(metadata.name, metadata.name);
      }
      yield new CustomObject(
        [
          ["ModuleType", "Script"],
          ["Version", "1.0"],
          ["Name", `tmp_${target.remote.id.slice(0, 8)}`],
          ["ExportedCommands", exported],
        ],
        ["System.Management.Automation.PSModuleInfo"],
      );
    },
  };

  const getSession: CmdletDefinition = {
    metadata: {
      name: "Get-PSSession",
      implementingType: "Microsoft.PowerShell.Commands.GetPSSessionCommand",
      parameters: [parameter("Id", "integer", { position: 0 }), parameter("Name", "string[]")],
    },
    async *run({ bound }) {
      const names = bound.has("Name") ? bound.texts("Name") : ["*"];
      yield* sessions.filter(
        ({ number, name }) =>
          (!bound.has("Id") || number === bound.number("Id")) && names.some((pattern) => wildcard(pattern).test(name)),
      );
    },
  };

  const removeSession: CmdletDefinition = {
    metadata: {
      name: "Remove-PSSession",
      implementingType: "Microsoft.PowerShell.Commands.RemovePSSessionCommand",
      defaultSet: "Session",
      parameters: [
        parameter("Session", "object[]", { position: 0, mandatory: true, pipeline: "value", sets: ["Session"] }),
        parameter("Id", "integer", { mandatory: true, sets: ["Id"] }),
        parameter("Name", "string", { mandatory: true, sets: ["Name"] }),
      ],
      shouldProcess: true,
    },
    async *run(context, input) {
      const { bound } = context;
      const chosen: Value[] = [];
      if (bound.has("Id") || bound.has("Name"))
        chosen.push(
          ...sessions.filter(
            ({ number, name }) =>
              number === bound.number("Id") || name.toLowerCase() === bound.text("Name")?.toLowerCase(),
          ),
        );
      else for await (const item of inputOf(context, input, "Session")) chosen.push(...enumerate(item));
      for (const target of chosen) {
        const at = sessions.findIndex((one) => one === target);
        if (at < 0) continue;
        const [{ remote }] = sessions.splice(at, 1) as [PowerShellSession];
        if (remote.open) await ask(client, remote, { kind: "close-session", session: remote.id });
        remote.open = false;
      }
    },
  };

  const newOption: CmdletDefinition = {
    metadata: {
      name: "New-PSSessionOption",
      implementingType: "Microsoft.PowerShell.Commands.NewPSSessionOptionCommand",
      parameters: ["SkipCACheck", "SkipCNCheck", "SkipRevocationCheck"]
        .map((name) => parameter(name, "switch"))
        .concat(["OperationTimeout", "OpenTimeout", "IdleTimeout"].map((name) => parameter(name, "integer"))),
    },
    async *run({ bound }) {
      yield new CustomObject(bound.entries(), ["System.Management.Automation.Remoting.PSSessionOption"]);
    },
  };

  return [newSession, importSession, getSession, removeSession, newOption];
}
