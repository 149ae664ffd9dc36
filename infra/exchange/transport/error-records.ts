/** PowerShell's error records, read as {@link ExchangeError}s. Pure. */
import { z } from 'zod';
import { asksToSlowDown, mayPass } from './error-classes.js';
import { ExchangeError, parseTaggedMessage, shortClass } from './exchange-error.js';
import type { Refusal } from './outcome.js';
import { readRetryAfter } from './retry.js';

/** An error record as the shell tells of it. */
export const errorRecordSchema = z.object({
  ok: z.literal(false),
  message: z.string(),
  details: z.string(),
  /** Type of the exception. */
  type: z.string(),
  /** CategoryInfo.Reason: the class, where Exchange refused. */
  reason: z.string(),
  category: z.string(),
  id: z.string(),
});

export type ErrorRecord = z.output<typeof errorRecordSchema>;

/** Classes of PowerShell itself that say nothing about what Exchange meant. */
const GENERIC = new Set([
  '',
  'Exception',
  'RuntimeException',
  'RemoteException',
  'WriteErrorException',
  'ErrorRecord',
]);

/** Statuses as modules write them into their texts: `status code 429`, `(503)`, `429 Too Many Requests`. */
const STATUS =
  /(?:\bstatus(?: ?code)?[ :=]*|\bresponse[ :=]+|\()([45]\d\d)\b|\b([45]\d\d)(?= (?:Too Many|Unauthorized|Forbidden|Internal|Bad Gateway|Service Unavailable|Gateway))/i;

/** Classes of .NET for a connection that broke or took too long: what was sent may have taken effect. */
const NETWORK_CLASS =
  /(^|\.)(HttpRequestException|HttpIOException|IOException|SocketException|WebException|TaskCanceledException)$/;

/** What a record means for the call. */
export interface RecordReading {
  readonly refusal: Refusal;
  /** Whether the token was not accepted. */
  readonly isUnauthorized: boolean;
}

/** @param wallMs the time now, in milliseconds since 1970. */
export function readErrorRecord(cmdlet: string, record: ErrorRecord, wallMs: number): RecordReading {
  const fromDetails = parseTaggedMessage(record.details);
  const tagged = fromDetails.className === '' ? parseTaggedMessage(record.message) : fromDetails;
  const reason = GENERIC.has(record.reason) ? '' : record.reason;
  const className = tagged.className === '' ? reason : shortClass(tagged.className);
  const text = tagged.text === '' ? record.details || record.message : tagged.text;
  const isUntagged = tagged.className === '';
  const status = statusIn(text, isUntagged);
  const throttled = status === 429 || asksToSlowDown(className, text);
  const transient =
    throttled ||
    mayPass(className, text) ||
    (isUntagged &&
      (isPassing(status) || mayPass('', text) || (status === undefined && isNetworkTrouble(record))));
  const error = new ExchangeError({
    cmdlet,
    className,
    category: isMissingCommand(record) ? 'PermissionDenied' : record.category,
    text: isMissingCommand(record) ? `${text} (no role of the caller holds it)` : text,
    status,
    transient,
    outcomeUnknown: transient && !throttled && status !== 503,
  });
  return {
    refusal: { kind: 'refusal', throttled, retryAfterMs: retryAfterIn(text, wallMs), error },
    isUnauthorized: status === 401 || (isUntagged && /\bunauthorized\b/i.test(text)),
  };
}

/**
 * PowerShell wraps what a method of .NET throws; the class is then the id of the record. A server that is not trusted has the same
 * class, but stays so.
 */
function isNetworkTrouble({ reason, type, id, message }: ErrorRecord): boolean {
  if (/\b(SSL|TLS|certificate)\b/i.test(message)) return false;
  return [reason, type, id.split(',')[0] ?? ''].some((name) => NETWORK_CLASS.test(name));
}

/** Only in texts of no class: those with one are Exchange's own, and numbers in them are parts of names. */
function statusIn(text: string, isUntagged: boolean): number | undefined {
  const found = isUntagged ? STATUS.exec(text) : null;
  const digits = found?.[1] ?? found?.[2];
  return digits === undefined ? undefined : Number(digits);
}

function isPassing(status: number | undefined): boolean {
  return status !== undefined && (status === 408 || status === 429 || (status >= 500 && status !== 501));
}

/** The module imports only those cmdlets that the caller's roles hold. */
function isMissingCommand({ reason, type }: ErrorRecord): boolean {
  return reason === 'CommandNotFoundException' || type.endsWith('.CommandNotFoundException');
}

function retryAfterIn(text: string, wallMs: number): number | undefined {
  return readRetryAfter(/\bretry-after\b["']?[ :=]+["']?(\d+(?:\.\d+)?)/i.exec(text)?.[1], wallMs);
}
