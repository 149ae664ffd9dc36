/** What Exchange's admin API answers, taken apart. Pure. Forms: 200 with errors inside, and each form of refusal seen so far. */
import { asksToSlowDown, categoryOf, mayPass } from './error-classes.js';
import { ExchangeError, parseTaggedMessage, shortClass } from './exchange-error.js';
import type { Refusal } from './outcome.js';
import { readRetryAfter } from './retry.js';

/** One answer, of a request or of a member of a batch. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON; undefined when there was none, or none that could be read. */
  readonly body: unknown;
}

/** Read-only headers, by names in any case. */
export interface Headers {
  get(name: string): string | null;
}

/** What is asked for, as far as it matters for reading the answer. */
export interface Question {
  readonly cmdlet: string;
  readonly effect: 'read' | 'write';
}

export type Reading =
  | {
      readonly kind: 'page';
      readonly rows: readonly unknown[];
      readonly warnings: readonly string[];
      readonly nextLink: string | undefined;
    }
  | Refusal
  | {
      readonly kind: 'unauthorized';
      readonly claims: string | undefined;
      readonly requestId: string | undefined;
    };

/**
 * Reads an answer.
 *
 * @param wallMs the time now, in milliseconds since 1970, for dates in Retry-After.
 */
export function readAnswer(question: Question, answer: Answer, wallMs: number): Reading {
  if (answer.status === 401) {
    return {
      kind: 'unauthorized',
      claims: readClaimsChallenge(answer.headers),
      requestId: requestIdOf(answer),
    };
  }
  if (answer.status < 200 || answer.status >= 300) return refusal(question, answer, wallMs);
  return readSuccess(question, answer, wallMs);
}

const UTF8 = new TextDecoder('utf-8');

/** JSON of bytes; undefined for nothing, for NUL bytes (a 403 that declares itself to be gzip) and for what is no JSON. */
export function parseBody(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined || bytes.every((byte) => byte === 0)) return undefined;
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch {
    return undefined;
  }
}

/** The headers of a batch member, which come as an object. Most are never asked for: they are looked up, not copied. */
export function headersOf(value: unknown): Headers {
  const headers = isRecord(value) ? value : {};
  return {
    get: (name) => {
      const wanted = name.toLowerCase();
      const found = Object.keys(headers).findLast((key) => key.toLowerCase() === wanted);
      if (found === undefined) return null;
      const text = headers[found];
      return String(Array.isArray(text) ? text.join(', ') : text);
    },
  };
}

/** The members' answers by id; undefined when the body is no answer to a batch. */
export function readBatch(body: unknown): ReadonlyMap<string, Answer> | undefined {
  const responses = isRecord(body) ? body.responses : undefined;
  if (!Array.isArray(responses)) return undefined;
  const answers = new Map<string, Answer>();
  for (const response of responses) {
    if (!isRecord(response) || response.id === undefined) continue;
    answers.set(String(response.id), {
      status: memberStatus(response),
      headers: headersOf(response.headers),
      body: memberBody(response.body),
    });
  }
  return answers;
}

/** A member without a status (that it always has one is UNCONFIRMED) is told by whether it holds an error. */
function memberStatus(response: Readonly<Record<string, unknown>>): number {
  const status = Number(response.status);
  if (Number.isInteger(status) && status >= 100 && status <= 599) return status;
  return isRecord(response.body) && response.body.error !== undefined ? 500 : 200;
}

/** A body may be JSON once more, as text. */
function memberBody(body: unknown): unknown {
  return typeof body === 'string' ? parseBody(new TextEncoder().encode(body)) : (body ?? undefined);
}

function readSuccess(question: Question, answer: Answer, wallMs: number): Reading {
  const { body } = answer;
  if (body === undefined || body === null) {
    return question.effect === 'write'
      ? { kind: 'page', rows: [], warnings: headerWarnings(answer), nextLink: undefined }
      : unreadable(question, answer, 'the answer has no content that could be read');
  }
  if (Array.isArray(body)) return page(body, answer);
  if (!isRecord(body)) return unreadable(question, answer, 'the answer is no object');
  const errors = body['@adminapi.errors'];
  if (Array.isArray(errors) && errors.length > 0) return innerRefusal(question, answer, errors[0], wallMs);
  if (body.error !== undefined) return refusal(question, answer, wallMs);
  if (body['@adminapi.confirmationmessage'] !== undefined) {
    return unreadable(
      question,
      answer,
      `asks for confirmation: ${String(body['@adminapi.confirmationmessage'])}`,
    );
  }
  if (Array.isArray(body.value)) return page(body.value, answer);
  if (body.value !== undefined) return unreadable(question, answer, 'the answer has no list of rows');
  // A single row stands bare in some answers.
  const row = withoutAnnotations(body);
  if (isRecord(row) && Object.keys(row).length > 0) return page([body], answer);
  return question.effect === 'write'
    ? page([], answer)
    : unreadable(question, answer, 'the answer has no rows');
}

function page(rows: readonly unknown[], answer: Answer): Reading {
  const body = isRecord(answer.body) ? answer.body : {};
  const nextLink = body['@odata.nextLink'] ?? body['odata.nextLink'];
  const inBody = body['@adminapi.warnings'];
  const warnings = Array.isArray(inBody) ? inBody.map(String) : [];
  return {
    kind: 'page',
    rows: rows.map(withoutAnnotations),
    warnings: warnings.length > 0 ? warnings : headerWarnings(answer),
    nextLink: typeof nextLink === 'string' && nextLink !== '' ? nextLink : undefined,
  };
}

/** Also in a header since version 3.10.1 of the module: a JSON list, or text. */
function headerWarnings({ headers }: Answer): string[] {
  const text = headers.get('x-warnings')?.trim() ?? '';
  if (text === '') return [];
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list.map(String);
  } catch {
    // Plain text.
  }
  return [text];
}

/** A row without the companions `Name@data.type` and without annotations. */
export function withoutAnnotations(row: unknown): unknown {
  if (!isRecord(row)) return row;
  return Object.fromEntries(Object.entries(row).filter(([name]) => !name.includes('@')));
}

/** What an error's parts say. */
interface Findings {
  readonly className: string;
  readonly text: string;
  readonly category: string | undefined;
}

function refusal(question: Question, answer: Answer, wallMs: number): Refusal {
  const findings = findingsOf(answer);
  const classed = findings.className !== '';
  const throttled = answer.status === 429 || asksToSlowDown(findings.className, findings.text);
  // A class decides where there is one; statuses of servers on the way count only without.
  const passing =
    throttled || mayPass(findings.className, findings.text) || (!classed && isPassing(answer.status));
  // Servers on the way say 503 before anything was done; a cmdlet that failed may have done its work.
  const untouched = throttled || (!classed && answer.status === 503);
  return makeRefusal(
    question,
    answer,
    findings,
    { throttled, transient: passing, outcomeUnknown: passing && !untouched },
    wallMs,
  );
}

function innerRefusal(question: Question, answer: Answer, error: unknown, wallMs: number): Refusal {
  const findings = findingsOfError(error, answer);
  const throttled = asksToSlowDown(findings.className, findings.text);
  const transient = throttled || mayPass(findings.className, findings.text);
  return makeRefusal(
    question,
    answer,
    findings,
    { throttled, transient, outcomeUnknown: transient && !throttled },
    wallMs,
  );
}

function makeRefusal(
  question: Question,
  answer: Answer,
  findings: Findings,
  nature: { readonly throttled: boolean; readonly transient: boolean; readonly outcomeUnknown: boolean },
  wallMs: number,
): Refusal {
  const { throttled, transient, outcomeUnknown } = nature;
  return {
    kind: 'refusal',
    throttled,
    retryAfterMs: readRetryAfter(answer.headers.get('retry-after'), wallMs),
    error: new ExchangeError({
      cmdlet: question.cmdlet,
      className: findings.className,
      category: findings.category,
      text: findings.text,
      status: answer.status,
      transient,
      outcomeUnknown,
      requestId: requestIdOf(answer),
    }),
  };
}

/** Statuses of a passing condition: time-outs and throttling, and servers that cannot answer now. */
function isPassing(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** A success of which nothing can be made. Its outcome is not known, and asking again may help. */
export function unreadable(
  question: Question,
  answer: Pick<Answer, 'status' | 'headers'>,
  what: string,
): Refusal {
  return {
    kind: 'refusal',
    throttled: false,
    retryAfterMs: undefined,
    error: new ExchangeError({
      cmdlet: question.cmdlet,
      className: '',
      text: what,
      status: answer.status,
      transient: true,
      outcomeUnknown: true,
      requestId: answer.headers.get('request-id') ?? undefined,
    }),
  };
}

function findingsOf(answer: Answer): Findings {
  const error = isRecord(answer.body) ? (answer.body.error ?? answer.body) : answer.body;
  return findingsOfError(error, answer);
}

/** In the order of the module: details[0].message, else the inner exception, else the general message. */
function findingsOfError(error: unknown, answer: Answer): Findings {
  const record = isRecord(error) ? error : {};
  const detail = Array.isArray(record.details) && isRecord(record.details[0]) ? record.details[0] : {};
  const inner = innermost(record.innererror);
  const message = [
    detail.message,
    inner?.message,
    record.message,
    record.Message,
    typeof error === 'string' ? error : undefined,
  ].filter((text): text is string => typeof text === 'string' && text !== '')[0];
  const tagged = parseTaggedMessage(message ?? bare(answer));
  const className =
    tagged.className === ''
      ? detail.message === undefined
        ? (typeOf(inner?.type) ?? answer.headers.get('x-exceptiontype') ?? '')
        : (answer.headers.get('x-exceptiontype') ?? typeOf(inner?.type) ?? '')
      : tagged.className;
  return {
    className: shortClass(className),
    text: tagged.text,
    category: categoryOf(detail.code) ?? (answer.status === 403 ? 'PermissionDenied' : undefined),
  };
}

/** The exception below the wrapper of the endpoint, which says nothing. */
function innermost(error: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(error)) return undefined;
  return isRecord(error.internalexception) ? error.internalexception : error;
}

/** The endpoint's own wrapper is no class of a cmdlet. */
function typeOf(type: unknown): string | undefined {
  return typeof type === 'string' && shortClass(type) !== 'ODataServiceException' ? type : undefined;
}

/** For refusals that say nothing in their body. */
function bare({ status, headers }: Answer): string {
  const diagnostics = headers.get('x-ms-diagnostics') ?? headers.get('www-authenticate');
  const meaning =
    status === 403
      ? 'not allowed: the cmdlet is unknown, or no role of the caller holds it'
      : status === 429
        ? 'too many requests'
        : 'no reason was given';
  return `${meaning} (status ${status}${diagnostics === null ? '' : `; ${withoutTokens(diagnostics)}`})`;
}

/** Tokens have no place in an error, whoever wrote them there. */
function withoutTokens(text: string): string {
  return text
    .replace(/\beyJ[\w-]+(\.[\w-]*)*/g, '***')
    .replace(/(claims=")[^"]*/gi, '$1***')
    .slice(0, 500);
}

function requestIdOf({ headers }: Pick<Answer, 'headers'>): string | undefined {
  return headers.get('request-id') ?? undefined;
}

/** The claims that a 401 asks for, as JSON (learn.microsoft.com/entra/identity-platform/claims-challenge). */
export function readClaimsChallenge(headers: Headers): string | undefined {
  const challenge = headers.get('www-authenticate') ?? '';
  const encoded = /\bclaims="([A-Za-z0-9+/_=-]+)"/i.exec(challenge)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  try {
    return isRecord(JSON.parse(text)) ? text : undefined;
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
