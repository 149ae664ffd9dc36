/**
 * What Google's own side says about people who are looked up: by its interfaces where there are credentials, else by a list of users as
 * the Admin console exports it. Reads only. What cannot be read is noted, never a failure of the diagnosis.
 */
import { InteropError } from '../errors.js';
import {
  calendarOfUser,
  findUser,
  type GoogleApis,
  type GoogleUser,
  listUnmanagedAccounts,
  listUsers,
  readCalendarService,
  readInteropSwitches,
} from '../google/index.js';
import { once } from '../once.js';
import { usersOfCsv } from '../preflight/google-csv.js';
import type { GoogleSight, GoogleState } from './sight.js';

export interface GoogleSources {
  /** Google's interfaces; undefined without credentials. @throws InteropError when the credentials cannot be used */
  readonly google: () => Promise<GoogleApis | undefined>;
  /** Path of a list of Google's users. */
  readonly usersCsv: string | undefined;
  /** Everybody who is looked up. */
  readonly people: readonly string[];
  /** Told once for each thing that could not be looked at. */
  readonly blind: (what: string) => void;
}

/** Nothing is asked before somebody wants to know. */
export function openGoogleSight(sources: GoogleSources): GoogleSight {
  const apis = once(() => trying(sources, "Google's side", sources.google));
  const switches = once(async () => {
    const google = await apis();
    if (google === undefined) return undefined;
    return await trying(sources, "Google's switches of Calendar Interop", () => readInteropSwitches(google));
  });
  const states = once(async () => {
    const google = await apis();
    return google === undefined ? await statesOfFile(sources) : await statesAtGoogle(google, sources);
  });
  return {
    interop: async () => (await switches())?.interoperability,
    person: async (address) => (await states()).get(address.toLowerCase()) ?? 'notChecked',
  };
}

type States = ReadonlyMap<string, GoogleState>;

async function statesAtGoogle(google: GoogleApis, sources: GoogleSources): Promise<States> {
  const wanted = wantedOf(sources);
  const accounts = await trying(sources, "people's accounts at Google", () => accountsOf(google, wanted));
  const calendar = await trying(sources, 'for whom Google Calendar is on', () => readCalendarService(google));
  const unmanaged = await trying(sources, 'unmanaged Google accounts', async () => {
    const found = new Set<string>();
    for await (const address of listUnmanagedAccounts(google)) if (wanted.has(address)) found.add(address);
    return found;
  });
  const stateOf = (address: string): GoogleState => {
    if (unmanaged?.has(address) === true) return 'unmanagedAccount';
    if (accounts === undefined) return 'notChecked';
    const user = accounts.get(address);
    if (user === undefined) return 'fine';
    const isOn = calendar === undefined ? undefined : calendarOfUser(calendar, user);
    if (isOn === undefined) return 'notChecked';
    return isOn ? 'calendarOn' : 'fine';
  };
  return new Map([...wanted].map((address) => [address, stateOf(address)]));
}

/** Up to so many people are asked for one by one; for more, going through all users takes fewer requests. */
const MOST_ONE_BY_ONE = 50;

async function accountsOf(
  google: GoogleApis,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, GoogleUser>> {
  if (wanted.size <= MOST_ONE_BY_ONE) {
    try {
      return await oneByOne(google, wanted);
    } catch (error) {
      // Google may refuse a question about somebody in a domain that is not the customer's: the list of all users has no such person.
      if (!(error instanceof InteropError) || error.kind !== 'authentication') throw error;
    }
  }
  return await among(listUsers(google), wanted);
}

async function oneByOne(
  google: GoogleApis,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, GoogleUser>> {
  const found = new Map<string, GoogleUser>();
  for (const address of wanted) {
    const user = await findUser(google, address);
    if (user !== undefined) found.set(address, user);
  }
  return found;
}

async function among(
  users: AsyncIterable<GoogleUser>,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, GoogleUser>> {
  const found = new Map<string, GoogleUser>();
  for await (const user of users) {
    for (const address of [user.address, ...user.aliases]) if (wanted.has(address)) found.set(address, user);
  }
  return found;
}

/** The list tells who has an account; neither for whom Calendar is on nor who has an unmanaged one. */
async function statesOfFile(sources: GoogleSources): Promise<States> {
  const { usersCsv, blind } = sources;
  if (usersCsv === undefined) {
    blind("Google's side: there are no credentials for Google");
    return new Map();
  }
  const wanted = wantedOf(sources);
  const accounts = await trying(sources, 'the list of Google users', () =>
    among(usersOfCsv(usersCsv), wanted),
  );
  if (accounts === undefined) return new Map();
  blind('unmanaged Google accounts: the list of Google users does not show them');
  if (accounts.size > 0) {
    blind(
      `whether Calendar is off for ${[...accounts.keys()].join(', ')}: the list of Google users does not show it`,
    );
  }
  return new Map([...wanted].map((address) => [address, accounts.has(address) ? 'notChecked' : 'fine']));
}

function wantedOf({ people }: GoogleSources): ReadonlySet<string> {
  return new Set(people.map((address) => address.toLowerCase()));
}

/** Undefined where Google, or the file, does not let us look. */
async function trying<T>(
  { blind }: GoogleSources,
  what: string,
  look: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof InteropError) || error.kind === 'cancelled') throw error;
    blind(`${what}: ${error.summary}`);
    return undefined;
  }
}
