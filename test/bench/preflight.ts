/** Memory of a process that runs preflight on everybody of a large tenant; tenant and Google are in another one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readTrust } from '../../infra/graph/trust.js';
import type { SandboxInfo } from '../../sandbox/index.js';
import { packageRoot } from '../../scripts/package-root.js';
import { atMost, type BenchReport, type Figure, informs } from './figures.js';
import { startTenant } from './visibility-tenant.js';

const SMALL = 10_000;
const LARGE = 100_000;
const LIMIT_MB = 250;
/** Growth from ten to a hundred thousand that still is bounded: the table of addresses, and what the collector leaves for later. */
const GROWTH_MB = 80;
/** The child tells its own peak when it ends: kilobytes. */
const TELL_PEAK =
  'data:text/javascript,process.on("exit",()=>process.stderr.write("\npeak "+process.resourceUsage().maxRSS+"\n"))';

export async function benchPreflight(): Promise<BenchReport> {
  const small = await measure(SMALL);
  const large = await measure(LARGE);
  const figures: Figure[] = [
    atMost(`memory while looking at ${LARGE} mailboxes`, large.peakMb, LIMIT_MB, 'MB'),
    atMost(`… more than with ${SMALL}`, large.peakMb - small.peakMb, GROWTH_MB, 'MB'),
    informs(`time with ${LARGE} mailboxes`, large.seconds, 's'),
  ];
  return { name: 'preflight', figures };
}

async function measure(mailboxes: number): Promise<{ readonly peakMb: number; readonly seconds: number }> {
  const tenant = await startTenant({ mailboxes, latencyMs: 0, faults: [] });
  const folder = await mkdtemp(join(tmpdir(), 'preflight-bench-'));
  try {
    const env = await project(folder, tenant.info);
    const started = performance.now();
    const bin = join(packageRoot(), 'dist', 'scripts', 'bin.js');
    const child = spawn(
      process.execPath,
      ['--import', TELL_PEAK, bin, 'preflight', '--stack', 'bench', '--json'],
      {
        cwd: folder,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let [answer, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    await once(child, 'close');
    const seconds = (performance.now() - started) / 1000;
    const { verdict, checks } = JSON.parse(answer) as {
      verdict?: string;
      checks?: { id: string; state: string }[];
    };
    const people = checks?.filter(({ id }) => id.startsWith('people.')) ?? [];
    if (verdict !== 'ok' || people.length !== 3 || people.some(({ state }) => state !== 'ok')) {
      throw new Error(`preflight did not look at everybody: ${answer}${errors}`);
    }
    return { peakMb: Number(/peak (\d+)/.exec(errors)?.[1]) / 1024, seconds };
  } finally {
    await tenant.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A project for the tenant; answers with the variables that sign in. */
async function project(folder: string, info: SandboxInfo): Promise<Record<string, string>> {
  const client = info.clients.find(({ name }) => name === 'deployer');
  const { fetch } = readTrust({ SSL_CERT_FILE: info.caFile });
  const answer = await fetch(`${info.graph}/sandbox/google`, { headers: { 'x-sandbox': '1' } });
  const { serviceAccount } = (await answer.json()) as { serviceAccount: unknown };
  const key = join(folder, 'key.json');
  await writeFile(key, JSON.stringify(serviceAccount));
  await writeFile(join(folder, 'Pulumi.yaml'), 'name: calendar-interop\nruntime: nodejs\n');
  const config = {
    'azuread:metadataHost': info.metadataHost,
    'azuread:tenantId': info.tenantId,
    'azuread:clientId': client?.clientId,
    'calendar-interop:tenant': 'contoso.onmicrosoft.com',
    'calendar-interop:protocol': 'graph',
    'calendar-interop:endpoints': [
      {
        name: 'online',
        type: 'microsoft365-graph',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
    'calendar-interop:exchange': { url: info.exchange },
    'calendar-interop:google': { subject: 'admin@contoso.com', url: info.graph },
  };
  await writeFile(join(folder, 'Pulumi.bench.yaml'), stringify({ config }));
  return {
    SSL_CERT_FILE: info.caFile,
    ARM_CLIENT_SECRET: client?.clientSecret ?? '',
    GOOGLE_APPLICATION_CREDENTIALS: key,
  };
}
