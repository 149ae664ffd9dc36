/**
 * An Exchange server on-premises, looked at from outside as far as that goes: name, connection, certificate, and whether EWS asks
 * for a sign-in. Sends nothing secret, and says what cannot be known from here.
 */
import { limited } from '../abort.js';
import { ewsUrl, Refusal } from '../config/values.js';
import { InteropError } from '../errors.js';
import { networkCode } from '../graph/network-error.js';
import { reach } from '../verify/reach.js';
import type { Surroundings } from '../verify/surroundings.js';

/** One thing that was looked at. */
export interface HostStep {
  readonly step: 'name' | 'tcp' | 'tls' | 'ews' | 'way';
  readonly state: 'ok' | 'fault' | 'notChecked';
  readonly what: string;
  readonly found?: string;
  readonly next?: string;
}

/** What no look from here can tell. */
export const UNKNOWABLE = [
  "whether the firewall lets Google's ranges in: this look came from here, not from Google",
  'whether the firewall is open to more than those ranges',
  "whether Google's ranges are still these: they are its guide's, and no feed tells of changes",
  'whether the role accounts sign in and see all calendars: calendar-interop verify shows it',
] as const;

/**
 * The URL to check: a host name alone, or the EWS URL that Google is given.
 *
 * @throws InteropError of kind `configuration` for anything else.
 */
export function hostUrl(text: string): URL {
  const url = ewsUrl(text.includes('://') ? text : `https://${text}/ews/exchange.asmx`);
  if (
    !(url instanceof Refusal) &&
    !/[\s/?#@]/.test(text.replace(/^https:\/\//i, '').replace(/\/ews\/exchange\.asmx$/i, ''))
  ) {
    return new URL(url);
  }
  throw new InteropError({
    kind: 'configuration',
    summary: 'there is no such host to check',
    problems: [
      {
        where: '--check',
        what: url instanceof Refusal ? url.what : 'has something beside a host name',
        found: JSON.stringify(text),
        allowed: 'a host name such as mail.contoso.com, or https://<host>/ews/exchange.asmx',
      },
    ],
    next: ['calendar-interop network --check mail.contoso.com'],
  });
}

/** Looks at the host; ends with the first step that fails. @throws the signal's reason when it is aborted. */
export async function checkHost(url: URL, around: Surroundings): Promise<readonly HostStep[]> {
  const reached = await reach(url, true, around);
  const failed = new Set(reached.findings.filter(({ grave }) => grave === 'fault').map(({ stage }) => stage));
  const steps: HostStep[] = reached.steps
    .filter(({ stage }) => !failed.has(stage))
    .map(({ stage, seen }) => ({ step: stage, state: 'ok', what: STEP_WORDS[stage], found: seen }));
  if (reached.skipped !== undefined) steps.push({ step: 'way', state: 'notChecked', what: reached.skipped });
  for (const { grave, stage, what, evidence, mend } of reached.findings) {
    steps.push({
      step: stage === 'name' || stage === 'tcp' || stage === 'tls' ? stage : 'way',
      state: grave === 'fault' ? 'fault' : 'notChecked',
      what,
      found: evidence,
      ...(mend[0] === undefined ? {} : { next: mend[0] }),
    });
  }
  return reached.open ? [...steps, await askEws(url, around)] : steps;
}

const STEP_WORDS = {
  name: 'the name has addresses',
  tcp: 'the port is open from here',
  tls: 'the certificate is of a public authority and of this name',
} as const;

/** EWS answers 401 to whoever does not sign in; anything else is not EWS, or something in front of it. */
async function askEws(url: URL, around: Surroundings): Promise<HostStep> {
  const { signal, forget } = limited([around.signal], around.limitMs);
  try {
    const response = await around.trust.fetch(url.href, { signal });
    const schemes = schemesOf(response.headers.get('www-authenticate'));
    await response.body?.cancel();
    return judge(response.status, schemes);
  } catch (error) {
    around.signal.throwIfAborted();
    return {
      step: 'ews',
      state: 'fault',
      what: 'no answer came to a request to EWS',
      found: networkCode(error) ?? 'no answer in time',
      next: `curl -v ${url.href}   # then look at what stands between here and the server`,
    };
  } finally {
    forget();
  }
}

function judge(status: number, schemes: readonly string[]): HostStep {
  if (status !== 401) {
    return {
      step: 'ews',
      state: 'fault',
      what: 'the server does not ask for a sign-in at the EWS address, as EWS does',
      found: `status ${status}`,
      next: 'Get-WebServicesVirtualDirectory | Format-List Server, ExternalUrl   # then check the URL it shows',
    };
  }
  if (schemes.includes('basic')) {
    return {
      step: 'ews',
      state: 'ok',
      what: 'EWS asks for a sign-in, and takes Basic',
      found: schemes.join(', '),
    };
  }
  return {
    step: 'ews',
    state: 'fault',
    what: 'EWS does not offer Basic, which Google signs in with on-premises',
    found: schemes.join(', ') || 'no scheme at all',
    next: 'Set-WebServicesVirtualDirectory -Identity "<server>\\EWS (Default Web Site)" -BasicAuthentication $true',
  };
}

/** Names of the schemes of a WWW-Authenticate header (RFC 9110 section 11.6.1), in lower case. */
function schemesOf(header: string | null): readonly string[] {
  const names = (header ?? '').matchAll(/(?:^|,)\s*([A-Za-z][\w-]*)(?=\s|,|$)(?!\s*=)/g);
  return [...new Set([...names].map(([, name = '']) => name.toLowerCase()))];
}
