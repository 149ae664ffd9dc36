/**
 * What a look-up costs on an emulated tenant without latency: one endpoint in this process and as a command, and 1,000 attendees in how
 * many requests. With the values handed in, so that the command does not start Pulumi.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { readTrust } from '../../infra/graph/trust.js';
import {
  type EndpointCheck,
  type EndpointReport,
  GOOGLE_NOT_CHECKED,
  internet,
  verifyEndpoint,
  windowFrom,
} from '../../infra/verify/index.js';
import { type SandboxInfo, startSandbox } from '../../sandbox/index.js';
import { atMost, type BenchReport, type Figure, informs, median } from './figures.js';

const ATTENDEES = 1_000;
const RUNS = 9;
const ROLE = 'interop@contoso.com';

export async function benchVerify(): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), 'calendar-interop-bench-'));
  const sandbox = await startSandbox({
    port: 0,
    seed: 1,
    mailboxes: 1_200,
    latencyMs: 0,
    faults: [],
    folder,
  });
  try {
    const client = await prepare(sandbox.info);
    const figures = [
      ...(await inProcess(sandbox.info, client)),
      ...(await manyAttendees(sandbox.info, client)),
      ...(await asCommand(sandbox.info, client, folder)),
    ];
    return { name: 'verify', figures };
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Client {
  readonly clientId: string;
  readonly secret: string;
}

async function inProcess(info: SandboxInfo, client: Client): Promise<readonly Figure[]> {
  const seconds: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const report = await verifyEndpoint(check(info, client, 'ews', [ROLE]), around(info));
    mustWork(report);
    seconds.push(report.seconds);
  }
  return [atMost('look-up of one endpoint in one process', median(seconds), 1, 's')];
}

async function manyAttendees(info: SandboxInfo, client: Client): Promise<readonly Figure[]> {
  const attendees = (await addresses(info)).slice(0, ATTENDEES);
  if (attendees.length < ATTENDEES) throw new Error(`only ${attendees.length} addresses`);
  const figures: Figure[] = [];
  for (const kind of ['ews', 'graph'] as const) {
    const report = await verifyEndpoint(check(info, client, kind, attendees), around(info));
    if (report.attendees.length !== ATTENDEES) throw new Error(`${kind}: ${JSON.stringify(report.findings)}`);
    figures.push(
      atMost(`HTTP requests for ${ATTENDEES} attendees, ${kind}`, report.requests, 10, ''),
      informs(`seconds for ${ATTENDEES} attendees, ${kind}`, report.seconds, 's'),
    );
  }
  return figures;
}

async function asCommand(info: SandboxInfo, client: Client, folder: string): Promise<readonly Figure[]> {
  await writeFile(join(folder, 'Pulumi.yaml'), 'name: calendar-interop\nruntime: nodejs\n');
  const config = {
    'azuread:metadataHost': info.metadataHost,
    'azuread:tenantId': info.tenantId,
    'calendar-interop:tenant': info.domain,
    'calendar-interop:protocol': 'ews',
    'calendar-interop:exchange': { url: info.exchange, ewsUrl: info.ews },
    'calendar-interop:endpoints': [
      { name: 'online', type: 'microsoft365-ews', domains: ['contoso.com'], roleAccounts: [ROLE] },
    ],
  };
  await writeFile(join(folder, 'Pulumi.bench.yaml'), JSON.stringify({ config }));
  const [whole, inside]: number[][] = [[], []];
  for (let run = 0; run < RUNS; run += 1) {
    const from = performance.now();
    const { endpoints } = await runCommand(info, client, folder);
    whole?.push((performance.now() - from) / 1000);
    inside?.push(endpoints[0]?.seconds ?? Number.NaN);
  }
  return [
    atMost('look-up of one endpoint inside of the command', median(inside ?? []), 1, 's'),
    informs('the whole command, with the start of Node', median(whole ?? []), 's'),
  ];
}

async function runCommand(
  info: SandboxInfo,
  client: Client,
  folder: string,
): Promise<{ readonly endpoints: readonly EndpointReport[] }> {
  const bin = join(process.cwd(), 'dist', 'scripts', 'bin.js');
  const args = [
    bin,
    'verify',
    '--json',
    '--stack',
    'bench',
    '--client-id',
    client.clientId,
    '--secret-stdin',
  ];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, SSL_CERT_FILE: info.caFile, XDG_STATE_HOME: folder },
  });
  child.stdin.end(client.secret);
  const [report, words, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`verify ended with ${code}: ${words}`);
  return JSON.parse(report);
}

function check(
  info: SandboxInfo,
  client: Client,
  kind: 'ews' | 'graph',
  attendees: readonly string[],
): EndpointCheck {
  const pasted = { ...client, tokenEndpoint: `${info.authority}/${info.domain}/oauth2/v2.0/token` };
  return {
    name: kind,
    way:
      kind === 'ews'
        ? { kind, url: info.ews, credentials: { ...pasted, scope: 'https://outlook.office365.com/.default' } }
        : { kind, graph: info.graph, credentials: { ...pasted, scope: `${info.graph}/.default` } },
    roleAccounts: [ROLE],
    attendees,
    window: windowFrom(Date.now(), 7),
    access: 'tenant',
    outside: [],
    graphPermissions: ['Calendars.Read'],
    listWrittenAt: undefined,
    ewsPhase: 'blocking',
    expectDetails: false,
    excluded: new Map(),
    sight: undefined,
    google: GOOGLE_NOT_CHECKED,
    facts: {},
  };
}

function around(info: SandboxInfo) {
  const env = { SSL_CERT_FILE: info.caFile };
  return internet({ trust: readTrust(env), env, signal: new AbortController().signal });
}

function mustWork(report: EndpointReport): void {
  if (!report.works) throw new Error(JSON.stringify(report.findings));
}

/** The sandbox's client that may do everything, as the application whose values were pasted. */
async function prepare(info: SandboxInfo): Promise<Client> {
  const graph = await caller(info, `${info.graph}/.default`, 'admin');
  const application = await graph('/v1.0/applications', { displayName: 'Bench' });
  const password = await graph(`/v1.0/applications/${application.id}/addPassword`, {
    passwordCredential: {},
  });
  const principal = await graph('/v1.0/servicePrincipals', { appId: application.appId });
  for (const [appId, role] of [
    ['00000002-0000-0ff1-ce00-000000000000', 'full_access_as_app'],
    ['00000003-0000-0000-c000-000000000000', 'Calendars.Read'],
  ]) {
    const found = await graph(`/v1.0/servicePrincipals?$filter=appId eq '${appId}'`);
    const api = found.value[0];
    const appRoleId = api.appRoles.find(({ value }: { value: string }) => value === role).id;
    const assignment = { principalId: principal.id, resourceId: api.id, appRoleId };
    await graph(`/v1.0/servicePrincipals/${api.id}/appRoleAssignedTo`, assignment);
  }
  await cmdlet(info, 'Set-OrganizationConfig', { EwsEnabled: true, EwsAllowedAppIDs: application.appId });
  return { clientId: application.appId, secret: password.secretText };
}

async function addresses(info: SandboxInfo): Promise<readonly string[]> {
  const rows: { PrimarySmtpAddress: string }[] = [];
  const call = await caller(info, 'https://outlook.office365.com/.default', 'exchange-admin');
  let next = `/adminapi/beta/${info.tenantId}/InvokeCommand`;
  while (next !== '') {
    const Parameters = { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' };
    const page = await call(next, { CmdletInput: { CmdletName: 'Get-Mailbox', Parameters } });
    rows.push(...page.value);
    next = page['@odata.nextLink']?.slice(info.graph.length) ?? '';
  }
  return rows.map((row) => row.PrimarySmtpAddress);
}

async function cmdlet(info: SandboxInfo, CmdletName: string, Parameters: object): Promise<void> {
  const call = await caller(info, 'https://outlook.office365.com/.default', 'exchange-admin');
  await call(`/adminapi/beta/${info.tenantId}/InvokeCommand`, { CmdletInput: { CmdletName, Parameters } });
}

/** Calls the sandbox as one of its own clients: GET without a body, else POST. */
async function caller(info: SandboxInfo, scope: string, name: string) {
  const trust = readTrust({ SSL_CERT_FILE: info.caFile });
  const client = info.clients.find((candidate) => candidate.name === name);
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: client?.clientId ?? '',
    client_secret: client?.clientSecret ?? '',
    scope,
  });
  const answer = await trust.fetch(`${info.authority}/${info.tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes.
  return async (path: string, body?: unknown): Promise<any> => {
    const response = await trust.fetch(`${info.graph}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}
