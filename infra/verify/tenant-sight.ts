/**
 * What an administrator's sign-in sees of the tenant: cmdlets of Exchange, and users with their licences in the directory. Reads only.
 *
 * A sign-in may lack a permission: what cannot be read is undefined and noted, never a failure of the diagnosis.
 */
import { InteropError } from '../errors.js';
import { lists } from '../exchange/ews-access/allow-list.js';
import { readMailbox, readOrganization } from '../exchange/ews-access/inspect.js';
import {
  type DirectoryPort,
  type DirectoryUser,
  hasKioskLicence,
  isLicensed,
  type Sku,
} from '../exchange/role-mailboxes/index.js';
import { ExchangeError } from '../exchange/transport/exchange-error.js';
import { findOne, run, type Work } from '../exchange/work.js';
import { once } from '../once.js';
import type { EwsOrganisation, MailboxSeen, TenantSight } from './sight.js';

export interface SightSources {
  readonly work: Work;
  readonly directory: DirectoryPort;
  /** Told once for each thing that could not be looked at. */
  readonly blind: (what: string) => void;
}

export function openTenantSight(sources: SightSources): TenantSight {
  const skus = once(() => trying(sources, 'licences', () => sources.directory.subscribedSkus()));
  const organisation = once(() =>
    trying(sources, "the organisation's settings for EWS", () => readOrganization(sources.work)),
  );
  const mailboxes = new Map<string, Promise<MailboxSeen | undefined>>();
  return {
    ewsOrganisation: async (clientId) => {
      const found = await organisation();
      if (found === undefined) return undefined;
      const { enabled, list, userAgents } = found;
      return {
        enabled,
        listed: lists(list, clientId),
        clientPolicy: userAgents.policy,
      } satisfies EwsOrganisation;
    },
    mailbox: (address) => {
      const key = address.toLowerCase();
      const known = mailboxes.get(key);
      if (known !== undefined) return known;
      const asked = seeMailbox(sources, address, skus);
      mailboxes.set(key, asked);
      return asked;
    },
    inScope: async (clientId, mailbox, permissions) =>
      await seeScope(sources, clientId, mailbox, permissions),
  };
}

async function seeMailbox(
  sources: SightSources,
  address: string,
  skus: () => Promise<readonly Sku[] | undefined>,
): Promise<MailboxSeen | undefined> {
  const { work, directory } = sources;
  const found = await trying(sources, `the mailbox of ${address}`, async () => ({
    row: await findOne(work, { cmdlet: 'Get-Mailbox', parameters: { Identity: address }, anchor: address }),
  }));
  if (found === undefined) return undefined;
  const settings =
    found.row === undefined
      ? undefined
      : await trying(sources, `the EWS settings of ${address}`, () => readMailbox(work, address));
  const user = await trying(sources, `${address} in the directory`, async () => ({
    found: await findUser(directory, address, found.row?.UserPrincipalName ?? undefined),
  }));
  const known = user?.found === undefined ? undefined : await skus();
  return {
    kind: found.row?.RecipientTypeDetails,
    ewsEnabled: settings?.enabled ?? null,
    clientPolicy: settings?.userAgents.policy ?? null,
    licence: user?.found === undefined || known === undefined ? undefined : licenceOf(user.found, known),
    inDirectory: user === undefined ? undefined : user.found !== undefined,
  };
}

/** Without a mailbox the sign-in name is not known, and need not be the address. */
async function findUser(directory: DirectoryPort, address: string, signInName: string | undefined) {
  if (signInName !== undefined) return await directory.getUser(signInName);
  return (await directory.getUser(address)) ?? (await directory.findMemberByAddress(address));
}

function licenceOf(user: DirectoryUser, skus: readonly Sku[]): MailboxSeen['licence'] {
  if (isLicensed(user, skus)) return 'full';
  return hasKioskLicence(user, skus) ? 'frontline' : 'none';
}

async function seeScope(
  sources: SightSources,
  clientId: string,
  mailbox: string,
  permissions: readonly string[],
): Promise<boolean | undefined> {
  return await trying(sources, `the reach of the application over ${mailbox}`, async () => {
    const { rows } = await run(sources.work, {
      cmdlet: 'Test-ServicePrincipalAuthorization',
      parameters: { Identity: clientId, Resource: mailbox },
      anchor: mailbox,
    });
    return rows.some(
      ({ InScope, RoleName, GrantedPermissions }) =>
        String(InScope).toLowerCase() === 'true' &&
        permissions.some(
          (permission) => permission === GrantedPermissions || `Application ${permission}` === RoleName,
        ),
    );
  });
}

/** Undefined where Exchange or Graph does not let this sign-in look. */
async function trying<T>(
  { work, blind }: SightSources,
  what: string,
  look: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    work.signal.throwIfAborted();
    if (!(error instanceof ExchangeError) && !(error instanceof InteropError)) throw error;
    const why = error instanceof InteropError ? error.summary : error.text;
    blind(`${what}: ${why}`);
    return undefined;
  }
}
