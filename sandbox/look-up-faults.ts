/**
 * What can be made to go wrong with a look-up, one thing at a time, in one table: for `--fault NAME=VALUE` and `POST /sandbox/control`,
 * beside the faults of faults.ts and exchange/faults.ts. Settings hold until another value comes; counted faults hit the next COUNT
 * requests exactly.
 */
import { ATTENDEE_ERRORS, type AttendeeErrorCode } from './availability/calendars.js';
import { type AadstsCode, REFUSALS } from './entra/aadsts.js';
import { EWS_ERROR_CODES, type EwsErrorCode } from './ews/ews-error.js';
import { SandboxOptionError } from './options.js';

interface FaultKind {
  readonly form: string;
  readonly what: string;
}

/** Settings, all of them numbers, with what they are at first. */
export const LOOK_UP_SETTINGS = {
  ewsPolicyDelay: {
    form: 'ewsPolicyDelay=MS',
    what: 'a change of the EWS switch or of its lists takes effect MS later; Exchange takes up to 86400000',
    atFirst: 0,
  },
  ewsUnsetBlocks: {
    form: 'ewsUnsetBlocks=0|1',
    what: '1: an EWS switch that is not set blocks, as Microsoft does tenant by tenant',
    atFirst: 0,
  },
  ewsRetired: { form: 'ewsRetired=0|1', what: '1: EWS is off for all, as from 2027-04-01', atFirst: 0 },
  rbacCache: {
    form: 'rbacCache=MS',
    what: 'whether an application may act on a mailbox is remembered for MS; Exchange does for up to 7200000',
    atFirst: 0,
  },
  ewsCeiling: {
    form: 'ewsCeiling=N',
    what: 'at most N EWS requests at once per role account, above it ErrorExceededConnectionCount; 27 at first',
    atFirst: 27,
  },
  ewsMostAttendees: {
    form: 'ewsMostAttendees=N',
    what: 'EWS requests for more than N attendees get ErrorServerBusy; 100 at first',
    atFirst: 100,
  },
  ewsSlow: { form: 'ewsSlow=MS', what: 'each answer of EWS comes MS later', atFirst: 0 },
} as const satisfies Record<string, FaultKind & { readonly atFirst: number }>;

/** Counted faults. */
export const LOOK_UP_FAULTS = {
  tokenRefused: {
    form: 'tokenRefused=N@AADSTS',
    what: 'the next N token requests are refused with that code, such as 7000222',
  },
  tokenHtml: { form: 'tokenHtml=N', what: 'the next N token requests get 200 with a page of HTML' },
  ewsHtml: { form: 'ewsHtml=N', what: 'the next N EWS requests get 200 with a page of HTML' },
  ewsNotFound: { form: 'ewsNotFound=N', what: 'the next N EWS requests get 404 with a page of HTML' },
  ewsRedirect: {
    form: 'ewsRedirect=N',
    what: 'the next N EWS requests get 302 to a page for signing in on another host',
  },
  ewsServerError: { form: 'ewsServerError=N', what: 'the next N EWS requests get 500 with a page of HTML' },
  ewsUnavailable: {
    form: 'ewsUnavailable=N[:SECONDS]',
    what: 'the next N EWS requests get 503 with Retry-After SECONDS, 1 unless given',
  },
  ewsBusy: {
    form: 'ewsBusy=N[:SECONDS]',
    what: 'the next N EWS requests get ErrorServerBusy with BackOffMilliseconds, 1 second unless given',
  },
  ewsExpiredToken: {
    form: 'ewsExpiredToken=N',
    what: 'the next N EWS requests get 401 for an expired token',
  },
  ewsRestricted: {
    form: 'ewsRestricted=N',
    what: 'the next N EWS requests get 403 without a body and with Restrict-Access-Confirm: 1',
  },
  ewsFault: {
    form: 'ewsFault=N@CODE',
    what: 'the next N EWS requests get a SOAP fault with that response code, such as ErrorImpersonateUserDenied',
  },
  ewsEmpty: { form: 'ewsEmpty=N', what: 'the next N answers of EWS have no body' },
  ewsTruncated: { form: 'ewsTruncated=N', what: 'the next N answers of EWS end in the middle of the XML' },
  ewsHuge: { form: 'ewsHuge=N', what: 'the next N answers of EWS hold 20 MB of blanks' },
  ewsEntities: {
    form: 'ewsEntities=N',
    what: 'the next N answers of EWS hold a document type with entities that expand a thousandfold and one of a file',
  },
  ewsWrongNamespace: {
    form: 'ewsWrongNamespace=N',
    what: 'the next N answers of EWS are in namespaces that begin with https',
  },
  ewsFewerEntries: { form: 'ewsFewerEntries=N', what: 'the next N answers of EWS lack the last attendee' },
  attendeeError: {
    form: 'attendeeError=N@CODE',
    what: 'the next N attendees, of EWS or getSchedule, fail with that response code, such as ErrorFreeBusyGenerationFailed',
  },
} as const satisfies Record<string, FaultKind>;

export type LookUpSettingName = keyof typeof LOOK_UP_SETTINGS;
export type LookUpFaultName = keyof typeof LOOK_UP_FAULTS;

const WITH_SECONDS: readonly string[] = ['ewsUnavailable', 'ewsBusy'];
/** What may stand behind `@`. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  tokenRefused: Object.keys(REFUSALS),
  ewsFault: EWS_ERROR_CODES,
  attendeeError: Object.keys(ATTENDEE_ERRORS),
};
const MOST = 1_000_000_000;
const DEFAULT_SECONDS = 1;

interface ArmedFault {
  readonly name: LookUpFaultName;
  readonly seconds: number;
  /** Empty where the fault has none. */
  readonly code: string;
  left: number;
}

type Parsed = { readonly setting: LookUpSettingName; readonly value: number } | ArmedFault;

/** Whether the text names a fault of this table. */
export function isLookUpFault(text: string): boolean {
  const [name = ''] = text.split('=');
  return Object.hasOwn(LOOK_UP_SETTINGS, name) || Object.hasOwn(LOOK_UP_FAULTS, name);
}

/** @throws SandboxOptionError for a value that is malformed, or a code that is unknown (with those that are not). */
export function parseLookUpFault(text: string): Parsed {
  const [name = ''] = text.split('=');
  const match = /^\w+=(\d{1,10})(?::(\d{1,6}))?(?:@(\w+))?$/.exec(text);
  const [, amount = '', seconds, code = ''] = match ?? [];
  const value = Number(amount);
  const isMalformed =
    match === null || value > MOST || (seconds !== undefined && !WITH_SECONDS.includes(name));
  if (isMalformed) throw malformed(name, text);
  if (isSettingName(name)) {
    if (code !== '' || (LOOK_UP_SETTINGS[name].form.endsWith('0|1') && value > 1))
      throw malformed(name, text);
    return { setting: name, value };
  }
  const codes = CODES[name];
  if (codes === undefined ? code !== '' : !codes.includes(code)) {
    throw codes === undefined ? malformed(name, text) : unknownCode(text, codes);
  }
  return { name: name as LookUpFaultName, seconds: Number(seconds ?? DEFAULT_SECONDS), code, left: value };
}

function isSettingName(name: string): name is LookUpSettingName {
  return Object.hasOwn(LOOK_UP_SETTINGS, name);
}

function malformed(name: string, found: string): SandboxOptionError {
  const table: Readonly<Record<string, FaultKind>> = { ...LOOK_UP_SETTINGS, ...LOOK_UP_FAULTS };
  return new SandboxOptionError('fault', 'is malformed', found, table[name]?.form ?? 'NAME=VALUE');
}

function unknownCode(found: string, codes: readonly string[]): SandboxOptionError {
  return new SandboxOptionError('fault', 'has no such code', found, codes.join(', '));
}

const SETTING_NAMES = Object.keys(LOOK_UP_SETTINGS) as readonly LookUpSettingName[];

/** Settings and faults in force. */
export class LookUpFaults {
  #armed: ArmedFault[] = [];
  readonly #settings = new Map<LookUpSettingName, number>();

  /** The value of a setting. */
  setting(name: LookUpSettingName): number {
    return this.#settings.get(name) ?? LOOK_UP_SETTINGS[name].atFirst;
  }

  /** Adds faults, `clear`ing those in force before. @throws SandboxOptionError; then none of them is added. */
  replace(texts: readonly string[], clear: boolean): void {
    const all = texts.map(parseLookUpFault);
    if (clear) {
      this.#armed = [];
      this.#settings.clear();
    }
    for (const parsed of all) {
      if ('setting' in parsed) this.#settings.set(parsed.setting, parsed.value);
      else if (parsed.left > 0) this.#armed.push(parsed);
    }
  }

  /** Uses up one of a fault's count, if it is in force. */
  take(name: LookUpFaultName): { readonly seconds: number; readonly code: string } | undefined {
    const hit = this.#armed.find((armed) => armed.name === name);
    if (hit === undefined) return undefined;
    hit.left -= 1;
    if (hit.left === 0) this.#armed = this.#armed.filter((armed) => armed !== hit);
    return hit;
  }

  /** The code with which a token request is refused. */
  takeTokenRefusal(): AadstsCode | undefined {
    const hit = this.take('tokenRefused');
    return hit === undefined ? undefined : (Number(hit.code) as AadstsCode);
  }

  /** The response code of the fault that a request gets. */
  takeEwsFault(): EwsErrorCode | undefined {
    return this.take('ewsFault')?.code as EwsErrorCode | undefined;
  }

  /** The response code with which an attendee fails. */
  takeAttendeeError(): AttendeeErrorCode | undefined {
    return this.take('attendeeError')?.code as AttendeeErrorCode | undefined;
  }

  /** What is in force, as it could be given again. */
  describe(): readonly string[] {
    const settings = SETTING_NAMES.filter((name) => this.setting(name) !== LOOK_UP_SETTINGS[name].atFirst);
    return [
      ...settings.map((name) => `${name}=${this.setting(name)}`),
      ...this.#armed.map(({ name, left, seconds, code }) => {
        const behind = WITH_SECONDS.includes(name) ? `:${seconds}` : '';
        return `${name}=${left}${behind}${code === '' ? '' : `@${code}`}`;
      }),
    ];
  }
}
