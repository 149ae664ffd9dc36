/** The life of a provider's process, and its messages to the engine. */
import { EventEmitter } from 'node:events';
import * as grpc from '@grpc/grpc-js';
import engineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import type enginePb from '@pulumi/pulumi/proto/engine_pb.js';
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { runProvider } from '../../infra/exchange/provider/kernel/index.js';
import { engineAddress, type ProviderProcess } from '../../infra/exchange/provider/kernel/run-provider.js';
import { ask, configure, create, failureOf, secret, startEngine } from './support/engine.js';
import { BOX, makeShelf, shelfProvider } from './support/made-up-provider.js';

it.each([
  [['node', 'main.js', '127.0.0.1:1234'], '127.0.0.1:1234'],
  [['node', 'main.js', '-v=9', '--logtostderr', '127.0.0.1:1234'], '127.0.0.1:1234'],
  [['node', 'main.js'], undefined],
  [['node', 'main.js', '-v=9'], undefined],
])('finds the address of the engine in %j', (argv, address) => {
  expect(engineAddress(argv)).toBe(address);
});

class FakeProcess extends EventEmitter {
  readonly argv = ['node', 'main.js'];
  ppid = 77;
  written = '';
  readonly stdout = {
    write: (text: string) => {
      this.written += text;
      return true;
    },
  };
  readonly ended: Promise<number>;
  exit!: ProviderProcess['exit'];

  constructor() {
    super();
    this.ended = new Promise((resolve) => {
      this.exit = ((code: number) => resolve(code)) as ProviderProcess['exit'];
    });
  }
}

function clientOf(self: FakeProcess): InstanceType<typeof providerGrpc.ResourceProviderClient> {
  const address = `127.0.0.1:${self.written.trim()}`;
  return new providerGrpc.ResourceProviderClient(address, grpc.credentials.createInsecure());
}

async function startConfigured() {
  const self = new FakeProcess();
  const shelf = makeShelf();
  await runProvider(shelfProvider(shelf), self as unknown as ProviderProcess);
  const client = clientOf(self);
  await configure(client, { owner: 'ada' });
  return { self, shelf, client };
}

describe('a running provider', () => {
  it('writes its port and nothing else, and ends at once on SIGINT when it has nothing to do', async () => {
    const self = new FakeProcess();
    await runProvider(shelfProvider(makeShelf()), self as unknown as ProviderProcess);
    expect(self.written).toMatch(/^\d+\n$/);
    self.emit('SIGINT');
    expect(await self.ended).toBe(0);
  });

  it('finishes what is running before SIGINT ends it', async () => {
    const { self, shelf, client } = await startConfigured();
    const running = create(client, BOX, { name: 'gated', size: 1 });
    await shelf.gate.reached;
    self.emit('SIGINT');
    shelf.gate.open();
    expect((await running).getId()).toBe('box-1');
    expect(await self.ended).toBe(0);
    expect(shelf.boxes.size).toBe(1);
    client.close();
  });

  it('aborts what is running on SIGTERM', async () => {
    const { self, shelf, client } = await startConfigured();
    const running = failureOf(create(client, BOX, { name: 'slow', size: 1 }));
    while (shelf.seen.created.length === 0) await new Promise((resolve) => setImmediate(resolve));
    self.emit('SIGTERM');
    expect((await running).code).toBe(grpc.status.CANCELLED);
    expect(await self.ended).toBe(0);
    client.close();
  });

  it('ends when its parent is gone', async () => {
    const self = new FakeProcess();
    await runProvider(shelfProvider(makeShelf()), self as unknown as ProviderProcess);
    self.ppid = 1;
    expect(await self.ended).toBe(0);
  });
});

describe('messages', () => {
  it('reach the engine as passing ones, beside their resource, without secrets', async () => {
    const received: enginePb.LogRequest[] = [];
    const server = new grpc.Server();
    server.addService(engineGrpc.EngineService, {
      log: (call: { request: enginePb.LogRequest }, done: (error: null, response: unknown) => void) => {
        received.push(call.request);
        done(null, new emptyPb.Empty());
      },
    } as unknown as grpc.UntypedServiceImplementation);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    const engine = await startEngine(shelfProvider(makeShelf()), `127.0.0.1:${port}`);
    try {
      await configure(engine.client, { owner: 'ada' });
      await create(engine.client, BOX, { name: 'a', size: 1, password: secret('s3cret') });
      expect(received.map((message) => message.toObject())).toEqual([
        expect.objectContaining({
          message: 'making a with [secret]',
          ephemeral: true,
          urn: expect.stringContaining('shelf:index:Box::it'),
        }),
      ]);
      await ask((done) => engine.client.cancel(new emptyPb.Empty(), done));
    } finally {
      await engine.stop();
      server.forceShutdown();
    }
  });
});
