/**
 * What can be made to go wrong in Exchange, in one table: for `--fault NAME=VALUE` and `POST /sandbox/control`, beside the faults of
 * ../faults.ts.
 *
 * Settings (`NAME=VALUE`) hold until another value comes. Counted faults (`NAME=COUNT`, with `@CMDLET` behind it for one cmdlet
 * only) hit the next COUNT cmdlets or requests exactly. What a fault looks like to a client depends on its transport: over
 * REST as the table says; the PowerShell module turns answers into error records.
 */
import { SandboxOptionError } from '../options.js';
import { ACCESS_RIGHTS } from './rights.js';
import type { ExchangeSettings } from './settings.js';

/** Which of the two transports meets a fault. */
export type FaultTransport = 'both' | 'rest';

interface FaultKind {
  readonly form: string;
  readonly transports: FaultTransport;
  readonly what: string;
}

/** Settings. */
export const EXCHANGE_SETTINGS = {
  ceiling: {
    form: 'ceiling=N[:SECONDS]',
    transports: 'both',
    what: 'at most N cmdlets at once (a batch counts its members), above it 429 with Retry-After SECONDS, 1 unless given; 0 lifts it',
  },
  staleReads: {
    form: 'staleReads=MS',
    transports: 'both',
    what: 'permissions and the organisation are read as before, for MS after a write',
  },
  licenceDelay: { form: 'licenceDelay=MS', transports: 'both', what: 'a licence makes a mailbox MS later' },
  cmdletLatency: { form: 'cmdletLatency=MS', transports: 'both', what: 'each cmdlet takes MS' },
  pageSize: {
    form: 'pageSize=N',
    transports: 'both',
    what: 'lists come in pages of at most N rows; 1000 at first',
  },
  freeLicences: {
    form: 'freeLicences=N',
    transports: 'both',
    what: 'each product has N licences that nobody has',
  },
  defaultRights: {
    form: 'defaultRights=RIGHT',
    transports: 'both',
    what: '`Default` starts with this right on every seeded default calendar; before the first change only',
  },
} as const satisfies Record<string, FaultKind>;

/** Counted faults. */
export const EXCHANGE_FAULTS = {
  throttleStorm: {
    form: 'throttleStorm=N[:SECONDS]',
    transports: 'both',
    what: 'the next N requests get 429 with Retry-After',
  },
  expiredToken: {
    form: 'expiredToken=N',
    transports: 'both',
    what: 'the next N requests get 401 invalid_token',
  },
  claimsChallenge: {
    form: 'claimsChallenge=N',
    transports: 'both',
    what: 'N times, the token in use is refused with 401 and claims from then on; newer tokens work',
  },
  gatewayError: {
    form: 'gatewayError=N',
    transports: 'both',
    what: 'the next N requests get 502 with a page of HTML and take no effect',
  },
  gatewayTimeout: {
    form: 'gatewayTimeout=N',
    transports: 'both',
    what: 'the next N requests take effect and get 504 with a page of HTML',
  },
  nulBytes403: {
    form: 'nulBytes403=N',
    transports: 'both',
    what: 'the next N cmdlets get 403 of NUL bytes that are declared gzip',
  },
  cmdletError: {
    form: 'cmdletError=N',
    transports: 'both',
    what: 'the next N cmdlets fail, take no effect and would work later',
  },
  cmdletLost: {
    form: 'cmdletLost=N',
    transports: 'both',
    what: 'the next N cmdlets take effect and report a transient failure',
  },
  cmdletRefused: { form: 'cmdletRefused=N', transports: 'both', what: 'the next N cmdlets fail for good' },
  cmdletHang: {
    form: 'cmdletHang=N',
    transports: 'both',
    what: 'the next N cmdlets are never answered and take no effect',
  },
  cmdletUnanswered: {
    form: 'cmdletUnanswered=N',
    transports: 'both',
    what: 'the next N cmdlets take effect and are never answered',
  },
  errorInSuccess: {
    form: 'errorInSuccess=N',
    transports: 'both',
    what: 'the next N cmdlets answer 200 with @adminapi.errors and take no effect',
  },
  vanish: {
    form: 'vanish=N',
    transports: 'both',
    what: 'the mailboxes of the next N cmdlets that name one are deleted just before',
  },
  folderIdChange: {
    form: 'folderIdChange=N',
    transports: 'both',
    what: 'the folders of the next N folder permission cmdlets have got another id just before',
  },
  calendarRename: {
    form: 'calendarRename=N',
    transports: 'both',
    what: 'the default calendars of the next N folder cmdlets have been renamed just before',
  },
  halfBatch: {
    form: 'halfBatch=N',
    transports: 'rest',
    what: 'the next N batches run and answer only the first half of their members',
  },
  halfAnswer: {
    form: 'halfAnswer=N',
    transports: 'rest',
    what: 'the next N batches run whole and answer only the first half of their members',
  },
  loopingNextLink: {
    form: 'loopingNextLink=N',
    transports: 'both',
    what: 'the next N links to a next page lead to the same page again',
  },
} as const satisfies Record<string, FaultKind>;

type SettingName = keyof typeof EXCHANGE_SETTINGS;
export type ExchangeFaultName = keyof typeof EXCHANGE_FAULTS;

const MOST = 1_000_000_000;
const WITH_SECONDS: readonly string[] = ['ceiling', 'throttleStorm'];
const DEFAULT_RETRY_AFTER = 1;

interface ArmedFault {
  readonly name: ExchangeFaultName;
  readonly cmdlet: string | undefined;
  readonly retryAfter: number;
  left: number;
}

type Parsed =
  | { readonly kind: 'setting'; readonly change: Partial<ExchangeSettings> }
  | { readonly kind: 'fault'; readonly fault: ArmedFault };

/** Rows of a page, as Exchange has it. */
const MOST_ROWS = 1000;

const NOTHING_SET: ExchangeSettings = {
  licenceDelay: 0,
  staleReads: 0,
  ceiling: undefined,
  ceilingRetryAfter: DEFAULT_RETRY_AFTER,
  cmdletLatency: undefined,
  pageSize: MOST_ROWS,
  defaultRights: undefined,
  freeLicences: undefined,
};

/** Whether a fault is Exchange's, by its name. */
export function isExchangeFault(text: string): boolean {
  const [name = ''] = text.split('=');
  return Object.hasOwn(EXCHANGE_SETTINGS, name) || Object.hasOwn(EXCHANGE_FAULTS, name);
}

/** @throws SandboxOptionError for a value or a target that is malformed. */
export function parseExchangeFault(text: string): Parsed {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const rest = equals < 0 ? '' : text.slice(equals + 1);
  if (name === 'defaultRights') return { kind: 'setting', change: { defaultRights: oneRight(text, rest) } };
  const match = /^(\d{1,10})(?::(\d{1,6}(?:\.\d{1,3})?))?(?:@([A-Z][a-z]+-[A-Za-z]+))?$/.exec(rest);
  const isSetting = Object.hasOwn(EXCHANGE_SETTINGS, name);
  const [, amount = '', seconds, cmdlet] = match ?? [];
  const isMalformed =
    match === null ||
    Number(amount) > MOST ||
    (seconds !== undefined && !WITH_SECONDS.includes(name)) ||
    (name === 'pageSize' && (Number(amount) < 1 || Number(amount) > MOST_ROWS)) ||
    (cmdlet !== undefined && isSetting);
  if (isMalformed) throw malformed(name, text);
  const retryAfter = Number(seconds ?? DEFAULT_RETRY_AFTER);
  if (isSetting) return { kind: 'setting', change: setting(name as SettingName, Number(amount), retryAfter) };
  return {
    kind: 'fault',
    fault: { name: name as ExchangeFaultName, cmdlet, retryAfter, left: Number(amount) },
  };
}

function oneRight(text: string, value: string): readonly string[] {
  if (ACCESS_RIGHTS.includes(value)) return [value];
  throw new SandboxOptionError('fault', 'has no such right', text, ACCESS_RIGHTS.join(', '));
}

function malformed(name: string, found: string): SandboxOptionError {
  const table: Readonly<Record<string, FaultKind>> = { ...EXCHANGE_SETTINGS, ...EXCHANGE_FAULTS };
  return new SandboxOptionError('fault', 'is malformed', found, table[name]?.form ?? 'NAME=VALUE');
}

function setting(name: SettingName, amount: number, retryAfter: number): Partial<ExchangeSettings> {
  if (name === 'ceiling')
    return { ceiling: amount === 0 ? undefined : amount, ceilingRetryAfter: retryAfter };
  return { [name]: amount };
}

/** Settings and faults in force. */
export class ExchangeFaults {
  #settings: ExchangeSettings = NOTHING_SET;
  #armed: ArmedFault[] = [];

  constructor(texts: readonly string[] = []) {
    this.add(texts);
  }

  /** Reads through to what is set now. */
  get settings(): ExchangeSettings {
    return this.#settings;
  }

  /** @throws SandboxOptionError as {@link parseExchangeFault}; then none of them is added. */
  add(texts: readonly string[]): void {
    this.replace(texts, false);
  }

  /**
   * As {@link add}, `clear`ing those in force before; the rights that the seed gives stay, since they belong to the tenant.
   */
  replace(texts: readonly string[], clear: boolean): void {
    const all = texts.map(parseExchangeFault);
    if (clear) {
      this.#armed = [];
      this.#settings = { ...NOTHING_SET, defaultRights: this.#settings.defaultRights };
    }
    for (const parsed of all) {
      if (parsed.kind === 'setting') this.#settings = { ...this.#settings, ...parsed.change };
      else if (parsed.fault.left > 0) this.#armed.push(parsed.fault);
    }
  }

  /** Uses up one of a fault's count, if it is in force for this cmdlet (or, without one, for the request). */
  take(name: ExchangeFaultName, cmdlet?: string): { readonly retryAfter: number } | undefined {
    const hit = this.#armed.find(
      (armed) => armed.name === name && (armed.cmdlet === undefined || armed.cmdlet === cmdlet),
    );
    if (hit === undefined) return undefined;
    hit.left -= 1;
    if (hit.left === 0) this.#armed = this.#armed.filter((armed) => armed !== hit);
    return { retryAfter: hit.retryAfter };
  }

  /** What is in force, as it could be given again. */
  describe(): readonly string[] {
    const { ceiling, ceilingRetryAfter, defaultRights, ...numbers } = this.#settings;
    const settings = Object.entries(numbers)
      .filter(([name, value]) => value !== NOTHING_SET[name as keyof ExchangeSettings])
      .map(([name, value]) => `${name}=${value}`);
    if (ceiling !== undefined) settings.push(`ceiling=${ceiling}:${ceilingRetryAfter}`);
    if (defaultRights !== undefined) settings.push(`defaultRights=${defaultRights.join()}`);
    const armed = this.#armed.map(({ name, left, retryAfter, cmdlet }) => {
      const seconds = WITH_SECONDS.includes(name) ? `:${retryAfter}` : '';
      return `${name}=${left}${seconds}${cmdlet === undefined ? '' : `@${cmdlet}`}`;
    });
    return [...settings, ...armed];
  }
}
