/** The PowerShell module of the sandbox, on PowerShell's own engine: surface, objects, warnings, error records. */
import { makeClientCertificate } from '../sandbox/support/certificates.js';
import { describeWithPwsh, pwsh } from '../support/pwsh.js';
import { type ExchangeTenant, startExchange } from './support/exchange.js';
import { framed, runPowerShell } from './support/run-powershell.js';

describeWithPwsh('the module', () => {
  let t: ExchangeTenant;
  beforeAll(async () => {
    t = await startExchange();
  });
  afterAll(() => t.dispose());

  async function run<T>(script: string, environment: Readonly<Record<string, string>> = {}): Promise<T> {
    const { info } = t.tenant.sandbox;
    return await runPowerShell<T>(pwsh ?? '', script, {
      URL: `${info.exchange}/powershell-liveid`,
      AUTHORITY: `${info.authority}/common`,
      SSL_CERT_FILE: info.caFile,
      TOKEN: await t.token(),
      ...environment,
    });
  }
  const CONNECT =
    'Connect-ExchangeOnline -ConnectionUri $env:URL -AccessToken $env:TOKEN -Organization contoso.onmicrosoft.com -ShowBanner:$false -SkipLoadingFormatData;';

  test('says that it is 3.9.2, and has no cmdlets before the connection', async () => {
    const seen = await run<{
      version: string;
      before: boolean;
      after: boolean;
      state: string;
      gone: boolean;
    }>(
      `$v = (Get-Module ExchangeOnlineManagement).Version.ToString()
       $before = $null -ne (Get-Command Get-Mailbox -ErrorAction Ignore)
       ${CONNECT}
       $after = $null -ne (Get-Command Get-Mailbox -ErrorAction Ignore)
       $state = (Get-ConnectionInformation).State
       Disconnect-ExchangeOnline -Confirm:$false
       $gone = $null -eq (Get-Command Get-Mailbox -ErrorAction Ignore)
       ${framed('@{ version = $v; before = $before; after = $after; state = $state; gone = $gone }')}`,
    );
    expect(seen).toEqual({ version: '3.9.2', before: false, after: true, state: 'Connected', gone: true });
  });

  test('gives all rows over several pages, as objects', async () => {
    const boxes = await t.rows('Get-Mailbox', { ResultSize: 'Unlimited' });
    const guids = await run<string[]>(
      `${CONNECT.replace(';', ' -PageSize 7;')} $all = @(Get-Mailbox -ResultSize Unlimited)
       ${framed('@($all | ForEach-Object { $_.Guid.ToString() })')}`,
    );
    expect(guids).toEqual(boxes.map(({ Guid }) => Guid));
    expect(guids).toHaveLength(61);
  });

  test('reads and writes a permission, and warns when nothing changes', async () => {
    const [box] = await t.rows('Get-Mailbox', { Identity: 'interop@contoso.com' });
    const before = await t.exchangeState();
    const seen = await run<{ warnings: string[]; rights: string[]; user: string }>(
      `${CONNECT}
       $f = Get-MailboxFolderStatistics -Identity $env:BOX -FolderScope Calendar | Where-Object FolderType -eq 'Calendar'
       $id = $env:BOX + ':' + $f.FolderId
       Set-MailboxFolderPermission -Identity $id -User Default -AccessRights LimitedDetails
       Set-MailboxFolderPermission -Identity $id -User Default -AccessRights LimitedDetails -WarningVariable w -WarningAction SilentlyContinue
       $p = Get-MailboxFolderPermission -Identity $id -User Default
       ${framed('@{ warnings = @($w | ForEach-Object { $_.Message }); rights = @($p.AccessRights); user = $p.User }')}`,
      { BOX: box.Guid },
    );
    expect(seen.rights).toEqual(['LimitedDetails']);
    expect(seen.user).toBe('Default');
    expect(seen.warnings).toEqual([
      expect.stringMatching(
        /^The command completed successfully but no permissions of '.+' have been modified\.$/,
      ),
    ]);
    const after = await t.exchangeState();
    expect(after).not.toEqual(before);
  });

  test('raises error records with class and text', async () => {
    const seen = await run<{ reason: string; text: string; category: string }[]>(
      `${CONNECT}
       $found = foreach ($identity in 'nobody@contoso.com', 'interop@contoso.com:\\Nowhere') {
         try { Get-MailboxFolderPermission -Identity $identity -ErrorAction Stop }
         catch { @{ reason = $_.CategoryInfo.Reason; text = $_.Exception.Message; category = [string] $_.CategoryInfo.Category } }
       }
       ${framed('@($found)')}`,
    );
    expect(seen[0]?.reason).toBe('ManagementObjectNotFoundException');
    expect(seen[0]?.text).toMatch(
      /^Ex6F9304\|Microsoft\.Exchange\.Configuration\.Tasks\.ManagementObjectNotFoundException\|The operation couldn't be performed because object 'nobody@contoso\.com' couldn't be found on '.+'\.$/,
    );
    expect(seen[1]?.text).toMatch(/because 'interop@contoso\.com:\\Nowhere' couldn't be found\.$/);
  });

  test('makes a mailbox with a password that is not sent in clear text, and removes it', async () => {
    const made = await run<{ kind: string; address: string }>(
      `${CONNECT}
       $secret = [System.Security.SecureString]::new(); foreach ($c in $env:SECRET.ToCharArray()) { $secret.AppendChar($c) }
       $m = New-Mailbox -Name 'interop-ps' -MicrosoftOnlineServicesID interop-ps@contoso.com -Password $secret -Confirm:$false
       ${framed('@{ kind = $m.RecipientTypeDetails; address = $m.PrimarySmtpAddress }')}`,
      { SECRET: 'Correct-Horse-Battery-1' },
    );
    expect(made).toEqual({ kind: 'UserMailbox', address: 'interop-ps@contoso.com' });
    const refused = await t.cmdlet('New-Mailbox', {
      Name: 'clear',
      MicrosoftOnlineServicesID: 'clear@contoso.com',
      Password: 'Correct-Horse-Battery-1',
    });
    expect(refused.status).toBe(400);
    await run(`${CONNECT} Remove-Mailbox -Identity interop-ps@contoso.com -Confirm:$false; ${framed('1')}`);
    expect((await t.cmdlet('Get-Mailbox', { Identity: 'interop-ps@contoso.com' })).status).not.toBe(200);
  });

  test('signs in with a certificate, and renews the token when it is challenged', async () => {
    const { pfx, appId } = await clientWithCertificate(t);
    await t.tenant.control({ faults: ['claimsChallenge=1'] });
    const seen = await run<number>(
      `Connect-ExchangeOnline -ConnectionUri $env:URL -AzureADAuthorizationEndpointUri $env:AUTHORITY -AppId $env:APP -Organization contoso.onmicrosoft.com -CertificateFilePath $env:PFX -ShowBanner:$false
       ${framed("(Get-AcceptedDomain | Where-Object Default).DomainName -eq 'contoso.com'")}`,
      { APP: appId, PFX: pfx },
    );
    expect(seen).toBe(true);
  });

  test('shows faults as error records', async () => {
    await t.tenant.control({
      faults: [
        'cmdletError=1@Get-CASMailbox',
        'nulBytes403=1@Get-ManagementScope',
        'errorInSuccess=1@Get-DistributionGroup',
        'loopingNextLink=5',
      ],
    });
    const reasons = await run<Record<string, string>>(
      `${CONNECT.replace(';', ' -PageSize 20;')} $found = @{}
       foreach ($name in 'Get-CASMailbox', 'Get-ManagementScope', 'Get-DistributionGroup', 'Get-Mailbox') {
         $size = if ($name -eq 'Get-ManagementScope') { @{} } else { @{ ResultSize = 'Unlimited' } }
         try { $null = & $name @size; $found[$name] = 'none' }
         catch { $found[$name] = "$($_.CategoryInfo.Reason) $($_.CategoryInfo.Category)" }
       }
       ${framed('$found')}`,
    );
    await t.tenant.control({ clearFaults: true });
    expect(reasons).toEqual({
      'Get-CASMailbox': 'StorageTransientException NotSpecified',
      'Get-ManagementScope': 'UnauthorizedAccessException PermissionDenied',
      'Get-DistributionGroup': 'StorageTransientException NotSpecified',
      'Get-Mailbox': 'Exception InvalidResult',
    });
  });

  test('waits when throttled, then goes on', async () => {
    await t.tenant.control({ faults: ['throttleStorm=2:0.05'] });
    expect(
      await run<string>(`${CONNECT} ${framed('(Get-Mailbox -Identity interop@contoso.com).Alias')}`),
    ).toBe('interop');
  });
});

/** An application with a certificate, the application permission and the directory role. */
async function clientWithCertificate(
  t: ExchangeTenant,
): Promise<{ readonly pfx: string; readonly appId: string }> {
  const { grant, makeApplication, makePrincipal, must } = await import('../sandbox/support/principals.js');
  const certificate = makeClientCertificate();
  const application = await makeApplication(t.tenant, {
    keyCredentials: [{ type: 'AsymmetricX509Cert', usage: 'Verify', key: certificate.key }],
  });
  const principal = await makePrincipal(t.tenant, application.appId);
  await grant(t.tenant, principal.id, 'Exchange.ManageAsApp', '00000002-0000-0ff1-ce00-000000000000');
  await must(
    t.tenant.graph('POST', '/roleManagement/directory/roleAssignments', {
      body: {
        principalId: principal.id,
        roleDefinitionId: '29232cdf-9323-42fd-ade2-1d097af3e4de',
        directoryScopeId: '/',
      },
    }),
  );
  return { pfx: await writePfx(t, certificate.pem), appId: application.appId };
}

async function writePfx(t: ExchangeTenant, pem: string): Promise<string> {
  const { writeFile } = await import('node:fs/promises');
  const { dirname, join } = await import('node:path');
  const forge = (await import('node-forge')).default;
  const key = forge.pki.privateKeyFromPem(pem);
  const asn1 = forge.pkcs12.toPkcs12Asn1(
    key,
    [forge.pki.certificateFromPem(pem.slice(pem.indexOf('-----BEGIN CERT')))],
    '',
    {
      algorithm: 'aes256',
    },
  );
  const path = join(dirname(t.tenant.sandbox.info.caFile), 'client.pfx');
  await writeFile(path, Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary'));
  return path;
}
