/**
 * Everything that can be known before the first change: permissions, licences, Exchange, people, Google. Nothing is written
 * anywhere. What cannot be looked at is said to be not checked, with the reason.
 */
import type { StackConfig } from '../config.js';
import type { DirectoryPort } from '../exchange/role-mailboxes/index.js';
import { emptyNotes, listMailboxes } from '../exchange/visibility/scope.js';
import type { Work } from '../exchange/work.js';
import {
  type GoogleApis,
  listUnmanagedAccounts,
  listUsers,
  readCalendarService,
  readInteropSwitches,
} from '../google/index.js';
import type { SecretPolicy } from '../identity/secret-policy.js';
import { CHECK_GROUPS, type Check, GIVE_GOOGLE, groupOf, lookingAt, lookOr, notChecked } from './checks.js';
import { domainChecks, ewsChecks } from './exchange.js';
import { exchangeRoleChecks } from './exchange-roles.js';
import { usersOfCsv } from './google-csv.js';
import { switchChecks } from './google-switches.js';
import { licenceChecks } from './licences.js';
import { type GoogleSource, PEOPLE_CHECKS, type Person, peopleChecks, sweepPeople } from './people.js';
import { exchangePermissionChecks, graphPermissionChecks } from './permissions.js';
import { ewsLicenceChecks, roleAccountChecks } from './role-accounts.js';
import { secretPolicyChecks } from './secret-policy.js';

/** Where preflight looks. Each part may fail by itself. */
export interface PreflightPlaces {
  readonly graphToken: () => Promise<string>;
  readonly exchangeToken: () => Promise<string>;
  /** Exchange; undefined where no endpoint is in Microsoft 365 and nothing there is looked after. */
  readonly work: Work | undefined;
  readonly directory: DirectoryPort;
  /** Client id of the stack's registration; undefined before the first `up`. @throws InteropError where it cannot be read. */
  readonly clientId: () => Promise<string | undefined>;
  /** What the tenant allows the registration's secrets. */
  readonly secretPolicy: () => Promise<SecretPolicy>;
  readonly people: () => AsyncIterable<Person>;
  /** Google's interfaces; undefined without credentials. @throws InteropError when the credentials cannot be used. */
  readonly google: () => Promise<GoogleApis | undefined>;
  /** Path of a list of Google's users. */
  readonly usersCsv: string | undefined;
  readonly now: Date;
  readonly onProgress?: (seen: number) => void;
}

/**
 * Runs all checks; those that go through everybody come last.
 *
 * @throws InteropError of kind `cancelled`; every other failure to look is a check of its own.
 */
export async function preflight(config: StackConfig, places: PreflightPlaces): Promise<readonly Check[]> {
  const quick = await Promise.all([
    lookingAt('permissions.graph', 'what the sign-in may do in Graph', async () =>
      graphPermissionChecks(config, await places.graphToken()),
    ),
    lookingAt('policy.secrets', 'what the tenant allows secrets', async () =>
      secretPolicyChecks(config, await places.secretPolicy()),
    ),
    exchangeSide(config, places),
    lookingAt('licences.role-mailboxes', 'whether licences are free', () =>
      licenceChecks(places.directory, config),
    ),
    googleSide(config, places),
  ]);
  const everybody = await peopleSide(config, places);
  const order = (check: Check) => CHECK_GROUPS.indexOf(groupOf(check));
  return [...quick.flat(), ...everybody].sort((one, other) => order(one) - order(other));
}

async function exchangeSide(config: StackConfig, places: PreflightPlaces): Promise<readonly Check[]> {
  const { work } = places;
  if (work === undefined) return [];
  const parts = await Promise.all([
    lookingAt('permissions.exchange', 'what the sign-in may do in Exchange', async () =>
      exchangePermissionChecks(await places.exchangeToken()),
    ),
    lookingAt('exchange.domains', "whether the endpoints' domains are accepted ones", () =>
      domainChecks(work, config),
    ),
    lookingAt('permissions.exchange-role', 'which cmdlets the sign-in may run in Exchange', () =>
      exchangeRoleChecks(work, config),
    ),
    lookingAt('exchange.role-accounts', 'the mailboxes of the role accounts', () =>
      roleAccountChecks(work, config),
    ),
    ...(config.protocol === 'ews' || config.protocol === 'both'
      ? [
          lookingAt('exchange.ews-switch', 'whether Exchange lets EWS in', async () =>
            ewsChecks(work, config, { now: places.now, clientId: await lookOr(places.clientId) }),
          ),
          lookingAt('licences.role-accounts', "whether the role accounts' licences let EWS in", () =>
            ewsLicenceChecks(places.directory, config),
          ),
        ]
      : []),
  ]);
  return parts.flat();
}

async function googleSide(config: StackConfig, places: PreflightPlaces): Promise<readonly Check[]> {
  return await lookingAt('google.interop', "Google's switches of Calendar Interop", async () => {
    const google = await places.google();
    if (google !== undefined) return switchChecks(await readInteropSwitches(google), config);
    return [
      notChecked(
        'google.interop',
        "Google's switches of Calendar Interop: there are no credentials for Google",
        {
          next: GIVE_GOOGLE,
        },
      ),
    ];
  });
}

async function peopleSide(config: StackConfig, places: PreflightPlaces): Promise<readonly Check[]> {
  const { work } = places;
  const online = config.endpoints.filter(({ type }) => type !== 'onPremises');
  const elsewhere = online.length < config.endpoints.length;
  const onPremises = elsewhere
    ? [
        notChecked(
          'people.on-premises',
          'people with mailboxes on-premises: they are not listed in Exchange Online',
        ),
      ]
    : [];
  if (work === undefined) return onPremises;
  const sweep = await lookingAt(PEOPLE_CHECKS, "the guide's conditions for people", async () => {
    const scope = config.visibility?.scope ?? { all: true };
    const everybody = 'all' in scope;
    const sources = {
      domains: config.google?.domains ?? online.flatMap(({ domains }) => domains),
      google: await lookOr(() => googleSource(places)),
      mailboxes: addresses(work, scope),
      directory: everybody && !elsewhere ? places.people() : undefined,
      ...(places.onProgress === undefined ? {} : { onProgress: places.onProgress }),
    };
    return peopleChecks(await sweepPeople(sources));
  });
  return [...sweep, ...onPremises];
}

async function googleSource({ google, usersCsv }: PreflightPlaces): Promise<GoogleSource | undefined> {
  const apis = await google();
  if (apis !== undefined) {
    return {
      from: 'interfaces',
      users: listUsers(apis),
      unmanaged: listUnmanagedAccounts(apis),
      calendar: await readCalendarService(apis),
    };
  }
  return usersCsv === undefined ? undefined : { from: 'file', users: usersOfCsv(usersCsv), file: usersCsv };
}

async function* addresses(work: Work, scope: Parameters<typeof listMailboxes>[1]): AsyncGenerator<string> {
  for await (const { address } of listMailboxes(work.port, scope, emptyNotes(), work.signal)) {
    if (address !== undefined) yield address;
  }
}
