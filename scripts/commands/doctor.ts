/**
 * `doctor`: preflight, drift, the rotation, the end of EWS and look-ups in one report with one verdict. Each part is looked at as the
 * command of its name does; what cannot be looked at says so and holds up nothing else. Writes nothing but the page that is asked for.
 */
import { resolve } from 'node:path';
import {
  blockedSection,
  doctorPage,
  doctorReport,
  driftSection,
  ewsSection,
  preflightSection,
  rotationSection,
  SECTION_IDS,
  type Section,
  type SectionId,
  sectionLines,
  type UnprovenEndpoint,
  verdictLines,
  verifySection,
} from '../../infra/doctor/index.js';
import type { Endpoint } from '../../infra/endpoints/google-forms.js';
import { InteropError } from '../../infra/errors.js';
import { once } from '../../infra/once.js';
import { holdersOf, rotationPolicy, timelineOf } from '../../infra/rotation/index.js';
import { USUAL_DAYS } from '../../infra/verify/window.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { type OpenStack, openStackToRead } from '../open-stack.js';
import { ledgerInForce } from '../own-use.js';
import { type ReadStack, readStack } from '../read-stack.js';
import { readRotation } from '../rotation/rotation.js';
import { asInteropError } from '../terminal.js';
import { writePage } from '../write-page.js';
import { findDrift, unseenCalendars } from './drift.js';
import { changesAsJson } from './engine-json.js';
import { preflightChecks } from './preflight.js';
import { lookUpThrough } from './verify-look-ups.js';
import { valuesOfState } from './verify-values.js';

/** The command's own options, as cli.ts declares them. */
export interface DoctorFlags {
  /** All when none is named. */
  readonly section: readonly SectionId[];
  readonly skip: readonly SectionId[];
  /** A file for the report as a page. */
  readonly html?: string;
  readonly passwordEnv: string;
}

/** What the looks at the sections share. */
interface Examination {
  /** Lines of the parts are left out of the report. */
  readonly context: CommandContext;
  readonly read: ReadStack;
  readonly flags: DoctorFlags;
  readonly now: Date;
  /** The engine with the stack, opened once. */
  readonly open: () => Promise<OpenStack>;
}

/** Exit codes: see `verdictOf` in infra/doctor. @throws InteropError: `configuration`, `noStack`, `cancelled` */
export async function doctor(
  context: CommandContext,
  flags: DoctorFlags,
  { now }: { readonly now: () => Date },
): Promise<CommandResult> {
  const { terminal } = context;
  const wanted = wantedSections(flags);
  const read = readStack(context);
  const part = { ...context, terminal: terminal.forPart() };
  const examination = { context: part, read, flags, now: now(), open: once(() => openStackToRead(part)) };
  terminal.line(`Stack ${read.stack.name} · tenant ${read.config.tenant}`, 'strong');
  const sections: Section[] = [];
  for (const id of wanted) {
    terminal.status(`looking at ${id}`);
    const section = await examine(id, examination);
    sections.push(section);
    terminal.line();
    for (const { text, tone } of sectionLines(section)) terminal.line(text, tone);
  }
  const about = { stack: read.stack.name, tenant: read.config.tenant };
  const report = doctorReport(about, examination.now, sections);
  terminal.line();
  for (const { text, tone } of verdictLines(report)) terminal.line(text, tone);
  if (flags.html !== undefined) {
    const path = resolve(context.cwd, flags.html);
    await writePage(path, doctorPage(report));
    terminal.line(`Wrote ${path}: it holds addresses of people.`);
  }
  return { exitCode: report.verdict.exitCode, json: report };
}

/** @throws InteropError of kind `configuration` when nothing is left */
function wantedSections({ section, skip }: DoctorFlags): readonly SectionId[] {
  const wanted = SECTION_IDS.filter(
    (id) => (section.length === 0 || section.includes(id)) && !skip.includes(id),
  );
  if (wanted.length > 0) return wanted;
  throw new InteropError({
    kind: 'configuration',
    summary: 'no section is left to look at',
    problems: [
      {
        where: '--section, --skip',
        what: 'leave all sections out',
        found: [...section.map((id) => `--section ${id}`), ...skip.map((id) => `--skip ${id}`)].join(' '),
        allowed: SECTION_IDS.join(', '),
      },
    ],
    next: ['calendar-interop doctor --help'],
  });
}

/** @throws InteropError of kind `cancelled`; every other failure makes a section that was not checked. */
async function examine(id: SectionId, examination: Examination): Promise<Section> {
  try {
    return await LOOKS[id](examination);
  } catch (error) {
    examination.context.signal.throwIfAborted();
    const failure = asInteropError(error);
    if (failure.kind === 'cancelled') throw failure;
    return blockedSection(id, failure);
  }
}

const LOOKS: Readonly<Record<SectionId, (examination: Examination) => Promise<Section>>> = {
  preflight: async ({ context, read }) => preflightSection(await preflightChecks(context, read)),
  drift: async ({ read, open }) => {
    const record = await findDrift(await open());
    return driftSection(read.stack.name, changesAsJson(record).resources, unseenCalendars(record));
  },
  rotation: async ({ context, now }) => {
    const { stack, config, ledger } = readRotation(context);
    return rotationSection(stack.name, timelineOf(ledger, rotationPolicy(config), now));
  },
  ews: async ({ read, now }) => ewsSection(read.stack.name, read.config, now),
  verify: lookUps,
};

/** Looks up through every endpoint that may be looked up through. */
async function lookUps(examination: Examination): Promise<Section> {
  const { context, read, flags, open } = examination;
  const { endpoints } = read.config;
  const password = context.env[flags.passwordEnv] ?? '';
  const isOnline = ({ type }: Endpoint) => type !== 'onPremises';
  const holders = endpoints.some(isOnline) ? await holdersOfCurrent(await open(), read) : [];
  const ready: Endpoint[] = [];
  const unproven: UnprovenEndpoint[] = [];
  for (const endpoint of endpoints) {
    const reason = isOnline(endpoint)
      ? unconfirmed(endpoint, holders, read.stack.name)
      : withoutPassword(endpoint, password, flags.passwordEnv);
    if (reason === undefined) ready.push(endpoint);
    else unproven.push(reason);
  }
  const outcome = await lookUpThrough(ready, {
    context,
    read,
    values: ready.some(isOnline) ? await valuesOfState(context, await open(), 'doctor') : undefined,
    password,
    people: [],
    outside: undefined,
    wishes: { asRole: [], days: USUAL_DAYS },
  });
  return verifySection({ ...outcome, unproven });
}

/** Names of the endpoints whose form at Google is confirmed to hold the secret that the ledger calls current. */
async function holdersOfCurrent(open: OpenStack, { config }: ReadStack): Promise<readonly string[]> {
  const ledger = ledgerInForce(open, await open.session.readState());
  const slot = ledger.current;
  const generation = ledger.slots[slot]?.generation ?? 0;
  return holdersOf(ledger, rotationPolicy(config), { slot, generation });
}

/** A secret that is not confirmed is left alone: our sign-in would look like Google's first use of it. */
function unconfirmed(
  { name }: Endpoint,
  holders: readonly string[],
  stack: string,
): UnprovenEndpoint | undefined {
  if (holders.includes(name)) return undefined;
  return {
    endpoint: name,
    why: 'its form at Google is not confirmed to hold the secret in use, which is left alone until then',
    next: [
      `calendar-interop rotation confirm ${name} --stack ${stack}   # once it is pasted`,
      `calendar-interop verify --endpoint ${name} --stack ${stack}   # uses it all the same`,
    ],
  };
}

function withoutPassword(
  { name }: Endpoint,
  password: string,
  variable: string,
): UnprovenEndpoint | undefined {
  if (password !== '') return undefined;
  return {
    endpoint: name,
    why: `${variable} is not set: role accounts on-premises sign in with a password`,
    next: [`export ${variable}=…   # then the same command again`],
    failure: 'authentication',
  };
}
