/** The emulated Microsoft 365 tenant: start it, use it, stop it. README.md says what it does and what it is no evidence of. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SandboxClock } from './clock.js';
import { makeSigningKey } from './entra/jwt.js';
import { seedTenant } from './entra/seed.js';
import { answerEntra } from './entra/service.js';
import type { TokenSurroundings } from './entra/token-endpoint.js';
import { EwsService, isEws } from './ews/service.js';
import { ExchangeOnline } from './exchange/exchange-online.js';
import { ExchangeService, isExchange } from './exchange/service.js';
import { Faults } from './faults.js';
import { googleFaultReply, isGoogle } from './google/service.js';
import { GoogleWorkspace } from './google/workspace.js';
import { GraphError } from './graph/errors.js';
import { answerGraph, graphErrorReply, isGraph } from './graph/service.js';
import { checkOptions, type SandboxInfo, type SandboxOptions } from './options.js';
import { makeServerIdentity } from './server/certificates.js';
import type { HttpReply, HttpRequest } from './server/http.js';
import { type Application, listen } from './server/listener.js';
import { answerOwn, type Controls } from './server/own-routes.js';

export { type SandboxClient, type SandboxInfo, SandboxOptionError, type SandboxOptions } from './options.js';

export interface Sandbox {
  readonly info: SandboxInfo;
  /** Breaks all connections; what the tenant held is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a tenant on loopback; resolves when it answers.
 *
 * @throws SandboxOptionError for options that it refuses; the system's error when the port or the folder cannot be had.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  checkOptions(options);
  const controls: Controls = {
    clock: new SandboxClock(options.clock),
    faults: new Faults(options.faults),
    latencyMs: options.latencyMs,
  };
  const [identity, tokenKey, issuerKey] = await Promise.all([
    makeServerIdentity(),
    makeSigningKey(),
    makeSigningKey(),
  ]);
  const time = {
    now: () => controls.clock.now(),
    replicationDelay: () => controls.faults.replicationDelay,
    reportDelay: () => controls.faults.reportDelay,
    takeReportFault: () => controls.faults.takeReportFault(),
  };
  const { directory, clients } = seedTenant({ seed: options.seed, mailboxes: options.mailboxes, time });
  let port = options.port;
  const place = { base: () => `https://localhost:${port}` };
  const surroundings = { directory, clock: controls.clock, place, issuerKey, tokenKey };
  const exchange = new ExchangeOnline(directory, controls.faults.exchange);
  const exchangeService = new ExchangeService(
    { ...surroundings, exchange },
    { latencyMs: () => controls.latencyMs },
  );
  const ews = new EwsService({ ...surroundings, exchange });
  const google = new GoogleWorkspace(surroundings);
  const caFile = join(options.folder, 'ca.pem');
  await writeFile(caFile, identity.ca);
  const listener = await listen(
    identity,
    options.port,
    applicationOf(surroundings, controls, exchangeService, ews, google),
  );
  port = listener.port;
  const base = place.base();
  return {
    info: {
      authority: base,
      metadataHost: `localhost:${port}`,
      graph: base,
      exchange: base,
      ews: `${base}/EWS/Exchange.asmx`,
      tenantId: directory.tenant.id,
      domain: directory.tenant.domains.find((domain) => domain.isDefault)?.id ?? '',
      caFile,
      clients,
    },
    stop: () => listener.close(),
  };
}

function applicationOf(
  surroundings: TokenSurroundings,
  controls: Controls,
  exchange: ExchangeService,
  ews: EwsService,
  google: GoogleWorkspace,
): Application {
  const { clock } = surroundings;
  const unknownRoute = (request: HttpRequest): HttpReply =>
    graphErrorReply(
      request,
      new GraphError(
        501,
        'NotImplemented',
        `The sandbox does not emulate ${request.method} ${request.path}.`,
      ),
      clock.iso(),
    );
  return {
    // Exchange waits per cmdlet, and counts those who wait.
    latencyMs: (request) => (isExchange(request) ? 0 : controls.latencyMs),
    // The control must be reachable whatever is broken.
    fault: (request) =>
      request.segments[0] === 'sandbox'
        ? undefined
        : controls.faults.take({ method: request.method, path: request.path, isGraph: isGraph(request) }),
    faultReply: (request, status, retryAfter) =>
      isGoogle(request)
        ? googleFaultReply(request, status)
        : graphErrorReply(request, faultError(status, retryAfter), clock.iso()),
    answer: async (request) => {
      if (request.segments[0] === 'sandbox')
        return answerOwn(surroundings, controls, exchange, google, request);
      if (isGraph(request)) return answerGraph(surroundings, request);
      if (isEws(request)) return ews.answer(request);
      if (isExchange(request)) return (await exchange.answer(request)) ?? unknownRoute(request);
      if (isGoogle(request)) return google.answer(request);
      return answerEntra(surroundings, request) ?? unknownRoute(request);
    },
  };
}

function faultError(status: 429 | 503, retryAfter: number): GraphError {
  const headers = { 'retry-after': String(retryAfter) };
  return status === 429
    ? new GraphError(429, 'TooManyRequests', 'Too many requests. Please try again later.', headers)
    : new GraphError(503, 'ServiceUnavailable', 'The service is temporarily unavailable.', headers);
}
