/** Google's own side about people who are looked up, through the emulated interfaces, and from the console's list of users. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InteropError } from '../../infra/errors.js';
import type { GoogleApis } from '../../infra/google/index.js';
import { openGoogleSight } from '../../infra/verify/google-sight.js';
import { type GoogleSight, verifyEndpoint } from '../../infra/verify/index.js';
import { SCOPES } from '../../sandbox/google/sign-in.js';
import { startWorkspace, type Workspace } from '../google/support.js';
import { makeWorld } from './support/world.js';

const PERSON = 'anna@contoso.com';

let workspace: Workspace;
let folder: string;
beforeAll(async () => {
  workspace = await startWorkspace(6);
  folder = mkdtempSync(join(tmpdir(), 'google-sight-'));
});
afterAll(async () => {
  await workspace.tenant.dispose();
  rmSync(folder, { recursive: true, force: true });
});

interface Seen {
  readonly sight: GoogleSight;
  readonly blind: readonly string[];
}

function look(
  google: () => Promise<GoogleApis | undefined>,
  { people = [PERSON], usersCsv }: { people?: readonly string[]; usersCsv?: string } = {},
): Seen {
  const blind: string[] = [];
  const sight = openGoogleSight({ google, usersCsv, people, blind: (what) => blind.push(what) });
  return { sight, blind };
}

const atGoogle = () => workspace.open();
const noCredentials = async () => undefined;

function put(orgUnitPath: string, more: object = {}) {
  return workspace.control({ users: [{ primaryEmail: PERSON, orgUnitPath, ...more }] });
}

function csv(text: string): string {
  const file = join(folder, 'users.csv');
  writeFileSync(file, text);
  return file;
}

describe("by Google's interfaces", () => {
  it.each([
    ['/Calendar users', {}, 'calendarOn'],
    ['/Exchange users', {}, 'fine'],
    ['/Calendar users', { suspended: true }, 'notChecked'],
  ])('somebody in %s (%j) is %s', async (unit, more, state) => {
    await put(unit, more);
    const { sight, blind } = look(atGoogle);
    expect(await sight.person('Anna@Contoso.com')).toBe(state);
    expect(blind).toEqual([]);
  });

  it('somebody known by another address is found, and nobody by that name is fine', async () => {
    await put('/Calendar users', { aliases: ['a@contoso.com'] });
    const { sight } = look(atGoogle, { people: ['a@contoso.com', 'nobody@contoso.com'] });
    expect(await sight.person('a@contoso.com')).toBe('calendarOn');
    expect(await sight.person('nobody@contoso.com')).toBe('fine');
    await put('/Exchange users');
  });

  it('an unmanaged account is told', async () => {
    await workspace.control({ unmanaged: ['new@contoso.com'] });
    const { sight } = look(atGoogle, { people: ['new@contoso.com', PERSON] });
    expect(await sight.person('new@contoso.com')).toBe('unmanagedAccount');
    expect(await sight.person(PERSON)).toBe('fine');
    await workspace.control({ unmanaged: [] });
  });

  it('many people are found by going through all users', async () => {
    await put('/Calendar users');
    const people = [PERSON, ...Array.from({ length: 60 }, (_, number) => `p${number}@contoso.com`)];
    const { sight } = look(atGoogle, { people });
    expect(await sight.person(PERSON)).toBe('calendarOn');
    expect(await sight.person('p59@contoso.com')).toBe('fine');
  });

  it('a refusal about one person is looked behind in the list of all', async () => {
    await put('/Calendar users');
    const open = async (): Promise<GoogleApis> => {
      const google = await workspace.open();
      return {
        ...google,
        ask: async (call, schema, send) => {
          if (call.doing === 'reading a user of Google')
            throw new InteropError({ kind: 'authentication', summary: 'Not Authorized' });
          return await google.ask(call, schema, send);
        },
      };
    };
    const { sight, blind } = look(open);
    expect(await sight.person(PERSON)).toBe('calendarOn');
    expect(blind).toEqual([]);
  });

  it('whether Interop is on; what was never set is not known', async () => {
    expect(await look(atGoogle).sight.interop()).toBe(true);
    const before = (await workspace.describe()).state.policies;
    await workspace.control({ policies: [] });
    expect(await look(atGoogle).sight.interop()).toBeUndefined();
    await workspace.control({ policies: before });
  });
});

describe('what cannot be looked at', () => {
  it('is told once, and nobody is called fine for it', async () => {
    await workspace.control({ delegatedScopes: [] });
    const { sight, blind } = look(atGoogle);
    expect(await sight.interop()).toBeUndefined();
    expect(await sight.person(PERSON)).toBe('notChecked');
    expect(await sight.person(PERSON)).toBe('notChecked');
    expect(blind.map((text) => text.split(':')[0])).toEqual([
      "Google's switches of Calendar Interop",
      "people's accounts at Google",
      'for whom Google Calendar is on',
      'unmanaged Google accounts',
    ]);
    await workspace.control({ delegatedScopes: Object.values(SCOPES) });
  });

  it('includes everything where there are no credentials, or they cannot be read', async () => {
    const none = look(noCredentials);
    expect(await none.sight.person(PERSON)).toBe('notChecked');
    expect(await none.sight.interop()).toBeUndefined();
    expect(none.blind).toEqual(["Google's side: there are no credentials for Google"]);
    const broken = look(async () => {
      throw new InteropError({ kind: 'authentication', summary: "Google's credentials cannot be used" });
    });
    expect(await broken.sight.interop()).toBeUndefined();
    expect(broken.blind).toEqual(["Google's side: Google's credentials cannot be used"]);
  });

  it('does not swallow a cancellation', async () => {
    const { sight } = look(async () => {
      throw new InteropError({ kind: 'cancelled', summary: 'cancelled' });
    });
    await expect(sight.interop()).rejects.toThrow('cancelled');
  });
});

describe("by the console's list of users", () => {
  it('who is not in it is fine; of who is in it nothing more is known, and that is told', async () => {
    const usersCsv = csv(`Email Address [Required],Org Unit Path\n${PERSON},/\n`);
    const { sight, blind } = look(noCredentials, { people: [PERSON, 'ben@contoso.com'], usersCsv });
    expect(await sight.person(PERSON)).toBe('notChecked');
    expect(await sight.person('ben@contoso.com')).toBe('fine');
    expect(blind).toEqual([
      'unmanaged Google accounts: the list of Google users does not show them',
      `whether Calendar is off for ${PERSON}: the list of Google users does not show it`,
    ]);
  });

  it('that is none says so', async () => {
    const { sight, blind } = look(noCredentials, { usersCsv: csv('Name\n') });
    expect(await sight.person(PERSON)).toBe('notChecked');
    expect(blind).toEqual(['the list of Google users: the list of Google users cannot be used']);
  });
});

test('a look-up that works is none for somebody whose Google Calendar is on', async () => {
  const world = await makeWorld();
  try {
    const [on = '', off = ''] = world.check.attendees;
    await workspace.control({
      users: [
        { primaryEmail: on, orgUnitPath: '/Calendar users' },
        { primaryEmail: off, orgUnitPath: '/Exchange users' },
      ],
    });
    const { sight } = look(atGoogle, { people: [on, off] });
    const report = await verifyEndpoint({ ...world.check, google: sight }, world.around);
    expect(report.attendees.map(({ google }) => google)).toEqual(['checked', 'checked']);
    expect(report.findings).toMatchObject([{ code: 'CI-GOOGLE-CALENDAR-ON', about: on }]);
  } finally {
    await world.dispose();
  }
});
