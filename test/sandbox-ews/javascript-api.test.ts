/** An independent client, ews-javascript-api, over real HTTPS: it understands what the sandbox answers, and gets what is right. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EwsTenant, ROLE_ACCOUNT, startEws } from './support/tenant.js';

let tenant: EwsTenant;
beforeAll(async () => {
  tenant = await startEws();
});
afterAll(() => tenant.dispose());

/** What the client read, printed by a process of its own: only there the sandbox's authority can be trusted from the start. */
async function ask(attendees: readonly string[]) {
  const { info } = tenant.tenant.sandbox;
  const input = { url: info.ews, token: await tenant.ewsToken(), as: ROLE_ACCOUNT, attendees };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(__dirname, 'support/javascript-api-client.mjs'), JSON.stringify(input)],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: info.caFile } },
  );
  return JSON.parse(stdout.slice(stdout.indexOf('{"answers"')));
}

test('it reads subjects, times only, and failures, each as the rights say', async () => {
  const [detailed = '', plain = '', closed = ''] = tenant.addresses;
  await tenant.setRights(plain, 'Default', 'AvailabilityOnly');
  await tenant.setRights(closed, 'Default', 'None');
  const { answers } = await ask([detailed, plain, closed, 'nobody@contoso.com']);
  expect(answers).toMatchObject([
    { result: 'Success', code: 'NoError', view: 'Detailed' },
    { result: 'Success', code: 'NoError', view: 'FreeBusy' },
    { result: 'Error', code: 'ErrorNoFreeBusyAccess', view: 'None', events: [] },
    { result: 'Error', code: 'ErrorMailRecipientNotFound', view: 'None', events: [] },
  ]);
  const [first, second] = answers;
  // One on each of the five working days, at least.
  expect(
    first.events.filter((event: { subject: string }) => event.subject !== '').length,
  ).toBeGreaterThanOrEqual(5);
  expect(second.events.length).toBeGreaterThanOrEqual(5);
  for (const event of second.events) expect(event.subject).toBeUndefined();
});
