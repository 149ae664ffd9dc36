/** Every cmdlet that the sandbox knows, by name. */
import type { Cmdlet } from '../cmdlet.js';
import { FOLDER_CMDLETS } from './folder.js';
import { GROUP_CMDLETS } from './group.js';
import { MAILBOX_CMDLETS } from './mailbox.js';
import { ORGANIZATION_CMDLETS } from './organization.js';
import { RBAC_CMDLETS } from './rbac.js';

const ALL = new Map<string, { readonly name: string; readonly cmdlet: Cmdlet }>(
  Object.entries({
    ...FOLDER_CMDLETS,
    ...GROUP_CMDLETS,
    ...MAILBOX_CMDLETS,
    ...ORGANIZATION_CMDLETS,
    ...RBAC_CMDLETS,
  }).map(([name, cmdlet]) => [name.toLowerCase(), { name, cmdlet }]),
);

export const CMDLET_NAMES: readonly string[] = [...ALL.values()].map(({ name }) => name).sort();

/** By name, in whatever case. */
export function cmdletNamed(name: string): { readonly name: string; readonly cmdlet: Cmdlet } | undefined {
  return ALL.get(name.toLowerCase());
}
