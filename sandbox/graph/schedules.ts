/**
 * `POST /users/{id}/calendar/getSchedule` (microsoftgraph/microsoft-graph-docs-contrib api-reference/v1.0/api/calendar-getschedule.md):
 * what the user sees of others' calendars.
 */
import {
  type AttendeeFailure,
  type Availability,
  attendeeFailure,
  lookUp,
} from '../availability/calendars.js';
import type { BusyType, TimeWindow } from '../availability/event.js';
import { mergedFreeBusy, type VisibleEvent } from '../availability/view.js';
import {
  DAY_MS,
  isIanaZone,
  MINUTE_MS,
  toLocal,
  toUtc,
  windowsNameOf,
  zoneOfWindowsName,
} from '../availability/zones.js';
import type { Mailbox } from '../exchange/model.js';
import { isJsonObject, type Json, type JsonObject, textOf } from '../json.js';
import { headerOf } from '../server/http.js';
import { type GraphAnswer, type GraphContext, jsonBody, param } from './context.js';
import { GraphError } from './errors.js';

/** The reference does not say how many; clients' authors agree on 20 (UNCONFIRMED: code and text of the refusal). */
const MOST_SCHEDULES = 20;
/** 42 or 62 days, by different sources: the stricter. */
const MOST_DAYS = 42;
const DEFAULT_INTERVAL_MINUTES = 30;
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

interface ScheduleRequest {
  readonly schedules: readonly string[];
  readonly window: TimeWindow;
  readonly intervalMs: number;
  /** IANA name of the zone of the answer, and the name as the client gave it. */
  readonly zone: string;
  readonly zoneName: string;
}

/** @throws GraphError as Outlook's part of Graph refuses. */
export function getSchedule(context: GraphContext): GraphAnswer {
  const account = accountOf(context);
  const asked = readRequest(context);
  const { exchange, lookUpFaults } = context;
  const value = asked.schedules.map((address) => {
    const failure = lookUpFaults.takeAttendeeError();
    const answer =
      failure === undefined
        ? lookUp(exchange, account, address, asked.window)
        : attendeeFailure(failure, address);
    return viewSchedule(address, answer, asked);
  });
  const set = 'Collection(microsoft.graph.scheduleInformation)';
  return {
    status: 200,
    body: { '@odata.context': `${context.base}/${context.version}/$metadata#${set}`, value },
  };
}

/** The mailbox that the route names, if the caller may act on it. UNCONFIRMED: status and text for users without a mailbox. */
function accountOf(context: GraphContext): Mailbox {
  const id = param(context, 'id');
  const { users } = context.directory;
  const user = GUID.test(id) ? users.get(id.toLowerCase()) : users.lookUp('userPrincipalName', id)?.[0];
  if (user === undefined || !context.directory.sees(user)) {
    throw new GraphError(404, 'ErrorInvalidUser', `The requested user '${id}' is invalid.`);
  }
  const mailbox = context.exchange.mailboxes.of(user);
  if (mailbox === undefined) {
    throw new GraphError(
      404,
      'MailboxNotEnabledForRESTAPI',
      'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
    );
  }
  const { scopedBy } = context;
  const isInScope = () =>
    context.exchange.rbac
      .authorizations(context.caller.principalId, mailbox)
      .some(
        ({ granted, inScope }) =>
          inScope === true && granted.split(', ').some((role) => scopedBy?.includes(role) === true),
      );
  if (scopedBy !== undefined && !isInScope()) throw accessDenied();
  return mailbox;
}

/** What Outlook's part of Graph says where a permission is missing or does not reach the mailbox. */
function accessDenied(): GraphError {
  return new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.');
}

function readRequest(context: GraphContext): ScheduleRequest {
  const {
    schedules,
    startTime,
    endTime,
    availabilityViewInterval = DEFAULT_INTERVAL_MINUTES,
    ...unknown
  } = jsonBody(context);
  const [other] = Object.keys(unknown).filter((name) => !name.startsWith('@'));
  if (other !== undefined) {
    throw new GraphError(
      400,
      'BadRequest',
      `The parameter '${other}' is not one of the action 'getSchedule'.`,
    );
  }
  const zoneName = zoneOfPrefer(headerOf(context.request, 'prefer') ?? '');
  const minutes = availabilityViewInterval;
  if (typeof minutes !== 'number' || !Number.isInteger(minutes) || minutes < 5 || minutes > 1440) {
    throw parameterError(
      'ErrorInvalidMergedFreeBusyInterval',
      'The interval must be from 5 to 1440 minutes.',
    );
  }
  return {
    schedules: readSchedules(schedules),
    window: readWindow(startTime, endTime),
    intervalMs: minutes * MINUTE_MS,
    zone: zoneNamed(zoneName),
    zoneName,
  };
}

function readSchedules(value: Json | undefined): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === 'string')) {
    throw parameterError(
      'ErrorInvalidParameter',
      "The parameter 'schedules' must be a list of SMTP addresses.",
    );
  }
  if (value.length > MOST_SCHEDULES) {
    throw parameterError(
      'ErrorInvalidRequest',
      `At most ${MOST_SCHEDULES} schedules can be asked for at once.`,
    );
  }
  return value as readonly string[];
}

function readWindow(startTime: Json | undefined, endTime: Json | undefined): TimeWindow {
  const window = { start: readTime(startTime, 'startTime'), end: readTime(endTime, 'endTime') };
  if (window.start >= window.end) {
    throw parameterError('ErrorInvalidTimeInterval', 'The start time must be before the end time.');
  }
  if (window.end - window.start > MOST_DAYS * DAY_MS) {
    throw parameterError(
      'ErrorTimeIntervalTooBig',
      'The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long.',
    );
  }
  return window;
}

/** `{"dateTime": "2026-11-30T00:00:00", "timeZone": "UTC"}` */
function readTime(value: Json | undefined, name: string): number {
  const dateTime = isJsonObject(value) ? textOf(value.dateTime) : undefined;
  const zone = isJsonObject(value) ? textOf(value.timeZone) : undefined;
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,7})?(Z)?$/.exec(dateTime ?? '');
  const local = Date.parse(`${match?.[1]}Z`);
  if (match === null || zone === undefined || Number.isNaN(local)) {
    throw parameterError('ErrorInvalidParameter', `The parameter '${name}' must be a dateTimeTimeZone.`);
  }
  return toUtc(local, zoneNamed(zone));
}

function zoneOfPrefer(prefer: string): string {
  return /(?:^|,)\s*outlook\.timezone\s*=\s*"?([^",]+)"?/i.exec(prefer)?.[1]?.trim() ?? 'UTC';
}

/** Windows' and IANA's names are taken (dateTimeTimeZone's reference). */
function zoneNamed(name: string): string {
  const zone = zoneOfWindowsName(name) ?? (isIanaZone(name) ? name : undefined);
  if (zone === undefined) {
    throw parameterError(
      'TimeZoneNotSupportedException',
      `A valid TimeZone value must be specified. The following TimeZone value is not supported: '${name}'.`,
    );
  }
  return zone;
}

function parameterError(code: string, message: string): GraphError {
  return new GraphError(400, code, message);
}

function viewSchedule(
  scheduleId: string,
  answer: Availability | AttendeeFailure,
  asked: ScheduleRequest,
): JsonObject {
  if ('code' in answer) {
    return {
      scheduleId,
      availabilityView: '',
      error: { message: answer.message, responseCode: answer.code },
    };
  }
  const { workingHours } = answer;
  return {
    scheduleId,
    availabilityView: mergedFreeBusy(answer.events, asked.window, asked.intervalMs),
    scheduleItems: answer.events.map((event) => viewItem(event, asked)),
    workingHours: {
      daysOfWeek: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
      startTime: timeOfDay(workingHours.startMinutes),
      endTime: timeOfDay(workingHours.endMinutes),
      timeZone: { name: windowsNameOf(workingHours.zone) },
    },
  };
}

const STATUS: Readonly<Record<BusyType, string>> = {
  Free: 'free',
  Tentative: 'tentative',
  Busy: 'busy',
  OOF: 'oof',
  WorkingElsewhere: 'workingElsewhere',
};

/** Subject and place only where the rights show them. UNCONFIRMED: which other members Graph shows at which right. */
function viewItem({ start, end, busy, details }: VisibleEvent, asked: ScheduleRequest): JsonObject {
  const times = { status: STATUS[busy], start: viewTime(start, asked), end: viewTime(end, asked) };
  if (details === undefined) return times;
  const { isPrivate, content } = details;
  if (content === undefined) return { isPrivate, ...times };
  const { id: _, ...shown } = content;
  return { isPrivate, ...shown, ...times };
}

function viewTime(utc: number, { zone, zoneName }: ScheduleRequest): JsonObject {
  const local = new Date(toLocal(utc, zone)).toISOString().slice(0, 19);
  return { dateTime: `${local}.0000000`, timeZone: zoneName };
}

function timeOfDay(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}:00.0000000`;
}
