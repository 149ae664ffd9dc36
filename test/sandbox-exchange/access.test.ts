/** 401, 403, 200: what of token, application permission and Exchange role is missing, and what each role group may run. */
import { decodeJwt } from 'jose';
import { EXCHANGE_APP_ID } from '../../sandbox/entra/first-party.js';
import { grant, type MadeClient, makeClient, must, secretForm } from '../sandbox/support/principals.js';
import { EXCHANGE_SCOPE, type ExchangeTenant, startExchange } from './support/exchange.js';

const EXCHANGE_ADMINISTRATOR = '29232cdf-9323-42fd-ade2-1d097af3e4de';

let t: ExchangeTenant;
beforeAll(async () => {
  t = await startExchange({ mailboxes: 3 });
});
afterAll(() => t.dispose());

const tokenOf = async (client: MadeClient, scope = EXCHANGE_SCOPE): Promise<string> =>
  (await must(t.tenant.tokenRequest(secretForm(t.tenant, client, { scope })))).access_token;

async function clientWith(permissions: readonly string[]): Promise<MadeClient> {
  const client = await makeClient(t.tenant);
  for (const role of permissions) await grant(t.tenant, client.principalId, role, EXCHANGE_APP_ID);
  return client;
}

const giveDirectoryRole = (client: MadeClient) =>
  must(
    t.tenant.graph('POST', '/roleManagement/directory/roleAssignments', {
      body: {
        principalId: client.principalId,
        roleDefinitionId: EXCHANGE_ADMINISTRATOR,
        directoryScopeId: '/',
      },
    }),
  );

async function giveRoleGroup(client: MadeClient, group: string): Promise<void> {
  await t.rows('New-ServicePrincipal', {
    AppId: client.appId,
    ObjectId: client.principalId,
    DisplayName: group,
  });
  await t.rows('Add-RoleGroupMember', { Identity: group, Member: client.principalId });
}

/** A refusal of NUL bytes that claim to be gzip cannot be read as a body. */
async function statusOf(name: string, token: string, parameters: object = {}): Promise<number> {
  const response = await import('node:https').then(
    ({ request }) =>
      new Promise<{ status: number; encoding: string | undefined; body: Buffer }>((resolve, reject) => {
        const url = new URL(`${t.tenant.sandbox.info.exchange}${t.root}/InvokeCommand`);
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        const sent = request(url, { method: 'POST', headers, rejectUnauthorized: false }, (message) => {
          const chunks: Buffer[] = [];
          message.on('data', (chunk: Buffer) => chunks.push(chunk));
          message.on('end', () =>
            resolve({
              status: message.statusCode ?? 0,
              encoding: message.headers['content-encoding'],
              body: Buffer.concat(chunks),
            }),
          );
        });
        sent.on('error', reject);
        sent.end(JSON.stringify({ CmdletInput: { CmdletName: name, Parameters: parameters } }));
      }),
  );
  if (response.status === 403) {
    expect(response.encoding).toBe('gzip');
    expect(response.body.length).toBeGreaterThan(0);
    expect([...response.body].every((byte) => byte === 0)).toBe(true);
  }
  return response.status;
}

test('no grant 401, the application permission alone 403, both 200', async () => {
  const client = await clientWith([]);
  expect(await statusOf('Get-Mailbox', await tokenOf(client))).toBe(401);
  await grant(t.tenant, client.principalId, 'Exchange.ManageAsApp', EXCHANGE_APP_ID);
  const roleless = await tokenOf(client);
  expect(await statusOf('Get-Mailbox', roleless)).toBe(403);
  await giveDirectoryRole(client);
  expect(await statusOf('Get-Mailbox', roleless)).toBe(403);
  expect(await statusOf('Get-Mailbox', await tokenOf(client))).toBe(200);
});

test('the permission of the published API does not open the other transport, nor the other way round', async () => {
  const v2 = await clientWith(['Exchange.ManageAsAppV2']);
  await giveDirectoryRole(v2);
  const path = `/adminapi/v2.0/${t.tenant.sandbox.info.tenantId}/AcceptedDomain`;
  expect((await t.cmdlet('Get-AcceptedDomain', {}, { token: await tokenOf(v2) })).status).toBe(401);
  expect((await t.cmdlet('Get-AcceptedDomain', {}, { token: await tokenOf(v2), path })).status).toBe(200);
  const v1 = await clientWith(['Exchange.ManageAsApp']);
  await giveDirectoryRole(v1);
  expect((await t.cmdlet('Get-AcceptedDomain', {}, { token: await tokenOf(v1), path })).status).toBe(401);
});

test.each([
  ['nothing', () => 'nothing'],
  ['a token of Graph', () => t.tenant.token('exchange-admin')],
  ['a token whose signature is changed', async () => `${(await t.token()).slice(0, -6)}AAAAAA`],
])('%s is no token: 401 with a challenge and no body', async (_, token) => {
  const answer = await t.cmdlet('Get-Mailbox', {}, { token: await token() });
  expect(answer.status).toBe(401);
  expect(answer.body).toBeUndefined();
  expect(answer.headers['www-authenticate']).toMatch(
    /^Bearer client_id="00000002-0000-0ff1-ce00-000000000000".*error="invalid_token"/,
  );
});

test('a token that has run out is refused', async () => {
  const other = await startExchange({ mailboxes: 0 });
  try {
    const token = await other.token();
    await other.tenant.control({ clock: { advanceMs: 7_200_000 } });
    expect((await other.cmdlet('Get-AcceptedDomain', {}, { token })).status).toBe(401);
  } finally {
    await other.dispose();
  }
});

describe('role groups', () => {
  const MAY: Readonly<Record<string, readonly [allowed: readonly string[], forbidden: readonly string[]]>> = {
    'View-Only Organization Management': [
      ['Get-Mailbox', 'Get-OrganizationConfig', 'Get-ManagementScope'],
      ['Set-Mailbox', 'Set-OrganizationConfig', 'New-ServicePrincipal'],
    ],
    'Recipient Management': [
      ['Get-Mailbox', 'Set-Mailbox', 'Set-MailboxFolderPermission', 'Set-CalendarProcessing'],
      [
        'Set-OrganizationConfig',
        'New-ManagementScope',
        'New-ManagementRoleAssignment',
        'Get-ServicePrincipal',
      ],
    ],
    'Organization Management': [['Set-OrganizationConfig', 'New-ManagementScope', 'Get-Mailbox'], []],
  };

  test.each(Object.entries(MAY))('%s', async (group, [allowed, forbidden]) => {
    const client = await clientWith(['Exchange.ManageAsApp']);
    await giveRoleGroup(client, group);
    const token = await tokenOf(client);
    // What may be run answers 200 or complains of its parameters; what may not be run says nothing.
    for (const name of allowed) expect([name, await statusOf(name, token)]).not.toEqual([name, 403]);
    for (const name of forbidden) expect([name, await statusOf(name, token)]).toEqual([name, 403]);
  });

  test('a cmdlet that does not exist looks like one that is forbidden', async () => {
    expect(await statusOf('Get-Everything', await t.token())).toBe(403);
  });

  test('the probe lists what the caller may run', async () => {
    const client = await clientWith(['Exchange.ManageAsApp']);
    await giveRoleGroup(client, 'View-Only Organization Management');
    const path = `/adminapi/v1.0/${t.tenant.sandbox.info.tenantId}/EXOModuleFile?Version=3.9.2`;
    const headers = { authorization: `Bearer ${await tokenOf(client)}`, commandname: '*' };
    const { body } = await t.tenant.request<{ value: { exportedCmdlets: string }[] }>(path, { headers });
    const names = body.value[0]?.exportedCmdlets.split(',') ?? [];
    expect(names).toContain('Get-MailboxFolderPermission');
    expect(names).not.toContain('Set-MailboxFolderPermission');
  });
});

test('a claims challenge refuses the token in use and takes a newer one', async () => {
  const client = await clientWith(['Exchange.ManageAsApp']);
  await giveDirectoryRole(client);
  const token = await tokenOf(client);
  await t.tenant.control({ faults: ['claimsChallenge=1'] });
  for (const _ of [1, 2]) {
    const answer = await t.cmdlet('Get-AcceptedDomain', {}, { token });
    expect(answer.status).toBe(401);
    const claims = /error="insufficient_claims", claims="([^"]+)"/.exec(
      answer.headers['www-authenticate'] ?? '',
    )?.[1];
    const wanted = JSON.parse(Buffer.from(claims ?? '', 'base64').toString('utf8'));
    expect(Number(wanted.access_token.nbf.value)).toBeGreaterThanOrEqual(Number(decodeJwt(token).nbf));
  }
  expect((await t.cmdlet('Get-AcceptedDomain', {}, { token: await tokenOf(client) })).status).toBe(200);
});
