/** A look-up over EWS: up to 100 attendees a request, half as many when the service is busy. */
import type { AttendeeAnswer } from '../attendee.js';
import { post } from '../http.js';
import { MOST_ATTEMPTS, waitAsAsked } from '../pace.js';
import type { LookUp, Refusal } from '../refusal.js';
import type { Surroundings } from '../surroundings.js';
import type { TimeWindow } from '../window.js';
import { readEwsAnswer } from './answer.js';
import { availabilityRequest, MOST_ATTENDEES } from './request.js';

/** How the role account signs in. */
export type EwsSignIn =
  | { readonly kind: 'bearer'; readonly token: string }
  /** On-premises servers only. */
  | { readonly kind: 'basic'; readonly password: string };

export interface EwsLookUp {
  readonly url: string;
  readonly roleAccount: string;
  readonly signIn: EwsSignIn;
  readonly attendees: readonly string[];
  readonly window: TimeWindow;
}

/** @throws the signal's reason when it is aborted, and nothing else. */
export async function lookUpOverEws(
  wanted: EwsLookUp,
  around: Surroundings,
): Promise<LookUp<AttendeeAnswer>> {
  const answers: AttendeeAnswer[] = [];
  let requests = 0;
  let size = MOST_ATTENDEES;
  let attempt = 1;
  while (answers.length < wanted.attendees.length) {
    const asked = wanted.attendees.slice(answers.length, answers.length + size);
    const result = await ask(wanted, asked, around);
    requests += 1;
    if (result.kind === 'answers') {
      answers.push(...result.answers);
      attempt = 1;
    } else if (result.kind === 'refused') {
      return { refusal: result.refusal, requests };
    } else {
      const goOn = attempt < MOST_ATTEMPTS && (await waitAsAsked(attempt, result.wait, around));
      if (!goOn)
        return { refusal: { kind: 'busy', evidence: `${result.evidence}, ${attempt} times` }, requests };
      attempt += 1;
      size = Math.max(1, Math.ceil(size / 2));
    }
  }
  return { answers, requests };
}

type Asked =
  | { readonly kind: 'answers'; readonly answers: readonly AttendeeAnswer[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'throttled'; readonly wait: number | string | undefined; readonly evidence: string };

/** Codes of a service that is busy (responsecode.md; ews-throttling-in-exchange.md). */
const BUSY_CODES = new Set([
  'ErrorServerBusy',
  'ErrorExceededConnectionCount',
  'ErrorTooManyObjectsOpened',
  'ErrorMailboxMoveInProgress',
]);

async function ask(wanted: EwsLookUp, asked: readonly string[], around: Surroundings): Promise<Asked> {
  const { url, roleAccount, signIn, window } = wanted;
  const impersonate = signIn.kind === 'bearer' ? roleAccount : undefined;
  const answer = await post(
    {
      url,
      headers: {
        authorization: authorization(signIn, roleAccount),
        'content-type': 'text/xml; charset=utf-8',
        accept: 'text/xml',
        // Bare, unlike that of the administration interface: it routes the request to the role account's server.
        'x-anchormailbox': roleAccount,
      },
      body: availabilityRequest({ attendees: asked, window, impersonate }),
    },
    around,
  );
  if (answer.kind !== 'answer') return refused({ kind: answer.kind, evidence: answer.evidence });
  const { status, headers, body } = answer;
  if (status === 429 || (status === 503 && !isXml(headers))) {
    return { kind: 'throttled', wait: headers['retry-after'], evidence: `status ${status}` };
  }
  // A SOAP fault comes with status 500.
  if (status !== 200 && status !== 500 && status !== 503) return refused(statusRefusal(status, headers));
  const read = readEwsAnswer(body, asked);
  switch (read.kind) {
    case 'attendees':
      return { kind: 'answers', answers: read.answers };
    case 'fault':
      return BUSY_CODES.has(read.code)
        ? { kind: 'throttled', wait: read.backOffMs ?? headers['retry-after'], evidence: read.code }
        : refused({ kind: 'code', code: read.code, evidence: `${read.code}: ${read.text}` });
    default:
      return refused(
        status === 200 ? { kind: read.kind, evidence: read.evidence } : statusRefusal(status, headers),
      );
  }
}

function refused(refusal: Refusal): Asked {
  return { kind: 'refused', refusal };
}

function statusRefusal(status: number, headers: Readonly<Record<string, string>>): Refusal {
  return { kind: 'status', status, headers, evidence: `status ${status}` };
}

function isXml(headers: Readonly<Record<string, string>>): boolean {
  return /\bxml\b/.test(headers['content-type'] ?? '');
}

function authorization(signIn: EwsSignIn, roleAccount: string): string {
  return signIn.kind === 'bearer'
    ? `Bearer ${signIn.token}`
    : `Basic ${Buffer.from(`${roleAccount}:${signIn.password}`).toString('base64')}`;
}
