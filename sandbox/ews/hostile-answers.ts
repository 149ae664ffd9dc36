/** Answers that EWS should never give, and faulty networks do: before a request is looked at, or in place of its answer. */
import { type ExchangeSurroundings, unauthorized } from '../exchange/access.js';
import type { LookUpFaultName, LookUpFaults } from '../look-up-faults.js';
import { type HttpReply, htmlPage } from '../server/http.js';
import { EwsError } from './ews-error.js';
import { busy, faultReply } from './replies.js';

const HUGE_BYTES = 20_000_000;

/** Whole answers, by fault; `seconds` is the fault's. */
const INSTEAD: Partial<
  Record<LookUpFaultName, (surroundings: ExchangeSurroundings, seconds: number) => HttpReply>
> = {
  ewsHtml: () => htmlPage(200, 'Outlook'),
  ewsNotFound: () => htmlPage(404, '404 - File or directory not found.'),
  ewsRedirect: () => htmlPage(302, 'Object moved', { location: 'https://login.example.com/owa/' }),
  ewsServerError: () => htmlPage(500, 'Runtime Error'),
  ewsUnavailable: (_, seconds) => htmlPage(503, 'Service Unavailable', { 'retry-after': String(seconds) }),
  ewsBusy: (_, seconds) => faultReply(busy(seconds * 1000)),
  ewsExpiredToken: (surroundings) =>
    unauthorized(surroundings, 'error="invalid_token", error_description="The token has expired."'),
  ewsRestricted: () => ({ status: 403, headers: { 'restrict-access-confirm': '1' } }),
};

/** The answer of a fault in force that hits the request before it is looked at. */
export function answerInstead(
  surroundings: ExchangeSurroundings,
  faults: LookUpFaults,
): HttpReply | undefined {
  for (const [name, reply] of Object.entries(INSTEAD)) {
    const hit = faults.take(name as LookUpFaultName);
    if (hit !== undefined) return reply(surroundings, hit.seconds);
  }
  const code = faults.takeEwsFault();
  return code === undefined ? undefined : faultReply(new EwsError(code));
}

/** What happens to an answer's body on its way. */
const SPOILT: Partial<Record<LookUpFaultName, (body: string) => string>> = {
  ewsEmpty: () => '',
  ewsTruncated: (body) => body.slice(0, Math.floor(body.length / 2)),
  ewsHuge: (body) => body.replace('</s:Header>', `</s:Header>${' '.repeat(HUGE_BYTES)}`),
  ewsEntities: (body) =>
    body.replace('?>', `?>${ENTITIES}`).replace('</s:Header>', '<x>&e3;&file;</x></s:Header>'),
  ewsWrongNamespace: (body) => body.replaceAll('"http://', '"https://'),
  ewsFewerEntries: (body) => {
    const last = body.lastIndexOf('<m:FreeBusyResponse>');
    const end = '</m:FreeBusyResponse>';
    return last < 0 ? body : body.slice(0, last) + body.slice(body.lastIndexOf(end) + end.length);
  },
};

const ENTITIES =
  '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/hostname"><!ENTITY e0 "ha"><!ENTITY e1 "&e0;&e0;&e0;&e0;&e0;&e0;&e0;&e0;&e0;&e0;">' +
  '<!ENTITY e2 "&e1;&e1;&e1;&e1;&e1;&e1;&e1;&e1;&e1;&e1;"><!ENTITY e3 "&e2;&e2;&e2;&e2;&e2;&e2;&e2;&e2;&e2;&e2;">]>';

/** The answer as a fault in force leaves it. */
export function spoil(faults: LookUpFaults, reply: HttpReply): HttpReply {
  const { body } = reply;
  if (body === undefined) return reply;
  for (const [name, change] of Object.entries(SPOILT)) {
    if (faults.take(name as LookUpFaultName) !== undefined) return { ...reply, body: change(body) };
  }
  return reply;
}
