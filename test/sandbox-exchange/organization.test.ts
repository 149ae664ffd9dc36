/** The organisation's settings, distribution groups, and RBAC for Applications. */
import { EXCHANGE_APP_ID } from '../../sandbox/entra/first-party.js';
import { makeClient, must } from '../sandbox/support/principals.js';
import { type ExchangeTenant, startExchange, tagged } from './support/exchange.js';

const ID_1 = '11111111-1111-4111-8111-111111111111';
const ID_2 = '22222222-2222-4222-8222-222222222222';

let t: ExchangeTenant;
beforeAll(async () => {
  t = await startExchange();
});
afterAll(() => t.dispose());

describe('Set-OrganizationConfig', () => {
  const read = async (withList = true) =>
    (await t.rows('Get-OrganizationConfig', withList ? { RetrieveEwsOperationAccessPolicy: true } : {}))[0];

  test('the switch is unset at first, and takes true, false and null', async () => {
    expect((await read()).EwsEnabled).toBeNull();
    for (const EwsEnabled of [true, false, null]) {
      await t.rows('Set-OrganizationConfig', { EwsEnabled });
      expect((await read()).EwsEnabled).toBe(EwsEnabled);
    }
  });

  test('the list is one string, is overwritten as a whole, and is shown with the switch only', async () => {
    await t.rows('Set-OrganizationConfig', { EwsAllowedAppIDs: `${ID_1},${ID_2}` });
    expect((await read()).EwsAllowedAppIDs).toEqual([`${ID_1},${ID_2}`]);
    expect((await read(false)).EwsAllowedAppIDs).toBeNull();
    await t.rows('Set-OrganizationConfig', { EwsAllowedAppIDs: ID_2 });
    expect((await read()).EwsAllowedAppIDs).toEqual([ID_2]);
    await t.rows('Set-OrganizationConfig', { EwsAllowedAppIDs: null });
    expect((await read()).EwsAllowedAppIDs).toBeNull();
    expect((await t.cmdlet('Set-OrganizationConfig', { EwsAllowedAppIDs: 'my app' })).status).not.toBe(200);
  });

  test('the same again warns and changes nothing', async () => {
    const before = await t.exchangeState();
    const { body } = await t.cmdlet('Set-OrganizationConfig', { EwsEnabled: (await read()).EwsEnabled });
    expect(body['@adminapi.warnings']).toHaveLength(1);
    expect(await t.exchangeState()).toEqual(before);
  });
});

test('accepted domains are the verified ones', async () => {
  const rows = await t.rows('Get-AcceptedDomain');
  expect(rows.map(({ DomainName, Default, InitialDomain }) => [DomainName, Default, InitialDomain])).toEqual([
    ['contoso.com', true, false],
    ['contoso.onmicrosoft.com', false, true],
  ]);
});

describe('distribution groups', () => {
  test('members are listed with their kinds, nested groups as such', async () => {
    const rows = await t.rows('Get-DistributionGroupMember', { Identity: 'visibility-pilot@contoso.com' });
    const kinds = rows.map(({ RecipientTypeDetails }) => RecipientTypeDetails);
    expect(kinds).toHaveLength(12);
    expect(kinds).toEqual(
      expect.arrayContaining(['UserMailbox', 'RoomMailbox', 'MailContact', 'MailUniversalDistributionGroup']),
    );
    expect(await t.rows('Get-DistributionGroupMember', { Identity: 'Nobody' })).toEqual([]);
  });

  test('a security group without mail is none; one that is missing is not found', async () => {
    for (const Identity of ['Sales', 'no-such-list']) {
      expect(tagged(await t.cmdlet('Get-DistributionGroupMember', { Identity })).stringId).toBe('Ex6F9304');
    }
  });

  test('membership is changed, and taken back', async () => {
    const before = await t.exchangeState();
    const Member = 'interop@contoso.com';
    await t.rows('Add-DistributionGroupMember', { Identity: 'nobody', Member });
    expect(await t.exchangeState()).not.toEqual(before);
    expect((await t.cmdlet('Add-DistributionGroupMember', { Identity: 'nobody', Member })).status).not.toBe(
      200,
    );
    await t.rows('Remove-DistributionGroupMember', { Identity: 'nobody', Member, Confirm: false });
    expect(await t.exchangeState()).toEqual(before);
  });
});

describe('RBAC for Applications', () => {
  const test_ = (Identity: string, Resource?: string) =>
    t.rows('Test-ServicePrincipalAuthorization', {
      Identity,
      ...(Resource === undefined ? {} : { Resource }),
    });

  test('service principal, scope, assignment: inside, outside, not run; and everything goes again', async () => {
    const before = await t.exchangeState();
    const client = await makeClient(t.tenant);
    const { appId, principalId } = client;
    const [principal] = await t.rows('New-ServicePrincipal', {
      AppId: appId,
      ObjectId: principalId,
      DisplayName: 'interop',
    });
    expect(principal).toMatchObject({ AppId: appId, ObjectId: principalId, DisplayName: 'interop' });
    const [scope] = await t.rows('New-ManagementScope', {
      Name: 'roles',
      RecipientRestrictionFilter: "PrimarySmtpAddress -eq 'interop@contoso.com' -or Alias -eq 'x'",
    });
    expect(scope.RecipientFilter).toBe(
      "((PrimarySmtpAddress -eq 'interop@contoso.com') -or (Alias -eq 'x'))",
    );
    const [assignment] = await t.rows('New-ManagementRoleAssignment', {
      Name: 'ews',
      App: principalId,
      Role: 'Application EWS.AccessAsApp',
      CustomResourceScope: 'roles',
    });
    expect(assignment).toMatchObject({
      Name: 'ews',
      Role: 'Application EWS.AccessAsApp',
      CustomResourceScope: 'roles',
    });

    const [outsider] = await t.rows('Get-Mailbox', { ResultSize: 1 });
    expect((await test_(principalId, 'interop@contoso.com'))[0]).toEqual({
      RoleName: 'Application EWS.AccessAsApp',
      GrantedPermissions: 'EWS.AccessAsApp',
      AllowedResourceScope: 'roles',
      ScopeType: 'CustomRecipientScope',
      InScope: 'True',
    });
    expect((await test_(appId, outsider.Guid))[0].InScope).toBe('False');
    expect((await test_('interop'))[0].InScope).toBe('Not Run');

    await t.rows('Set-ManagementScope', {
      Identity: 'roles',
      RecipientRestrictionFilter: `Alias -eq '${outsider.Alias.replaceAll("'", "''")}'`,
    });
    expect((await test_(principalId, 'interop@contoso.com'))[0].InScope).toBe('False');
    expect((await test_(principalId, outsider.Guid))[0].InScope).toBe('True');

    const remove = (name: string, Identity: string) => t.cmdlet(name, { Identity, Confirm: false });
    expect((await remove('Remove-ManagementScope', 'roles')).status).not.toBe(200);
    for (const [name, identity] of [
      ['Remove-ManagementRoleAssignment', 'ews'],
      ['Remove-ManagementScope', 'roles'],
      ['Remove-ServicePrincipal', principalId],
    ] as const) {
      expect((await remove(name, identity)).status).toBe(200);
    }
    expect(await t.exchangeState()).toEqual(before);
  });

  test('a scope by membership takes direct members of the group', async () => {
    const { appId, principalId } = await makeClient(t.tenant);
    await t.rows('New-ServicePrincipal', { AppId: appId, ObjectId: principalId });
    const [group] = await t.rows('Get-DistributionGroup', { Identity: 'interop-roles' });
    const filter = `MemberOfGroup -eq '${group.DistinguishedName}'`;
    await t.rows('New-ManagementScope', { Name: 'by group', RecipientRestrictionFilter: filter });
    await t.rows('New-ManagementRoleAssignment', {
      App: appId,
      Role: 'Application Calendars.Read',
      CustomResourceScope: 'by group',
    });
    expect((await test_(principalId, 'interop@contoso.com'))[0].InScope).toBe('True');
    const [outsider] = await t.rows('Get-Mailbox', { ResultSize: 1 });
    expect((await test_(principalId, outsider.Guid))[0].InScope).toBe('False');
  });

  test.each([
    [
      'a principal whose object id is the registration',
      async () => {
        const { appId, id } = await makeClient(t.tenant);
        return await t.cmdlet('New-ServicePrincipal', { AppId: appId, ObjectId: id });
      },
    ],
    [
      'the test of a principal that Exchange does not know',
      () =>
        t.cmdlet('Test-ServicePrincipalAuthorization', { Identity: ID_1, Resource: 'interop@contoso.com' }),
    ],
    [
      'an assignment of a role that does not exist',
      async () => {
        const { appId, principalId } = await makeClient(t.tenant);
        await t.rows('New-ServicePrincipal', { AppId: appId, ObjectId: principalId });
        return await t.cmdlet('New-ManagementRoleAssignment', { App: appId, Role: 'Application Everything' });
      },
    ],
  ])('%s is not found', async (_, call) => {
    expect(tagged(await call()).className).toMatch(/ManagementObjectNotFoundException$/);
  });

  test('a filter that is none is refused where it was given', async () => {
    const { status, body } = await t.cmdlet('New-ManagementScope', {
      Name: 'bad',
      RecipientRestrictionFilter: 'Alias = x',
    });
    expect(status).toBe(400);
    expect(body.error.innererror.internalexception.message).toMatch(/^Invalid filter syntax\./);
  });

  test('Exchange itself has a service principal that is no business of these', async () => {
    const found = await must<{ id: string }>(
      t.tenant.graph('GET', `/servicePrincipals(appId='${EXCHANGE_APP_ID}')`),
    );
    expect((await t.cmdlet('Get-ServicePrincipal', { Identity: found.id })).status).not.toBe(200);
  });
});

describe('rooms', () => {
  test('calendar processing is read and set; AutoAccept is for resources', async () => {
    const [room] = await t.rows('Get-Mailbox', { RecipientTypeDetails: ['RoomMailbox'] });
    await t.rows('Set-CalendarProcessing', {
      Identity: room.Guid,
      AutomateProcessing: 'AutoAccept',
      ProcessExternalMeetingMessages: true,
    });
    expect((await t.rows('Get-CalendarProcessing', { Identity: room.Guid }))[0]).toMatchObject({
      AutomateProcessing: 'AutoAccept',
      ProcessExternalMeetingMessages: true,
    });
    const person = await t.cmdlet('Set-CalendarProcessing', {
      Identity: 'interop@contoso.com',
      AutomateProcessing: 'AutoAccept',
    });
    expect(tagged(person).className).toBe('System.ArgumentException');
  });
});
