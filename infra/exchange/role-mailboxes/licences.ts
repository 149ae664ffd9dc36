/** Which licence makes a mailbox, whether there is one left, and the errors where not. Pure. */
import { InteropError } from '../../errors.js';
import type { DirectoryUser, Sku } from './directory-port.js';

/**
 * Services of a licence that bring a mailbox which may use EWS
 * (learn.microsoft.com/entra/identity/users/licensing-service-plan-reference). EXCHANGE_S_DESKLESS (Kiosk, F1, F3) brings a mailbox
 * that gets 403 on EWS since 2026-06-30 (message centre MC1191578), EXCHANGE_S_FOUNDATION none at all.
 */
const MAILBOX_PLANS = new Set([
  'EXCHANGE_S_STANDARD',
  'EXCHANGE_S_ENTERPRISE',
  'EXCHANGE_S_STANDARD_GOV',
  'EXCHANGE_S_ENTERPRISE_GOV',
  'EXCHANGE_S_ESSENTIALS',
]);
const KIOSK_PLANS = new Set(['EXCHANGE_S_DESKLESS', 'EXCHANGE_S_DESKLESS_GOV']);

export function bringsMailbox(sku: Sku): boolean {
  return sku.servicePlans.some(({ name }) => MAILBOX_PLANS.has(name));
}

export function freeUnits(sku: Sku): number {
  return Math.max(0, sku.enabled - sku.consumed);
}

/** Whether one of the user's licences already brings a mailbox that may use EWS, and that service is not switched off. */
export function isLicensed(user: DirectoryUser, skus: readonly Sku[]): boolean {
  return hasPlan(user, skus, MAILBOX_PLANS);
}

/** Whether one of the user's licences brings a mailbox that may not use EWS (Kiosk, F1, F3), and that service is not switched off. */
export function hasKioskLicence(user: DirectoryUser, skus: readonly Sku[]): boolean {
  return hasPlan(user, skus, KIOSK_PLANS);
}

function hasPlan(user: DirectoryUser, skus: readonly Sku[], wanted: ReadonlySet<string>): boolean {
  return user.licences.some(({ skuId, disabledPlans }) => {
    const sku = skus.find(({ id }) => id.toLowerCase() === skuId.toLowerCase());
    const plans = sku?.servicePlans.filter(({ name }) => wanted.has(name)) ?? [];
    return plans.some(({ id }) => !disabledPlans.includes(id));
  });
}

export function hasLicence(user: DirectoryUser, skuId: string): boolean {
  return user.licences.some((licence) => licence.skuId.toLowerCase() === skuId.toLowerCase());
}

/** Whether a licence is the one that is asked for, by part number or id. */
export function isSku(sku: { readonly id: string; readonly partNumber: string }, wanted: string): boolean {
  const name = wanted.toLowerCase();
  return sku.partNumber.toLowerCase() === name || sku.id.toLowerCase() === name;
}

/**
 * The licence that is asked for, by part number or id.
 *
 * @throws InteropError of kind `resource` when the tenant has none of that name, or when it brings no mailbox that may use EWS.
 */
export function findSku(skus: readonly Sku[], wanted: string): Sku {
  const name = wanted.toLowerCase();
  const sku = skus.find(
    ({ partNumber, id }) => partNumber.toLowerCase() === name || id.toLowerCase() === name,
  );
  if (sku === undefined) {
    throw licenceError('the tenant has no such licence', {
      what: 'is not among the licences of the tenant',
      found: wanted,
      skus,
    });
  }
  if (bringsMailbox(sku)) return sku;
  const kiosk = sku.servicePlans.some(({ name }) => KIOSK_PLANS.has(name));
  throw licenceError('the licence does not do for a role mailbox', {
    what: kiosk
      ? 'brings a Kiosk mailbox, which Microsoft lets use EWS no longer'
      : 'brings no mailbox in Exchange Online',
    found: sku.partNumber,
    skus,
  });
}

/** @throws InteropError of kind `resource` when fewer licences are free than mailboxes need one. */
export function requireFree(sku: Sku, needed: number, skus: readonly Sku[]): void {
  if (freeUnits(sku) >= needed) return;
  const short = needed - freeUnits(sku);
  throw licenceError(
    `${needed === 1 ? 'a licence is' : `${needed} licences are`} needed, and too few are free`,
    {
      what: `${sku.partNumber}: ${needed} needed, ${freeUnits(sku)} free`,
      found: `${sku.consumed} of ${sku.enabled} in use`,
      skus: skus.filter((other) => other.id !== sku.id),
      next: [
        `buy ${short} more of ${sku.partNumber} or take ${short} from users who need none, then run calendar-interop up again`,
      ],
    },
  );
}

interface LicenceProblem {
  readonly what: string;
  readonly found: string;
  readonly skus: readonly Sku[];
  readonly next?: readonly string[];
}

function licenceError(summary: string, problem: LicenceProblem): InteropError {
  const usable = problem.skus.filter(bringsMailbox).sort((one, other) => freeUnits(other) - freeUnits(one));
  const offers = usable.map((sku) => `${sku.partNumber} (${freeUnits(sku)} of ${sku.enabled} free)`);
  const best = usable.find((sku) => freeUnits(sku) > 0);
  return new InteropError({
    kind: 'resource',
    summary,
    problems: [
      {
        where: 'calendar-interop:roleMailboxes, sku',
        what: problem.what,
        found: problem.found,
        allowed:
          offers.length === 0 ? 'a licence with Exchange Online: the tenant has none' : offers.join(', '),
      },
    ],
    next: [
      ...(problem.next ?? []),
      ...(best === undefined
        ? []
        : [`set sku in calendar-interop:roleMailboxes to ${best.partNumber}, then run calendar-interop up`]),
    ],
  });
}
