import fc from 'fast-check';
import { CMDLETS } from '../../infra/exchange/transport/cmdlets.js';
import { anchorMailbox, cmdletHeaders, cmdletInput, nextPage } from '../../infra/exchange/transport/wire.js';

const TENANT = '11111111-2222-4333-8444-555555555555';
const organisation = { tenantId: TENANT, organization: 'contoso.onmicrosoft.com' };
const SYSTEM = 'APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@contoso.onmicrosoft.com';

describe('the body of a cmdlet', () => {
  test('no parameters are an empty object and never null', () => {
    expect(cmdletInput('Get-AcceptedDomain', {})).toEqual({
      CmdletInput: { CmdletName: 'Get-AcceptedDomain', Parameters: {} },
    });
  });

  test('null is a value, undefined is none', () => {
    const { Parameters } = cmdletInput('Set-CASMailbox', {
      EwsEnabled: null,
      Identity: undefined,
    }).CmdletInput;
    expect(Parameters).toEqual({ EwsEnabled: null });
  });

  test('hashtables carry their type, at every depth', () => {
    const { Parameters } = cmdletInput('Set-X', {
      List: { add: ['a'], inner: [{ remove: [] }] },
    }).CmdletInput;
    expect(Parameters.List).toEqual({
      '@odata.type': '#Exchange.GenericHashTable',
      add: ['a'],
      inner: [{ '@odata.type': '#Exchange.GenericHashTable', remove: [] }],
    });
  });

  test('texts, lists and truth come through JSON unchanged (property)', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.array(fc.string({ unit: 'binary' })),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-Z][A-Za-z]{0,20}$/), value), (parameters) => {
        const sent = JSON.parse(JSON.stringify(cmdletInput('Get-X', parameters)));
        expect(sent.CmdletInput.Parameters).toEqual({ ...parameters });
      }),
    );
  });
});

describe('the anchor', () => {
  test.each([
    ['a@contoso.com', 'SMTP:a@contoso.com'],
    ['a@contoso.com:\\Kalender', 'SMTP:a@contoso.com'],
    ['0f3c1f6e-7a83-4a53-8e0a-3a6f1ad7b9c1', `MBX:0f3c1f6e-7a83-4a53-8e0a-3a6f1ad7b9c1@${TENANT}`],
    [undefined, SYSTEM],
    ['', SYSTEM],
    ['no address', SYSTEM],
    ['ä@contoso.com', SYSTEM],
    ['a@contoso.com\r\nX-Evil: 1', SYSTEM],
  ])('of %j', (mailbox, anchor) => {
    expect(anchorMailbox(mailbox, organisation)).toBe(anchor);
  });

  test('of a person who signed in', () => {
    expect(anchorMailbox(undefined, { ...organisation, user: 'admin@contoso.com' })).toBe(
      'UPN:admin@contoso.com',
    );
  });

  test('is a header, whatever the mailbox is (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (mailbox) => {
        const anchor = anchorMailbox(mailbox, organisation);
        expect(anchor).toMatch(/^(APP|SMTP|MBX):[\x21-\x7e]+$/);
        const headers = cmdletHeaders({ cmdlet: 'Get-X', anchor, requestId: 'r', connectionId: 'c' });
        expect(() => new Headers(headers)).not.toThrow();
      }),
    );
  });
});

describe('the next page', () => {
  const asked = 'https://exchange.example/adminapi/beta/t/InvokeCommand';

  test('is on the same server, whatever the link is (property)', () => {
    const link = fc.oneof(
      fc.webUrl(),
      fc.string(),
      fc.webUrl().map((url) => url.replace(/^https?:/, '')),
    );
    fc.assert(
      fc.property(link, (text) => {
        const next = nextPage(text, asked);
        if ('url' in next) expect(next.url).toMatch(/^https:\/\/exchange\.example\/adminapi\//);
      }),
    );
  });

  test('keeps the token as it came', () => {
    const link = `${asked}?%24skiptoken=a%2Bb%3D`;
    expect(nextPage(link, asked)).toEqual({ url: link });
    expect(nextPage('/adminapi/beta/t/InvokeCommand?%24skiptoken=x', asked)).toEqual({
      url: `${asked}?%24skiptoken=x`,
    });
  });

  test.each([
    'http://exchange.example/adminapi/',
    'https://exchange.example:444/adminapi/x',
    'https://u:p@exchange.example/adminapi/x',
  ])('is not %s', (link) => {
    expect(nextPage(link, asked)).toHaveProperty('trouble');
  });
});

test('what may be repeated after a lost answer: reads, and writes of absolute values', () => {
  const once = Object.entries(CMDLETS).filter(([, { repeatable }]) => !repeatable);
  expect(once.map(([name]) => name).sort()).toEqual([
    'New-Mailbox',
    'New-ManagementRoleAssignment',
    'New-ManagementScope',
    'New-ServicePrincipal',
    'Remove-Mailbox',
    'Remove-ManagementRoleAssignment',
    'Remove-ManagementScope',
    'Remove-ServicePrincipal',
    'Set-OrganizationConfig',
  ]);
  for (const [, { effect }] of once) expect(effect).toBe('write');
});
