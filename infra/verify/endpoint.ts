/** Verifies one endpoint: everything from what was pasted to what Google would see, in the order in which Google meets it. */
import type { Countdown } from '../exchange/ews-access/index.js';
import type { AttendeeAnswer } from './attendee.js';
import { lookUpOverEws } from './ews/look-up.js';
import { explain, lacksPermission, type Refused } from './explain.js';
import { type Finding, finding } from './finding.js';
import { lookUpOverGraph } from './graph-look-up.js';
import type { Stage } from './leaves.js';
import { type AttendeeReport, type PeopleContext, reportAttendee } from './people.js';
import { type Reached, reach } from './reach.js';
import type { LookUp } from './refusal.js';
import type { Surroundings } from './surroundings.js';
import { lintTokenEndpoint, type PastedCredentials, type TakenToken, takeToken } from './token.js';
import type { TimeWindow } from './window.js';

/** How the endpoint is asked. */
export type Way =
  | { readonly kind: 'ews'; readonly url: string; readonly credentials: PastedCredentials }
  | { readonly kind: 'graph'; readonly graph: string; readonly credentials: PastedCredentials }
  | { readonly kind: 'onPremises'; readonly url: string; readonly password: string };

export interface EndpointCheck extends PeopleContext {
  readonly name: string;
  readonly way: Way;
  readonly roleAccounts: readonly string[];
  readonly attendees: readonly string[];
  readonly window: TimeWindow;
  readonly access: 'tenant' | 'roleMailboxes';
  /**
   * Mailboxes that are no role accounts: acting on them must be refused where access is roleMailboxes. One is asked after the other until
   * an answer says something, since somebody may have left.
   */
  readonly outside: readonly string[];
  readonly graphPermissions: readonly string[];
  readonly listWrittenAt: number | undefined;
  /** How far Microsoft is with the end of EWS in Exchange Online. */
  readonly ewsPhase: Countdown['phase'];
}

/** A step of the way, for people. */
export interface Step {
  readonly stage: Stage;
  readonly state: 'held' | 'failed' | 'notLookedAt';
  readonly seen: string;
}

export interface EndpointReport {
  readonly endpoint: string;
  readonly kind: Way['kind'];
  /** No fault was found. */
  readonly works: boolean;
  readonly steps: readonly Step[];
  readonly findings: readonly Finding[];
  readonly attendees: readonly AttendeeReport[];
  /** HTTP requests of the look-up itself. */
  readonly requests: number;
  readonly seconds: number;
}

/** @throws the signal's reason when it is aborted; whatever a server does ends in the report. */
export async function verifyEndpoint(check: EndpointCheck, around: Surroundings): Promise<EndpointReport> {
  const started = around.now();
  const journey = new Journey();
  const attendees = await travel(check, journey, around);
  const findings = [...journey.findings, ...attendees.flatMap((attendee) => attendee.findings)];
  return {
    endpoint: check.name,
    kind: check.way.kind,
    works: worksWith(findings),
    steps: journey.steps,
    findings,
    attendees,
    requests: journey.requests,
    seconds: (around.now() - started) / 1000,
  };
}

/** Notes keep nobody from looking up. */
export function worksWith(findings: readonly Finding[]): boolean {
  return findings.every(({ grave }) => grave === 'note');
}

/** What was seen on the way. */
class Journey {
  readonly steps: Step[] = [];
  readonly findings: Finding[] = [];
  requests = 0;

  held(stage: Stage, seen: string): void {
    this.steps.push({ stage, state: 'held', seen });
  }

  notLookedAt(stage: Stage, seen: string): void {
    this.steps.push({ stage, state: 'notLookedAt', seen });
  }

  /** A fault ends the way: the stage has failed. A note does not. */
  found(...found: readonly Finding[]): void {
    this.findings.push(...found);
    for (const { stage, grave, what } of found) {
      if (grave === 'fault') this.steps.push({ stage, state: 'failed', seen: what });
    }
  }
}

async function travel(
  check: EndpointCheck,
  journey: Journey,
  around: Surroundings,
): Promise<readonly AttendeeReport[]> {
  const wrong = lint(check);
  if (wrong.length > 0) {
    journey.found(...wrong);
    return [];
  }
  if ((await check.google.interop()) === false) {
    journey.found(
      finding('CI-GOOGLE-INTEROP-OFF', check.name, 'enableInteroperability is false', check.facts),
    );
  }
  const url = addressOf(check.way);
  if (!arrive(journey, await reach(new URL(url), check.way.kind === 'onPremises', around))) return [];
  const token = await signIn(check.way, url, journey, around);
  if (token === undefined) return [];
  return await lookUp(check, token, journey, around);
}

function addressOf(way: Way): string {
  return way.kind === 'graph' ? way.graph : way.url;
}

/** Mistakes in what was pasted, all of them. */
function lint({ way, roleAccounts, facts }: EndpointCheck): readonly Finding[] {
  const url = way.kind === 'graph' ? undefined : lintEwsUrl(way.url);
  const endpoint = way.kind === 'onPremises' ? undefined : lintTokenEndpoint(way.credentials.tokenEndpoint);
  const accounts = roleAccounts
    .filter((account) => !/^[^@\s]+@[^@\s]+$/.test(account))
    .map((account) =>
      finding('CI-ROLE-NOT-ADDRESS', account, 'it holds no @ with something on both sides', facts),
    );
  return [url, endpoint, ...accounts].filter((found) => found !== undefined);
}

function lintEwsUrl(text: string): Finding | undefined {
  if (!URL.canParse(text)) return finding('CI-URL-MALFORMED', text, 'it is no URL');
  const url = new URL(text);
  if (url.protocol === 'http:') return finding('CI-URL-NOT-HTTPS', text, 'it begins with http://');
  const isEws = url.protocol === 'https:' && /^\/ews\/exchange\.asmx$/i.test(url.pathname);
  return isEws ? undefined : finding('CI-URL-MALFORMED', text, `its path is ${url.pathname}`);
}

/** @returns whether the way goes on. */
function arrive(journey: Journey, reached: Reached): boolean {
  for (const { stage, seen } of reached.steps) journey.held(stage, seen);
  if (reached.skipped !== undefined) journey.notLookedAt('tcp', reached.skipped);
  journey.found(...reached.findings);
  return reached.open;
}

/** A token for Microsoft 365, or the stand-in for on-premises servers; undefined after a fault. */
async function signIn(
  way: Way,
  url: string,
  journey: Journey,
  around: Surroundings,
): Promise<TakenToken | undefined> {
  if (way.kind === 'onPremises') return { token: '', roles: [], tenantId: undefined };
  const { tokenEndpoint } = way.credentials;
  if (new URL(tokenEndpoint).host !== new URL(url).host) {
    const reached = await reach(new URL(tokenEndpoint), false, around);
    if (!reached.open) {
      const [why] = reached.findings;
      const evidence = why === undefined ? '' : `${why.code}: ${why.evidence}`;
      journey.found(
        finding('CI-TOKEN-UNREACHABLE', new URL(tokenEndpoint).host, evidence, { url: tokenEndpoint }),
      );
      return undefined;
    }
  }
  const taken = await takeToken(way.credentials, around);
  if ('fault' in taken) {
    journey.found(taken.fault);
    return undefined;
  }
  journey.held(
    'token',
    taken.roles.length === 0 ? 'taken; no roles in it' : `taken; roles: ${taken.roles.join(', ')}`,
  );
  return taken;
}

async function lookUp(
  check: EndpointCheck,
  token: TakenToken,
  journey: Journey,
  around: Surroundings,
): Promise<readonly AttendeeReport[]> {
  const [first, ...others] = check.roleAccounts;
  if (first === undefined) return [];
  const main = await askAs(first, check.attendees, check, token, around);
  journey.requests += main.requests;
  await told(main, first, check, token, journey, around);
  // One attendee says enough about each other role account.
  for (const account of others) {
    const probe = await askAs(account, check.attendees.slice(0, 1), check, token, around);
    journey.requests += probe.requests;
    await told(probe, account, check, token, journey, around);
  }
  if ('refusal' in main) return [];
  await probeOutside(check, token, journey, around);
  const reports: AttendeeReport[] = [];
  for (const answer of main.answers) reports.push(await reportAttendee(answer, check));
  return reports;
}

async function told(
  result: LookUp<AttendeeAnswer>,
  account: string,
  check: EndpointCheck,
  token: TakenToken,
  journey: Journey,
  around: Surroundings,
): Promise<void> {
  if ('refusal' in result) {
    journey.found(await explain(result.refusal, refusedBy(account, check, token, around)));
    return;
  }
  const count = result.answers.length === 1 ? '1 calendar' : `${result.answers.length} calendars`;
  const requests = result.requests === 1 ? '1 request' : `${result.requests} requests`;
  journey.held('role', `${account} looked up ${count} in ${requests}`);
}

async function askAs(
  roleAccount: string,
  attendees: readonly string[],
  { way, window }: EndpointCheck,
  { token }: TakenToken,
  around: Surroundings,
): Promise<LookUp<AttendeeAnswer>> {
  const common = { roleAccount, attendees, window };
  switch (way.kind) {
    case 'graph':
      return await lookUpOverGraph({ ...common, graph: way.graph, token }, around);
    case 'ews':
      return await lookUpOverEws({ ...common, url: way.url, signIn: { kind: 'bearer', token } }, around);
    case 'onPremises': {
      const { url, password } = way;
      return await lookUpOverEws({ ...common, url, signIn: { kind: 'basic', password } }, around);
    }
  }
}

function refusedBy(account: string, check: EndpointCheck, token: TakenToken, around: Surroundings): Refused {
  const { way, graphPermissions, access, listWrittenAt, ewsPhase, sight, facts } = check;
  return {
    protocol: way.kind,
    url: addressOf(way),
    roleAccount: account,
    clientId: way.kind === 'onPremises' ? '' : way.credentials.clientId,
    roles: token.roles,
    graphPermissions,
    access,
    listWrittenAt,
    now: around.now(),
    ewsPhase,
    sight,
    facts,
  };
}

/** Access is limited only when a mailbox outside of it is refused. */
async function probeOutside(
  check: EndpointCheck,
  token: TakenToken,
  journey: Journey,
  around: Surroundings,
): Promise<void> {
  const { access, way, outside, graphPermissions, facts } = check;
  if (access !== 'roleMailboxes' || way.kind === 'onPremises') return;
  const { clientId } = way.credentials;
  const about = { ...facts, clientId };
  if (!lacksPermission({ protocol: way.kind, roles: token.roles, graphPermissions })) {
    const evidence = `roles in the token: ${token.roles.join(', ')}`;
    journey.found(finding('CI-SCOPE-TOO-WIDE', clientId, evidence, about));
    return;
  }
  const silent: string[] = [];
  for (const address of outside) {
    const probe = await askAs(address, [address], check, token, around);
    journey.requests += probe.requests;
    if ('answers' in probe) {
      journey.found(finding('CI-SCOPE-TOO-WIDE', address, 'acting on it was allowed', { ...about, address }));
      return;
    }
    if (isDenial(probe.refusal)) {
      journey.held('scope', `acting on ${address} is refused, as it shall be`);
      return;
    }
    silent.push(`the probe with ${address} says nothing: ${probe.refusal.evidence}`);
  }
  silent.push('name a mailbox outside of it with --outside');
  journey.notLookedAt('scope', silent.join('; '));
}

function isDenial(refusal: Extract<LookUp<unknown>, { refusal: unknown }>['refusal']): boolean {
  if (refusal.kind === 'status') return refusal.status === 403;
  return refusal.kind === 'code' && /denied|impersonat/i.test(refusal.code);
}
