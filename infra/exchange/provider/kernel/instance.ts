/** What one running provider does for each request of the engine. */
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import { type CheckFailure, checkProperties, didYouMean, isKnown } from './checking.js';
import { ownConfiguration, typedConfiguration } from './configuration.js';
import type { PlainExisting, Provider, ProviderFunction, Resource } from './definition.js';
import { compareProperties } from './diff.js';
import { diffResponse } from './diff-response.js';
import type { EngineLog } from './engine-log.js';
import { messageOf, PartialFailure, partialStatusOf, RefusedRequest } from './failures.js';
import { decode, encode } from './marshal.js';
import { Operations, SentFailure, type Work } from './operations.js';
import { finishOutputs } from './outputs.js';
import { type Properties, revealAll, UNKNOWN } from './values.js';

/** A request that names a resource. */
interface ResourceRequest {
  getUrn(): string;
  getType(): string;
}

export class ProviderInstance<Context> {
  readonly #provider: Provider<Context>;
  readonly operations: Operations<Context>;

  constructor(provider: Provider<Context>, log: EngineLog) {
    this.#provider = provider;
    this.operations = new Operations(log);
  }

  schema(version: number): string {
    if (version !== 0) throw new RefusedRequest(`schema version ${version} is not known, only 0 is`);
    const { name, version: provided } = this.#provider;
    return JSON.stringify(this.#provider.schema?.() ?? { name, version: provided });
  }

  async checkConfig(request: providerPb.CheckRequest): Promise<providerPb.CheckResponse> {
    const news = decode(request.getNews());
    this.operations.secrets.addFrom(news);
    const failures = this.#configFailures(news);
    return checkResponse(
      news,
      failures.map((failure) => this.#scrubbed(failure)),
    );
  }

  diffConfig(request: providerPb.DiffRequest): providerPb.DiffResponse {
    const olds = decode(request.getOldInputs() ?? request.getOlds());
    const changes = compareProperties(ownConfiguration(olds), ownConfiguration(decode(request.getNews())), {
      inputDiff: true,
    });
    return diffResponse(changes, { replaceOn: [], deleteBeforeReplace: false, stables: [] });
  }

  async configure(request: providerPb.ConfigureRequest): Promise<providerPb.ConfigureResponse> {
    const given = decode(request.getArgs());
    this.operations.secrets.addFrom(given);
    await this.operations.prepare(async (signal, log) => {
      const config = typedConfiguration(this.#provider.config, ownConfiguration(given));
      // The engine asks nothing of a provider whose configuration is not known yet.
      if (!isKnown(config)) return;
      const keepSecret = (text: string) => this.operations.secrets.add(text);
      this.operations.setContext(
        await this.#provider.configure(revealAll(config), { signal, log, keepSecret }),
      );
    });
    const response = new providerPb.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setAcceptresources(true);
    response.setAcceptoutputs(true);
    response.setSupportspreview(true);
    return response;
  }

  async check(request: providerPb.CheckRequest): Promise<providerPb.CheckResponse> {
    const resource = this.#resource(request);
    const news = decode(request.getNews());
    const subject = { urn: request.getUrn(), timeout: 0, involved: [news] };
    return await this.operations.run(subject, async ({ secrets }) => {
      const { inputs, failures } = checkProperties(resource.inputs, news, resource.refused);
      const further = failures.length === 0 && isKnown(inputs) ? resource.check(revealAll(inputs)) : [];
      const all = [...failures, ...further].map((failure) =>
        scrubFailure(failure, (text) => secrets.scrub(text)),
      );
      return checkResponse(inputs, all);
    });
  }

  async diff(request: providerPb.DiffRequest): Promise<providerPb.DiffResponse> {
    const resource = this.#resource(request);
    const [olds, oldInputs, news] = [request.getOlds(), request.getOldInputs(), request.getNews()].map(
      decode,
    );
    const subject = {
      urn: request.getUrn(),
      timeout: 0,
      involved: [olds ?? {}, oldInputs ?? {}, news ?? {}],
    };
    return await this.operations.run(subject, async ({ operation }) => {
      const before = existing(request.getId(), olds ?? {}, oldInputs);
      const changes = await resource.diff(operation, before, revealAll(news ?? {}));
      return diffResponse(changes, resource, request.getIgnorechangesList());
    });
  }

  async create(request: providerPb.CreateRequest): Promise<providerPb.CreateResponse> {
    const resource = this.#resource(request);
    const inputs = decode(request.getProperties());
    const subject = { urn: request.getUrn(), timeout: request.getTimeout(), involved: [inputs] };
    return await this.operations.run(subject, async (work) => {
      const response = new providerPb.CreateResponse();
      if (request.getPreview()) {
        const outputs = await resource.preview(work.operation, undefined, revealAll(inputs));
        response.setProperties(encode(finishOutputs(resource, outputs, [inputs], work.secrets)));
        return response;
      }
      const made = await keepingParts(resource, inputs, [inputs], work, () =>
        resource.create(work.operation, revealAll(inputs)),
      );
      response.setId(made.id);
      response.setProperties(encode(finishOutputs(resource, made.outputs, [inputs], work.secrets)));
      return response;
    });
  }

  async read(request: providerPb.ReadRequest): Promise<providerPb.ReadResponse> {
    const resource = this.#resource(request);
    const [olds, oldInputs] = [decode(request.getProperties()), decode(request.getInputs())];
    const subject = { urn: request.getUrn(), timeout: request.getTimeout(), involved: [olds, oldInputs] };
    return await this.operations.run(subject, async ({ operation, secrets }) => {
      const response = new providerPb.ReadResponse();
      const found = await resource.read(
        operation,
        existing(request.getId(), olds, request.getInputs() && oldInputs),
      );
      if (found === undefined) return response;
      response.setId(found.id);
      response.setProperties(encode(finishOutputs(resource, found.outputs, [olds, oldInputs], secrets)));
      response.setInputs(encode(finishOutputs(resource, found.inputs, [oldInputs, olds], secrets)));
      return response;
    });
  }

  async update(request: providerPb.UpdateRequest): Promise<providerPb.UpdateResponse> {
    const resource = this.#resource(request);
    const olds = decode(request.getOlds());
    const oldInputs = decode(request.getOldInputs());
    const news = decode(request.getNews());
    const subject = {
      urn: request.getUrn(),
      timeout: request.getTimeout(),
      involved: [olds, oldInputs, news],
    };
    return await this.operations.run(subject, async (work) => {
      const before = existing(request.getId(), olds, request.getOldInputs() && oldInputs);
      const updated = request.getPreview()
        ? { outputs: await resource.preview(work.operation, before, revealAll(news)) }
        : await keepingParts(resource, news, [news, olds], work, () =>
            resource.update(work.operation, before, revealAll(news)),
          );
      const response = new providerPb.UpdateResponse();
      response.setProperties(encode(finishOutputs(resource, updated.outputs, [news, olds], work.secrets)));
      return response;
    });
  }

  async delete(request: providerPb.DeleteRequest): Promise<void> {
    const resource = this.#resource(request);
    const [olds, oldInputs] = [decode(request.getProperties()), decode(request.getOldInputs())];
    const subject = { urn: request.getUrn(), timeout: request.getTimeout(), involved: [olds, oldInputs] };
    await this.operations.run(subject, ({ operation }) =>
      resource.delete(operation, existing(request.getId(), olds, request.getOldInputs() && oldInputs)),
    );
  }

  async invoke(request: providerPb.InvokeRequest): Promise<providerPb.InvokeResponse> {
    const provided = this.#function(request.getTok());
    const args = decode(request.getArgs());
    return await this.operations.run(
      { urn: '', timeout: 0, involved: [args] },
      async ({ operation, secrets }) => {
        const { inputs, failures } = checkProperties(provided.inputs, args);
        const response = new providerPb.InvokeResponse();
        const known = isKnown(inputs);
        const further = failures.length === 0 && known ? provided.check(revealAll(inputs)) : [];
        const all = [...failures, ...further].map((failure) =>
          scrubFailure(failure, (text) => secrets.scrub(text)),
        );
        if (all.length > 0) {
          response.setFailuresList(all.map(failureMessage));
          return response;
        }
        const outputs = known
          ? await provided.invoke(operation, revealAll(inputs))
          : Object.fromEntries(provided.outputNames.map((name) => [name, UNKNOWN]));
        response.setReturn(encode(finishOutputs(provided, outputs, [args], secrets)));
        return response;
      },
    );
  }

  #configFailures(news: Properties): readonly CheckFailure[] {
    const { config, refusedConfig } = this.#provider;
    const own = typedConfiguration(config, ownConfiguration(news));
    return checkProperties(config, own, refusedConfig).failures;
  }

  #scrubbed(failure: CheckFailure): CheckFailure {
    return scrubFailure(failure, (text) => this.operations.secrets.scrub(text));
  }

  #resource(request: ResourceRequest): Resource<Context> {
    const type = request.getType() === '' ? typeOf(request.getUrn()) : request.getType();
    return this.#find(this.#provider.resources, type, 'resource type');
  }

  #function(token: string): ProviderFunction<Context> {
    return this.#find(this.#provider.functions ?? {}, token, 'function');
  }

  #find<T>(among: Readonly<Record<string, T>>, token: string, what: string): T {
    const found = Object.hasOwn(among, token) ? among[token] : undefined;
    if (found !== undefined) return found;
    const hint = this.#provider.missingTypeHint === undefined ? '' : ` (${this.#provider.missingTypeHint})`;
    throw new RefusedRequest(
      `${this.#provider.name} has no ${what} ${token}${hint}${didYouMean(token, Object.keys(among))}`,
    );
  }
}

function existing(id: string, olds: Properties, oldInputs: Properties | undefined): PlainExisting {
  const isSaved = oldInputs !== undefined && Object.keys(oldInputs).length > 0;
  return { id, olds: revealAll(olds), oldInputs: isSaved ? revealAll(oldInputs) : undefined };
}

/** Turns a partial failure into one that carries what was made. */
async function keepingParts<Context, T>(
  resource: Resource<Context>,
  inputs: Properties,
  marked: readonly Properties[],
  { secrets }: Work<Context>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PartialFailure)) throw error;
    const outputs = finishOutputs(resource, error.outputs, marked, secrets);
    throw new SentFailure(
      partialStatusOf(secrets.scrub(messageOf(error)), { id: error.id, outputs, inputs }),
    );
  }
}

function scrubFailure(failure: CheckFailure, scrub: (text: string) => string): CheckFailure {
  return { property: failure.property, reason: scrub(failure.reason) };
}

function checkResponse(inputs: Properties, failures: readonly CheckFailure[]): providerPb.CheckResponse {
  const response = new providerPb.CheckResponse();
  if (failures.length === 0) response.setInputs(encode(inputs));
  response.setFailuresList(failures.map(failureMessage));
  return response;
}

function failureMessage(failure: CheckFailure): providerPb.CheckFailure {
  const message = new providerPb.CheckFailure();
  message.setProperty(failure.property);
  message.setReason(failure.reason);
  return message;
}

/** The type within `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`. */
function typeOf(urn: string): string {
  return urn.split('::')[2]?.split('$').at(-1) ?? '';
}
