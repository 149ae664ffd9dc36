/** The sandbox's own routes, for tests: its state, its control, assertions of an emulated issuer. */
import type { SandboxClock } from '../clock.js';
import { signJwt } from '../entra/jwt.js';
import { federatedIssuer } from '../entra/place.js';
import { describeState } from '../entra/state.js';
import type { TokenSurroundings } from '../entra/token-endpoint.js';
import type { ExchangeService } from '../exchange/service.js';
import type { Faults } from '../faults.js';
import { isJsonObject, type JsonObject } from '../json.js';
import { checkInteger, SandboxOptionError } from '../options.js';
import { type HttpReply, type HttpRequest, headerOf, jsonReply } from './http.js';
import type { SideListeners } from './side-listeners.js';

/** What the control can change while the sandbox runs. */
export interface Controls {
  readonly clock: SandboxClock;
  readonly faults: Faults;
  latencyMs: number;
}

const EWS_PATH = '/EWS/Exchange.asmx';
const ASSERTION_SECONDS = 600;
const MOST_MILLISECONDS = 100 * 366 * 86_400_000;

/** Answers `/sandbox/…`. A page in a browser cannot send the header to another origin. */
export async function answerOwn(
  surroundings: TokenSurroundings,
  controls: Controls,
  exchange: ExchangeService,
  listeners: SideListeners,
  request: HttpRequest,
): Promise<HttpReply> {
  if (headerOf(request, 'x-sandbox') !== '1') {
    return jsonReply(403, { error: 'The routes of the sandbox want the header x-sandbox: 1.' });
  }
  try {
    switch (`${request.method} ${request.segments.slice(1).join('/')}`) {
      case 'GET state':
        return jsonReply(200, { ...describeState(surroundings.directory), exchange: exchange.describe() });
      // Of large tenants, where the whole directory is too much.
      case 'GET state/exchange':
        return jsonReply(200, exchange.describe());
      case 'GET exchange-statistics':
        return jsonReply(200, exchange.statistics.describe());
      case 'POST control':
        return jsonReply(200, control(controls, bodyOf(request)));
      case 'POST listener':
        return jsonReply(200, await openListener(listeners, bodyOf(request)));
      case 'POST federated-token':
        return jsonReply(200, federatedToken(surroundings, bodyOf(request)));
      default:
        return jsonReply(501, { error: `The sandbox has no ${request.method} ${request.path}.` });
    }
  } catch (error) {
    if (error instanceof SandboxOptionError) return jsonReply(400, { error: error.message });
    throw error;
  }
}

function bodyOf(request: HttpRequest): JsonObject {
  const refusal = new SandboxOptionError('body', 'is malformed', 'something else', 'a JSON object');
  try {
    const body: unknown = JSON.parse(request.body.toString('utf8'));
    if (isJsonObject(body)) return body;
  } catch {
    throw refusal;
  }
  throw refusal;
}

/** Faults, clock and latency; an empty object only tells what is in force. Nothing is changed unless all of it is understood. */
function control(controls: Controls, body: JsonObject): JsonObject {
  const { clearFaults, faults, clock, latencyMs, ...unknown } = body;
  refuseOthers(unknown, 'clearFaults, faults, clock, latencyMs');
  if (clearFaults !== undefined && clearFaults !== true) {
    throw new SandboxOptionError('clearFaults', 'is malformed', String(clearFaults), 'true');
  }
  const texts = readTexts(faults);
  const move = clock === undefined ? undefined : readMove(clock);
  const latency = latencyMs === undefined ? undefined : checkInteger('latencyMs', latencyMs, 0, 600_000);
  controls.faults.replace(texts, clearFaults === true);
  move?.(controls.clock);
  if (latency !== undefined) controls.latencyMs = latency;
  return {
    clock: new Date(controls.clock.now()).toISOString(),
    faults: controls.faults.describe(),
    latencyMs: controls.latencyMs,
  };
}

function readTexts(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new SandboxOptionError('faults', 'is malformed', JSON.stringify(value), 'a list of NAME=VALUE');
}

/** `{"set": "<ISO time>"}` or `{"advanceMs": N}`. */
function readMove(value: unknown): (clock: SandboxClock) => void {
  const refusal = new SandboxOptionError(
    'clock',
    'is malformed',
    JSON.stringify(value),
    '{"set": "<ISO 8601 time>"} or {"advanceMs": N}',
  );
  if (!isJsonObject(value) || Object.keys(value).length !== 1) throw refusal;
  if (typeof value.set === 'string') {
    const time = new Date(value.set);
    if (Number.isNaN(time.getTime())) throw refusal;
    return (clock) => clock.set(time);
  }
  if (value.advanceMs === undefined) throw refusal;
  const amount = checkInteger('clock.advanceMs', value.advanceMs, -MOST_MILLISECONDS, MOST_MILLISECONDS);
  return (clock) => clock.advance(amount);
}

/** Where the tenant answers with a certificate that has this flaw. */
async function openListener(listeners: SideListeners, body: JsonObject): Promise<JsonObject> {
  const { certificate, ...unknown } = body;
  refuseOthers(unknown, 'certificate');
  const base = await listeners.open(certificate);
  return { base, ews: `${base}${EWS_PATH}` };
}

/** What a workload would be given by the platform that it runs on. */
function federatedToken({ clock, place, issuerKey }: TokenSurroundings, body: JsonObject): JsonObject {
  const { subject, audience, ...unknown } = body;
  refuseOthers(unknown, 'subject, audience');
  if (typeof subject !== 'string' || typeof audience !== 'string') {
    throw new SandboxOptionError('body', 'lacks something', 'no subject or audience', 'two strings');
  }
  const now = clock.seconds();
  const issuer = federatedIssuer(place);
  const claims = {
    iss: issuer,
    sub: subject,
    aud: audience,
    iat: now,
    nbf: now,
    exp: now + ASSERTION_SECONDS,
  };
  return { issuer, token: signJwt(issuerKey, claims) };
}

function refuseOthers(unknown: JsonObject, allowed: string): void {
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw new SandboxOptionError(name, 'is unknown', name, allowed);
}
