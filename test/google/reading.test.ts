import { InteropError } from '../../infra/errors.js';
import {
  calendarServiceOf,
  listUnmanagedAccounts,
  listUsers,
  lookUps,
  openGoogle,
  readCalendarService,
  readInteropSwitches,
  savedForms,
} from '../../infra/google/index.js';
import { readTrust } from '../../infra/graph/trust.js';
import { googleConfig, startWorkspace, type Workspace } from './support.js';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await startWorkspace(12);
});
afterAll(() => workspace.tenant.dispose());

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function failure(work: Promise<unknown>): Promise<InteropError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof InteropError) return error;
  throw new Error(`no InteropError: ${String(error)}`);
}

test('the switches are read through pages that may be empty', async () => {
  await expect(readInteropSwitches(await workspace.open())).resolves.toEqual({
    interoperability: true,
    eventDetails: true,
    roomBooking: false,
  });
});

test('a person with a refresh token gets the same', async () => {
  const google = await workspace.open({ as: 'user' });
  expect((await readInteropSwitches(google)).interoperability).toBe(true);
});

test('Calendar is on or off per unit, and units inherit', async () => {
  const service = await readCalendarService(await workspace.open());
  expect(calendarServiceOf(service, '/')).toBe(true);
  expect(calendarServiceOf(service, '/Calendar users')).toBe(true);
  expect(calendarServiceOf(service, '/Exchange users')).toBe(false);
  expect(calendarServiceOf(service, '/Exchange users/Pilot')).toBe(false);
  expect(service.groups).toBe(0);
});

test('users come with unit, aliases and state, over as many pages as there are', async () => {
  const large = await startWorkspace(1_500);
  try {
    await large.control({
      users: [
        {
          primaryEmail: 'Late@Contoso.com',
          orgUnitPath: '/Exchange users',
          suspended: true,
          aliases: ['l@contoso.com'],
        },
      ],
    });
    const users = await all(listUsers(await large.open()));
    // An administrator, every second user, every fourth one more, the one role account's place, and the late one.
    expect(users.length).toBeGreaterThan(1_120);
    expect(new Set(users.map(({ address }) => address)).size).toBe(users.length);
    expect(users.at(-1)).toEqual({
      address: 'late@contoso.com',
      aliases: ['l@contoso.com'],
      orgUnit: '/Exchange users',
      suspended: true,
    });
  } finally {
    await large.tenant.dispose();
  }
});

test('unmanaged accounts are found under the id behind my_customer', async () => {
  await workspace.control({ unmanaged: ['Ann+x@contoso.com', 'bob@contoso.com'] });
  const google = await workspace.open();
  expect(google.customer).toBe('my_customer');
  await expect(all(listUnmanagedAccounts(google))).resolves.toEqual(['ann+x@contoso.com', 'bob@contoso.com']);
  await workspace.control({ unmanaged: [] });
});

test('saving the form shows with time, URL and role account, once Google shows it', async () => {
  const google = await workspace.open();
  await workspace.control({ auditLagMs: 3_600_000 });
  await workspace.control({
    saveForm: {
      url: 'https://mail.contoso.com/ews/exchange.asmx',
      roleAccount: 'interop@contoso.com',
      additionalEndpoints: 2,
    },
  });
  await expect(savedForms(google, { since: LONG_AGO })).resolves.toEqual([]);
  await workspace.tenant.control({ clock: { advanceMs: 3_700_000 } });
  const [saved, ...others] = await savedForms(google, { since: LONG_AGO });
  expect(others).toEqual([]);
  expect(saved).toMatchObject({
    kind: 'saved',
    by: 'admin@contoso.com',
    url: 'https://mail.contoso.com/ews/exchange.asmx',
    roleAccount: 'interop@contoso.com',
    additionalEndpoints: 2,
  });
  const after = new Date((saved?.at.getTime() ?? 0) + 1);
  await expect(savedForms(google, { since: after })).resolves.toEqual([]);
  await workspace.control({ auditLagMs: 0, resetForm: {} });
  expect((await savedForms(google, { since: LONG_AGO })).map(({ kind }) => kind)).toEqual(['saved', 'reset']);
});

test('look-ups show with whom, where and why not', async () => {
  const google = await workspace.open();
  await workspace.control({
    lookUp: { calendar: 'Ann@contoso.com', url: 'https://outlook.office365.com/ews/exchange.asmx' },
  });
  await workspace.control({
    lookUp: { calendar: 'bob@contoso.com', url: 'https://x.contoso.com/', errorCode: 'CONNECTION' },
  });
  expect(await lookUps(google, { since: LONG_AGO })).toMatchObject([
    { successful: true, calendar: 'ann@contoso.com', errorCode: undefined },
    { successful: false, calendar: 'bob@contoso.com', errorCode: 'CONNECTION' },
  ]);
  expect(await lookUps(google, { since: LONG_AGO, successful: true })).toHaveLength(1);
});

test('throttling and a quota that is used up are waited out', async () => {
  const google = await workspace.open();
  await workspace.tenant.control({ faults: ['throttle=2@GET /v1/policies', 'serverError=1@POST /token'] });
  await workspace.control({ quotaRefusals: 2 });
  workspace.waits.length = 0;
  await expect(readInteropSwitches(google)).resolves.toMatchObject({ interoperability: true });
  expect(workspace.waits).toHaveLength(5);
  expect(Math.min(...workspace.waits)).toBeGreaterThan(0);
});

test('throttling without end is an error, not a hang', async () => {
  const google = await workspace.open();
  await workspace.tenant.control({ faults: ['throttle=50@GET /v1/policies'] });
  const error = await failure(readInteropSwitches(google));
  expect(error.message).toMatch(/Google failed when reading Google's settings.*\n.*status 429/);
  await workspace.tenant.control({ clearFaults: true });
});

test('a scope that is not delegated fails the one check that needs it, and says which', async () => {
  await workspace.control({
    delegatedScopes: ['https://www.googleapis.com/auth/admin.directory.user.readonly'],
  });
  const google = await workspace.open();
  const error = await failure(readInteropSwitches(google));
  expect(error.kind).toBe('authentication');
  expect(error.message).toMatch(/unauthorized_client/);
  expect(error.next[0]).toMatch(
    /domain-wide delegation: add https:\/\/.*readonly to client 100000000000000000001/,
  );
  await expect(all(listUsers(google))).resolves.not.toHaveLength(0);
});

test.each([
  ['nobody that exists', { subject: 'nobody@contoso.com' }, /Invalid email or User ID/],
  [
    'somebody without the role',
    { subject: 'person.1@g.contoso.com' },
    /takes an administrator who may read users/,
  ],
  ['nobody at all', { subject: undefined }, /takes an administrator who may read users/],
])('a service account that acts as %s is refused with the reason', async (_, google, reason) => {
  const error = await failure(all(listUsers(await workspace.open({ google }))));
  expect(error.kind).toBe('authentication');
  expect(error.message).toMatch(reason);
});

test('a token that the server takes for too old is renewed', async () => {
  const google = await workspace.open();
  const before = (await all(listUsers(google))).length;
  await workspace.tenant.control({ clock: { advanceMs: 7_200_000 } });
  await expect(all(listUsers(google))).resolves.toHaveLength(before);
});

test('without credentials Google is left out; with a broken file it is an error that shows nothing of it', async () => {
  const { info } = workspace.tenant.sandbox;
  const common = {
    google: googleConfig(info.graph),
    trust: readTrust({}),
    signal: new AbortController().signal,
  };
  await expect(openGoogle({ ...common, env: {} })).resolves.toBeUndefined();
  await expect(openGoogle({ ...common, google: undefined, env: {} })).resolves.toBeUndefined();
  const error = await failure(openGoogle({ ...common, env: { GOOGLE: info.caFile } }));
  expect(error.kind).toBe('authentication');
  expect(error.message).not.toMatch(/BEGIN/);
});
