/** The emulated Microsoft 365 tenant: start it, use it, stop it. README.md says what it does and what it is no evidence of. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SandboxClock } from './clock.js';
import { makeSigningKey } from './entra/jwt.js';
import { ROLE_ACCOUNT, seedTenant } from './entra/seed.js';
import { answerEntra } from './entra/service.js';
import { tokenFaultReply } from './entra/token-faults.js';
import { EwsService, isEws } from './ews/service.js';
import { ExchangeOnline } from './exchange/exchange-online.js';
import { ExchangeService, isExchange } from './exchange/service.js';
import { Faults } from './faults.js';
import { googleFaultReply, isGoogle } from './google/service.js';
import { GoogleWorkspace } from './google/workspace.js';
import { GraphError } from './graph/errors.js';
import {
  answerGraph,
  faultError,
  type GraphSurroundings,
  graphErrorReply,
  isGraph,
} from './graph/service.js';
import { vaultFaultReply } from './key-vault/refusals.js';
import { isKeyVault, KeyVaultService } from './key-vault/service.js';
import { checkOptions, type SandboxInfo, type SandboxOptions } from './options.js';
import { makeAuthority } from './server/certificates.js';
import { type HttpReply, type HttpRequest, htmlPage } from './server/http.js';
import { type Application, listen } from './server/listener.js';
import { answerOwn, type Controls } from './server/own-routes.js';
import { SideListeners } from './server/side-listeners.js';

export { type SandboxClient, type SandboxInfo, SandboxOptionError, type SandboxOptions } from './options.js';

/** Clients that have the data role of the vault. */
const VAULT_OFFICERS = ['deployer', 'admin'];
const EWS_PATH = '/EWS/Exchange.asmx';

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
  const [authority, tokenKey, issuerKey] = await Promise.all([
    makeAuthority(),
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
  const ews = new EwsService({
    ...surroundings,
    exchange,
    faults: controls.faults.lookUp,
    latencyMs: () => controls.latencyMs,
  });
  const google = new GoogleWorkspace(surroundings);
  const keyVault = new KeyVaultService(
    surroundings,
    clients.filter(({ name }) => VAULT_OFFICERS.includes(name)).map(({ clientId }) => clientId),
  );
  const rolePassword = exchange.givePassword(ROLE_ACCOUNT);
  const caFile = join(options.folder, 'ca.pem');
  await writeFile(caFile, authority.ca);
  const graph = { ...surroundings, exchange, faults: controls.faults };
  const parts: Parts = { surroundings: graph, controls, exchange: exchangeService, ews, google, keyVault };
  const listeners: SideListeners = new SideListeners(
    authority,
    applicationOf(parts, () => listeners),
  );
  const identity = await authority.issue('good');
  const onPremises = await listen(identity, 0, onPremisesOf(parts));
  const listener = await listen(
    identity,
    options.port,
    applicationOf(parts, () => listeners),
  ).catch(async (error: unknown) => {
    await onPremises.close();
    throw error;
  });
  port = listener.port;
  const base = place.base();
  return {
    info: {
      authority: base,
      metadataHost: `localhost:${port}`,
      graph: base,
      exchange: base,
      ews: `${base}${EWS_PATH}`,
      tenantId: directory.tenant.id,
      domain: directory.tenant.domains.find((domain) => domain.isDefault)?.id ?? '',
      caFile,
      onPremises: {
        ews: `https://localhost:${onPremises.port}${EWS_PATH}`,
        account: ROLE_ACCOUNT,
        password: rolePassword,
      },
      clients,
    },
    stop: async () => {
      await Promise.all([listener.close(), onPremises.close(), listeners.close()]);
    },
  };
}

/** What answers requests. */
interface Parts {
  readonly surroundings: GraphSurroundings;
  readonly controls: Controls;
  readonly exchange: ExchangeService;
  readonly ews: EwsService;
  readonly google: GoogleWorkspace;
  readonly keyVault: KeyVaultService;
}

function applicationOf(
  { surroundings, controls, exchange, ews, google, keyVault }: Parts,
  listeners: () => SideListeners,
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
    now: () => clock.now(),
    // Exchange waits per cmdlet, and counts those who wait.
    latencyMs: (request) => (isExchange(request) ? 0 : controls.latencyMs),
    // The control must be reachable whatever is broken.
    fault: (request) =>
      request.segments[0] === 'sandbox' && !isKeyVault(request)
        ? undefined
        : controls.faults.take({ method: request.method, path: request.path, isGraph: isGraph(request) }),
    faultReply: (request, status, retryAfter) => {
      if (isKeyVault(request)) return vaultFaultReply(status, retryAfter);
      if (isGoogle(request)) return googleFaultReply(request, status);
      if (isEws(request)) {
        return htmlPage(status, 'Service Unavailable', { 'retry-after': String(retryAfter) });
      }
      return graphErrorReply(request, faultError(status, retryAfter), clock.iso());
    },
    answer: async (request) => {
      if (isKeyVault(request)) return keyVault.answer(request);
      if (request.segments[0] === 'sandbox') {
        return await answerOwn(surroundings, controls, exchange, google, listeners(), request);
      }
      if (isGraph(request)) return answerGraph(surroundings, request);
      if (isEws(request)) return await ews.answer(request);
      if (isExchange(request)) return (await exchange.answer(request)) ?? unknownRoute(request);
      if (isGoogle(request)) return google.answer(request);
      const { lookUp } = controls.faults;
      return (
        tokenFaultReply(lookUp, clock, request) ?? answerEntra(surroundings, request) ?? unknownRoute(request)
      );
    },
  };
}

/** An Exchange Server beside the tenant, with the same mailboxes: EWS and nothing else. */
function onPremisesOf({ controls, ews }: Parts): Application {
  return {
    now: () => controls.clock.now(),
    latencyMs: () => controls.latencyMs,
    fault: ({ method, path }) => controls.faults.take({ method, path, isGraph: false }),
    faultReply: (_, status, retryAfter) =>
      htmlPage(status, 'Service Unavailable', { 'retry-after': String(retryAfter) }),
    answer: async (request) =>
      isEws(request) ? await ews.answerOnPremises(request) : htmlPage(404, 'Not Found'),
  };
}
