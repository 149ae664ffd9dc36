/** How long EWS is still there in Exchange Online, as a section. Pure. */
import type { StackConfig } from '../config.js';
import { type Countdown, countdown } from '../exchange/ews-access/retirement.js';
import { type Item, type Section, sectionOf } from './section.js';

/** How many days before the end a monitor begins to say so: time for a change in Google's console and its proof. */
export const EWS_NOTICE_DAYS = 90;

export function ewsSection(stack: string, config: Pick<StackConfig, 'endpoints'>, now: Date): Section {
  const concerned = config.endpoints
    .filter(({ type }) => type === 'microsoft365-ews')
    .map(({ name }) => name);
  if (concerned.length === 0) {
    const what = 'no endpoint uses EWS in Exchange Online: its end does not concern this stack';
    return sectionOf('ews', what, [{ state: 'ok', id: 'ews.none', what, next: [] }]);
  }
  const end = countdown(now);
  return sectionOf('ews', end.words, [endItem(stack, concerned, end), ...end.milestones.map(milestoneItem)]);
}

function endItem(stack: string, endpoints: readonly string[], { phase, daysLeft }: Countdown): Item {
  const names = endpoints.join(', ');
  const many = endpoints.length > 1;
  const subject = `${many ? 'endpoints' : 'endpoint'} ${names} ${many ? 'use' : 'uses'} EWS in Exchange Online`;
  const move = [
    'set calendar-interop:protocol to both and the endpoints to microsoft365-graph',
    `calendar-interop up --stack ${stack}`,
    `calendar-interop handoff --stack ${stack}   # the values for Google's Graph form`,
  ];
  if (phase === 'off')
    return { state: 'fault', id: 'ews.end', what: `${subject}, which has ended`, next: move };
  const soon = daysLeft <= EWS_NOTICE_DAYS;
  return {
    state: soon ? 'attention' : 'ok',
    id: 'ews.end',
    what: `${subject}, which ends for everybody on 2027-04-01`,
    found: daysLeft === 1 ? '1 day left' : `${daysLeft} days left`,
    next: soon ? move : [],
  };
}

function milestoneItem({ date, what, daysLeft }: Countdown['milestones'][number]): Item {
  return { state: 'ok', id: `ews.${date}`, what: `${date}: ${what}`, found: when(daysLeft), next: [] };
}

function when(daysLeft: number): string {
  if (daysLeft <= 0) return 'has begun';
  return daysLeft === 1 ? 'in 1 day' : `in ${daysLeft} days`;
}
