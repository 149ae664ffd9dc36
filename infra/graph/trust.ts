/**
 * Whom our own HTTPS calls trust, and how they reach the network.
 *
 * Node's bundled roots always; the authorities in the files of SSL_CERT_FILE (which the Go programs of the engine read) and
 * NODE_EXTRA_CA_CERTS on top. By options, so that it holds for this process however it was started.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { Dispatcher, RequestInit, Response } from 'undici';
import { InteropError } from '../errors.js';
import { once } from '../once.js';
import { httpsGet, type TextAnswer } from './https-get.js';
import { proxyFor } from './proxy.js';
import { type GivenUpPolicy, TunnelAgent, tellsOfGivingUp } from './tunnel-agent.js';

/** How one run reaches servers. */
export interface Trust {
  /** The CA files in use, for error messages. */
  readonly files: readonly CaFile[];
  /** A GET without loading undici, unless there is a proxy. */
  getText(
    url: string,
    options: { readonly signal: AbortSignal; readonly limit: number },
  ): Promise<TextAnswer>;
  /** fetch with this trust; redirects are not followed, since nothing that we call redirects. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** The same for @azure/identity. */
  identityOptions(url: string): IdentityTransport;
  /** The trusted authorities, for a TLS connection of one's own. */
  secureContext(): SecureContext;
}

/** A file with certificate authorities, and the variable that names it. */
export interface CaFile {
  readonly variable: string;
  readonly path: string;
}

/** Options of Microsoft's clients: an agent of ours, through the proxy where there is one. */
export interface IdentityTransport {
  readonly agent: HttpsAgent;
  readonly additionalPolicies: { readonly position: 'perCall'; readonly policy: GivenUpPolicy }[];
}

/** The variables that name a file with certificate authorities. */
export const CA_VARIABLES = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'] as const;

/**
 * Reads the CA files that the environment names.
 *
 * @throws InteropError of kind `configuration` when a file cannot be read or holds no certificate.
 */
export function readTrust(env: NodeJS.ProcessEnv): Trust {
  const files = CA_VARIABLES.flatMap((variable) => {
    const path = env[variable];
    return path === undefined || path === '' ? [] : [{ variable, path }];
  });
  const extra = files.flatMap(readAuthorities);
  const ca = extra.length === 0 ? undefined : [...rootCertificates, ...extra];
  // Made once: it parses some 150 roots.
  const context = once(() => createSecureContext(ca === undefined ? {} : { ca }));
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  const dispatcherFor = (url: URL): Promise<Dispatcher> => {
    const proxy = proxyFor(url, env);
    const known = dispatchers.get(proxy ?? '');
    if (known !== undefined) return known;
    const made = makeDispatcher(proxy, context());
    dispatchers.set(proxy ?? '', made);
    return made;
  };
  const agent = once(() => new HttpsAgent({ keepAlive: true, secureContext: context() }));
  const tunnelAgents = new Map<string, TunnelAgent>();
  const tunnels = (proxy: string): TunnelAgent => {
    const known = tunnelAgents.get(proxy) ?? new TunnelAgent(proxy, context());
    tunnelAgents.set(proxy, known);
    return known;
  };
  const send: Trust['fetch'] = async (url, init) => {
    const { fetch } = await import('undici');
    return await fetch(url, { redirect: 'manual', ...init, dispatcher: await dispatcherFor(new URL(url)) });
  };
  return {
    files,
    getText: async (url, { signal, limit }) => {
      if (proxyFor(new URL(url), env) === undefined)
        return await httpsGet(url, { agent: agent(), signal, limit });
      const response = await send(url, { signal });
      return { status: response.status, text: (await response.text()).slice(0, limit) };
    },
    fetch: send,
    secureContext: context,
    identityOptions: (url) => {
      const proxy = proxyFor(new URL(url), env);
      return proxy === undefined
        ? { agent: agent(), additionalPolicies: [] }
        : {
            agent: tunnels(proxy),
            additionalPolicies: [{ position: 'perCall', policy: tellsOfGivingUp }],
          };
    },
  };
}

async function makeDispatcher(proxy: string | undefined, context: SecureContext): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  return proxy === undefined
    ? new Agent({ connect: { secureContext: context } })
    : new ProxyAgent({ uri: proxy, requestTls: { secureContext: context } });
}

/** The certificates of a file, without those that are trusted anyway: bundles hold all roots, and parsing them takes time. */
function readAuthorities(file: CaFile): readonly string[] {
  let text: string;
  try {
    text = readFileSync(file.path, 'utf8');
  } catch (error) {
    throw badCaFile(file, `cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw badCaFile(file, 'holds no certificate');
  const bundled = bundledRoots();
  const others = certificates.filter((certificate) => !bundled.has(withoutSpace(certificate)));
  for (const certificate of others) assertCertificate(certificate, file);
  return others;
}

const bundledRoots = once(() => new Set(rootCertificates.map(withoutSpace)));

function withoutSpace(pem: string): string {
  return pem.replace(/\s+/g, '');
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** OpenSSL drops what it cannot read without a word, and then every server is untrusted. */
function assertCertificate(pem: string, file: CaFile): void {
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw badCaFile(file, 'holds something that is no certificate', error);
  }
}

function badCaFile(file: CaFile, what: string, cause?: unknown): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: `the file of certificate authorities in ${file.variable} is of no use`,
    problems: [
      { where: file.variable, what, found: file.path, allowed: 'a file with certificates in PEM form' },
    ],
    next: [`unset ${file.variable}   # or name the right file`],
    cause,
  });
}
