/**
 * Which refusals may go away by themselves, told by their class and words: the status does not classify them (an object that
 * is missing was seen as 400, 404 and 500).
 *
 * The list that Microsoft's module retries is not published, so the patterns here are our own: UNCONFIRMED.
 */

/** Classes that end in a plain statement of a passing condition, such as `ADTransientException` or `ServerBusyException`. */
const TRANSIENT_CLASS =
  /Transient|TimeOut|TimedOut|ServerBusy|TooBusy|BackendRehydration|ServiceUnavailable/i;
const THROTTLING_CLASS = /OverBudget|Throttl|TooManyRequests|MicroDelay/i;

const TRANSIENT_WORDS =
  /\b(transient|temporar(y|ily)|timed out|time-?out|server (is )?(too )?busy|try again later|service unavailable|bad gateway|gateway time-?out)\b/i;
const THROTTLING_WORDS = /\b(too many requests|throttl\w*|micro ?delay)\b/i;

/** Whether Exchange asks to slow down. Words count only where there is no class. */
export function asksToSlowDown(className: string, text: string): boolean {
  return className === '' ? THROTTLING_WORDS.test(text) : THROTTLING_CLASS.test(className);
}

/** Whether the same call may succeed later. Words count only where there is no class. */
export function mayPass(className: string, text: string): boolean {
  if (asksToSlowDown(className, text)) return true;
  return className === '' ? TRANSIENT_WORDS.test(text) : TRANSIENT_CLASS.test(className);
}

/** PowerShell's error categories by number (System.Management.Automation.ErrorCategory). */
const CATEGORIES = [
  'NotSpecified',
  'OpenError',
  'CloseError',
  'DeviceError',
  'DeadlockDetected',
  'InvalidArgument',
  'InvalidData',
  'InvalidOperation',
  'InvalidResult',
  'InvalidType',
  'MetadataError',
  'NotImplemented',
  'NotInstalled',
  'ObjectNotFound',
  'OperationStopped',
  'OperationTimeout',
  'SyntaxError',
  'ParserError',
  'PermissionDenied',
  'ResourceBusy',
  'ResourceExists',
  'ResourceUnavailable',
  'ReadError',
  'WriteError',
  'FromStdErr',
  'SecurityError',
  'ProtocolError',
  'ConnectionError',
  'AuthenticationError',
  'LimitsExceeded',
  'QuotaExceeded',
  'NotEnabled',
] as const;

/** The category of a number; undefined for anything else. */
export function categoryOf(code: unknown): string | undefined {
  const number = typeof code === 'string' && /^\d{1,2}$/.test(code) ? Number(code) : code;
  return typeof number === 'number' ? CATEGORIES[number] : undefined;
}
