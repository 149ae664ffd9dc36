/** `doctor` on a stack over EWS with everything of Exchange in it: well but for the end of EWS; then shut out by the allow list. */
import { listAnotherApplication } from '../support/ews-allow-list.js';
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const ROLE = 'interop@contoso.com';

let sandbox: TestSandbox;
let project: TestProject;

beforeEach(async () => {
  sandbox = await startTestSandbox({ mailboxes: 6 });
  project = await makeProject({ info: sandbox.sandbox.info });
  const { exchange: url, ews: ewsUrl } = sandbox.sandbox.info;
  await project.configure({
    'calendar-interop:exchange': { url, ewsUrl },
    'calendar-interop:ewsAccess': { acknowledgeAllowList: true },
    'calendar-interop:access': 'roleMailboxes',
    'calendar-interop:roleMailboxes': [{ address: ROLE }],
    'calendar-interop:visibility': { scope: { recipientTypes: ['UserMailbox'] } },
  });
});
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

interface Report {
  readonly sections: readonly {
    readonly id: string;
    readonly state: string;
    readonly items: readonly { readonly id: string; readonly state: string }[];
    readonly next: readonly string[];
  }[];
}

async function doctor() {
  const { code, value } = await project.json(['doctor']);
  const { sections } = value as Report;
  return {
    code,
    states: Object.fromEntries(sections.map(({ id, state }) => [id, state])),
    section: (wanted: string) => sections.find(({ id }) => id === wanted),
  };
}

test('well; shut out by the allow list, which is a fault of drift and of look-ups; well again by the command it names', async () => {
  expect(await project.run(['up'])).toMatchObject({ code: 0 });
  expect(await project.run(['rotation', 'confirm'])).toMatchObject({ code: 0 });

  const well = await doctor();
  // The countdown goes by the machine's clock: what it asks for depends on the day.
  expect(well.states).toMatchObject({ preflight: 'ok', drift: 'ok', rotation: 'ok', verify: 'ok' });
  expect(well.section('ews')?.items).toContainEqual(expect.objectContaining({ id: 'ews.end' }));

  await listAnotherApplication(sandbox);
  const broken = await doctor();
  expect(broken.code).toBe(12);
  expect(broken.states).toMatchObject({ preflight: 'ok', drift: 'fault', rotation: 'ok', verify: 'fault' });
  expect(broken.section('verify')?.items).toContainEqual(
    expect.objectContaining({ id: 'CI-EWS-NOT-LISTED', state: 'fault' }),
  );
  expect(broken.section('drift')?.next[0]).toContain('calendar-interop up --refresh --stack test');

  expect(await project.run(['up', '--refresh'])).toMatchObject({ code: 0 });
  expect((await doctor()).states).toEqual(well.states);
}, 900_000);
