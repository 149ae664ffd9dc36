/**
 * A look-up over Microsoft Graph: getSchedule of the role account's calendar, 20 addresses a call and 20 calls a $batch
 * (learn.microsoft.com/graph/api/calendar-getschedule, graph/json-batching).
 *
 * That Google calls it, and through the role account, is UNCONFIRMED: its form for Graph asks for role accounts.
 */
import { z } from 'zod';
import type { AttendeeAnswer, BusyTime } from './attendee.js';
import { oneLine } from './finding.js';
import { post } from './http.js';
import { MOST_ATTEMPTS, waitAsAsked } from './pace.js';
import type { LookUp, Refusal } from './refusal.js';
import type { Surroundings } from './surroundings.js';
import type { TimeWindow } from './window.js';

export interface GraphLookUp {
  /** Base URL without a version and a trailing slash. */
  readonly graph: string;
  readonly token: string;
  readonly roleAccount: string;
  readonly attendees: readonly string[];
  readonly window: TimeWindow;
}

const ADDRESSES_A_CALL = 20;
const CALLS_A_BATCH = 20;

/** One call of getSchedule: which addresses, and where its answers belong. */
interface Call {
  readonly addresses: readonly string[];
  answers?: readonly AttendeeAnswer[];
}

/** @throws the signal's reason when it is aborted, and nothing else. */
export async function lookUpOverGraph(
  wanted: GraphLookUp,
  around: Surroundings,
): Promise<LookUp<AttendeeAnswer>> {
  const calls: readonly Call[] = chunks(wanted.attendees, ADDRESSES_A_CALL).map((addresses) => ({
    addresses,
  }));
  let requests = 0;
  let attempt = 1;
  for (;;) {
    const open = calls.filter(({ answers }) => answers === undefined).slice(0, CALLS_A_BATCH);
    if (open.length === 0) return { answers: calls.flatMap(({ answers = [] }) => answers), requests };
    const result = await send(wanted, open, around);
    requests += 1;
    if ('refusal' in result) return { refusal: result.refusal, requests };
    if (result.throttled === undefined) {
      attempt = 1;
      continue;
    }
    const goOn = attempt < MOST_ATTEMPTS && (await waitAsAsked(attempt, result.throttled.retryAfter, around));
    if (!goOn) return { refusal: { kind: 'busy', evidence: `status 429, ${attempt} times` }, requests };
    attempt += 1;
  }
}

type Sent = { readonly throttled: { readonly retryAfter: string | undefined } | undefined } | Failed;
type Failed = { readonly refusal: Refusal };

/** Fills in the answers of the calls that were answered; the throttled ones stay open. */
async function send(wanted: GraphLookUp, calls: readonly Call[], around: Surroundings): Promise<Sent> {
  const parts =
    calls.length === 1 ? await sendOne(wanted, calls, around) : await sendBatch(wanted, calls, around);
  if ('refusal' in parts) return parts;
  let throttled: { retryAfter: string | undefined } | undefined;
  for (const { call, status, headers, body } of parts.answers) {
    if (status === 429 || status === 503) {
      throttled ??= { retryAfter: headers['retry-after'] };
      continue;
    }
    if (status !== 200) return { refusal: refusalOf(status, headers, body) };
    const answers = answersIn(body, call.addresses);
    if (answers === undefined) {
      return { refusal: { kind: 'incomplete', evidence: 'the answer is not one of getSchedule' } };
    }
    call.answers = answers;
  }
  return { throttled };
}

interface Part {
  readonly call: Call;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Parts = { readonly answers: readonly Part[] } | Failed;

async function sendOne(wanted: GraphLookUp, [call]: readonly Call[], around: Surroundings): Promise<Parts> {
  if (call === undefined) return { answers: [] };
  const answer = await postJson(wanted, schedulePath(wanted), scheduleBody(wanted, call), around);
  return 'refusal' in answer ? answer : { answers: [{ call, ...answer }] };
}

async function sendBatch(wanted: GraphLookUp, calls: readonly Call[], around: Surroundings): Promise<Parts> {
  const requests = calls.map((call, index) => ({
    id: String(index),
    method: 'POST',
    url: schedulePath(wanted),
    headers: { 'Content-Type': 'application/json' },
    body: scheduleBody(wanted, call),
  }));
  const answer = await postJson(wanted, '/$batch', { requests }, around);
  if ('refusal' in answer) return answer;
  // The batch as a whole was throttled or refused: so was each of its calls.
  if (answer.status !== 200) return { answers: calls.map((call) => ({ call, ...answer })) };
  const batch = batchSchema.safeParse(answer.body);
  const responses = new Map(batch.data?.responses.map((response) => [response.id, response]));
  const answers: Part[] = [];
  for (const [index, call] of calls.entries()) {
    const response = responses.get(String(index));
    if (response === undefined) {
      return { refusal: { kind: 'incomplete', evidence: 'the answer to $batch lacks a part' } };
    }
    const headers = Object.fromEntries(
      Object.entries(response.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
    answers.push({ call, status: response.status, headers, body: response.body });
  }
  return { answers };
}

const batchSchema = z.object({
  responses: z.array(
    z.object({
      id: z.string(),
      status: z.number(),
      headers: z.record(z.string(), z.unknown()).nullish(),
      body: z.unknown(),
    }),
  ),
});

async function postJson(
  { graph, token }: GraphLookUp,
  path: string,
  body: unknown,
  around: Surroundings,
): Promise<{ status: number; headers: Readonly<Record<string, string>>; body: unknown } | Failed> {
  const answer = await post(
    {
      url: `${graph}/v1.0${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json',
        prefer: 'outlook.timezone="UTC"',
      },
      body: JSON.stringify(body),
    },
    around,
  );
  if (answer.kind !== 'answer') return { refusal: { kind: answer.kind, evidence: answer.evidence } };
  const { status, headers } = answer;
  const text = answer.body.toString('utf8');
  try {
    return { status, headers, body: text === '' ? undefined : JSON.parse(text) };
  } catch {
    if (status === 429 || status === 503) return { status, headers, body: undefined };
    if (status !== 200) return { refusal: { kind: 'status', status, headers, evidence: `status ${status}` } };
    const html = /^\s*<(!doctype|html)/i.test(text);
    return { refusal: { kind: html ? 'html' : 'incomplete', evidence: html ? 'a web page' : 'no JSON' } };
  }
}

function schedulePath({ roleAccount }: GraphLookUp): string {
  return `/users/${encodeURIComponent(roleAccount)}/calendar/getSchedule`;
}

function scheduleBody({ window }: GraphLookUp, { addresses }: Call) {
  const at = (time: Date) => ({ dateTime: time.toISOString().slice(0, 19), timeZone: 'UTC' });
  return {
    schedules: addresses,
    startTime: at(window.start),
    endTime: at(window.end),
    availabilityViewInterval: 30,
  };
}

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string().default('') }) });

function refusalOf(status: number, headers: Readonly<Record<string, string>>, body: unknown): Refusal {
  const { data } = errorSchema.safeParse(body);
  if (data === undefined) return { kind: 'status', status, headers, evidence: `status ${status}` };
  const { code, message } = data.error;
  return { kind: 'code', code: oneLine(code), evidence: `${status} ${code}: ${message}` };
}

const timeSchema = z.object({ dateTime: z.string() });

const scheduleSchema = z.object({
  scheduleId: z.string(),
  availabilityView: z.string().nullish(),
  scheduleItems: z
    .array(
      z.object({
        isPrivate: z.boolean().nullish(),
        status: z.string(),
        subject: z.string().nullish(),
        location: z.string().nullish(),
        start: timeSchema,
        end: timeSchema,
      }),
    )
    .nullish(),
  error: z.object({ message: z.string().nullish(), responseCode: z.string().nullish() }).nullish(),
});

type Schedule = z.output<typeof scheduleSchema>;

const answerSchema = z.object({ value: z.array(scheduleSchema) });

/** Graph answers by address; undefined when one is missing or the answer is none. */
function answersIn(body: unknown, addresses: readonly string[]): readonly AttendeeAnswer[] | undefined {
  const { data } = answerSchema.safeParse(body);
  if (data === undefined) return undefined;
  const schedules = new Map(data.value.map((schedule) => [schedule.scheduleId.toLowerCase(), schedule]));
  const answers = addresses.map((address) => {
    const schedule = schedules.get(address.toLowerCase());
    return schedule === undefined ? undefined : answerOf(address, schedule);
  });
  return answers.every((answer) => answer !== undefined) ? answers : undefined;
}

function answerOf(address: string, { scheduleItems, error }: Schedule): AttendeeAnswer {
  if (error) {
    const code = error.responseCode ?? 'no code';
    return { address, detail: 'nothing', code: oneLine(code), text: oneLine(error.message ?? '') };
  }
  const events = (scheduleItems ?? []).map(eventOf);
  const open = events.filter(({ isPrivate }) => !isPrivate);
  if (open.length === 0) return { address, detail: 'unknown', events };
  const shows = open.some(({ subject, location }) => subject !== undefined || location !== undefined);
  return { address, detail: shows ? 'details' : 'busyOnly', events };
}

/** Graph's words for what EWS calls otherwise (learn.microsoft.com/graph/api/resources/scheduleitem). */
const STATUS: ReadonlyMap<string, string> = new Map([
  ['free', 'Free'],
  ['tentative', 'Tentative'],
  ['busy', 'Busy'],
  ['oof', 'OOF'],
  ['workingElsewhere', 'WorkingElsewhere'],
  ['unknown', 'NoData'],
]);

function eventOf(item: NonNullable<Schedule['scheduleItems']>[number]): BusyTime {
  return {
    start: seconds(item.start.dateTime),
    end: seconds(item.end.dateTime),
    status: STATUS.get(item.status) ?? oneLine(item.status),
    ...(item.subject ? { subject: oneLine(item.subject) } : {}),
    ...(item.location ? { location: oneLine(item.location) } : {}),
    isPrivate: item.isPrivate === true,
  };
}

/** Graph writes seven digits after the second, and no offset: the zone is that of the request. */
function seconds(text: string): string {
  const time = new Date(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(time.getTime()) ? oneLine(text) : `${time.toISOString().slice(0, 19)}Z`;
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
