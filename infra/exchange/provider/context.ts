/** What the resources of one configured provider share: the sign-in and the ways to Exchange and Graph, opened when first needed. */

import { orAborted } from '../../abort.js';
import { type SignedIn, signIn } from '../../graph/provider-cloud.js';
import type { ProofTiming } from '../application-scope/index.js';
import type { ListTiming } from '../ews-access/index.js';
import { GraphDirectory } from '../role-mailboxes/graph-directory.js';
import type { DirectoryPort } from '../role-mailboxes/index.js';
import { systemClock } from '../transport/clock.js';
import { openPort } from '../transport/open.js';
import type { CmdletPort } from '../transport/port.js';
import type { Work } from '../work.js';
import { type Configuration, ownEnvironment } from './configuration.js';
import type { Operation } from './kernel/index.js';
import { Sweeps } from './sweeps.js';

/** Waits that tests shorten; Exchange's own pace unless given. */
export interface Timing {
  readonly list?: ListTiming | undefined;
  readonly proof?: ProofTiming | undefined;
  /** Milliseconds before each second look of a sweep. */
  readonly revisitAfterMs?: readonly number[] | undefined;
}

export interface ExchangeOptions {
  /** Where values of credentials, CA files, proxies and where PowerShell is are read. */
  readonly env: NodeJS.ProcessEnv;
  readonly timing?: Timing | undefined;
}

/** One tenant's Exchange. */
export class Exchange {
  readonly organization: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timing: Timing;
  readonly sweeps = new Sweeps();
  readonly #configuration: Configuration;
  readonly #lifetime = new AbortController();
  readonly #signal: AbortSignal;
  #signedIn: Promise<SignedIn> | undefined;
  #port: Promise<CmdletPort> | undefined;

  /** @param cancelled aborted when the engine cancels */
  constructor(configuration: Configuration, options: ExchangeOptions, cancelled: AbortSignal) {
    const { env, timing = {} } = options;
    this.#configuration = configuration;
    this.organization = configuration.organization;
    this.env = ownEnvironment(env, configuration.variables);
    this.timing = timing;
    this.#signal = AbortSignal.any([cancelled, this.#lifetime.signal]);
  }

  /** @throws InteropError as signIn, and the signal's reason when the operation is called off. */
  async work({ signal, log }: Operation<Exchange>): Promise<Work> {
    const port = await orAborted(() => this.#openPort(), signal);
    return { port, clock: systemClock, signal, status: (message) => log.status(message) };
  }

  /** Users and licences. */
  async directory({ signal }: Operation<Exchange>): Promise<DirectoryPort> {
    const signedIn = await orAborted(() => this.#signIn(), signal);
    const { cloud, trust } = signedIn;
    const token = () => signedIn.token(`${cloud.graph}/.default`, signal);
    return new GraphDirectory({ graph: cloud.graph, token, trust, signal });
  }

  /** Ends what is open. */
  async close(): Promise<void> {
    this.#lifetime.abort();
    const port = await this.#port?.catch(() => undefined);
    await port?.close();
  }

  async #openPort(): Promise<CmdletPort> {
    this.#port ??= this.#makePort();
    // The next operation may try again.
    this.#port.catch(() => {
      this.#port = undefined;
    });
    return await this.#port;
  }

  async #makePort(): Promise<CmdletPort> {
    const { cloud, credential, tenantId, trust } = await this.#signIn();
    const { baseUrl = cloud.exchange, transport } = this.#configuration;
    const common = {
      baseUrl,
      // Tokens are for the cloud's Exchange, by whatever address it is reached.
      scope: `${cloud.exchange}/.default`,
      tenantId,
      organization: this.organization,
      credential,
    };
    return transport === 'rest'
      ? openPort({ ...common, transport, trust })
      : openPort({ ...common, transport, env: this.env });
  }

  async #signIn(): Promise<SignedIn> {
    this.#signedIn ??= signIn(this.#configuration.azuread, this.env, this.#signal);
    this.#signedIn.catch(() => {
      this.#signedIn = undefined;
    });
    return await this.#signedIn;
  }
}
