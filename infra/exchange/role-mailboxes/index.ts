/**
 * Role mailboxes: the accounts that Google looks availability up with. Inspect, plan, apply, undo; see model.ts for the data.
 */
export { applyRoleMailboxes, type RoleMailboxOptions } from './apply.js';
export type { DirectoryPort, DirectoryUser, NewUser, Sku, UserChange } from './directory-port.js';
export { GraphDirectory } from './graph-directory.js';
export { inspectRoleMailboxes, mailboxOf } from './inspect.js';
export { hasKioskLicence, isLicensed } from './licences.js';
export {
  type ExchangeMailbox,
  type FoundRoleMailboxes,
  type MailboxRecord,
  type RoleMailboxOutcome,
  type RoleMailboxPlan,
  type RoleMailboxWish,
  roleMailboxOutcomeSchema,
} from './model.js';
export { numberedAddresses, ownAlias, refuseSharedAddresses } from './naming.js';
export { planRoleMailboxes } from './plan.js';
export { undoRoleMailboxes } from './undo.js';
