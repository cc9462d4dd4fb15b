/** RBAC in remote sessions: which role sees which cmdlet. Microsoft prints no list per cmdlet; this follows the roles' descriptions. */

const ROLES: Readonly<Record<string, RegExp>> = {
  csadministrator: /./,
  cspersistentchatadministrator: /^(?:Get-Cs|Set-CsPersistentChat|Test-CsPersistentChat)/i,
  csserveradministrator: /^(?:Get-Cs|Test-Cs|Invoke-Cs(?:ManagementStoreReplication|DatabaseFailover)$)/i,
  csviewonlyadministrator: /^Get-Cs/i,
};

/** Whether a user with these roles may run the cmdlet remotely. */
export function allowedCmdlets(roles: readonly string[], cmdlet: string): boolean {
  return roles.some((role) => ROLES[role.toLowerCase()]?.test(cmdlet) ?? false);
}
