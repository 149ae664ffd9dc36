/** The kernel through the generated client: what the engine relies on. */
import * as grpc from '@grpc/grpc-js';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import statusPb from '@pulumi/pulumi/proto/status_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import {
  ask,
  check,
  configure,
  create,
  diff,
  type Engine,
  failureOf,
  failures,
  invoke,
  kinds,
  raw,
  read,
  remove,
  secret,
  startEngine,
  struct,
  UNKNOWN,
  update,
  urn,
} from './support/engine.js';
import { BOX, FIND, makeShelf, type Shelf, shelfProvider } from './support/made-up-provider.js';

let engine: Engine;
let shelf: Shelf;

beforeEach(async () => {
  shelf = makeShelf();
  engine = await startEngine(shelfProvider(shelf));
  await configure(engine.client, { owner: 'ada' });
});
afterEach(() => engine.stop());

const PASSWORD = 'open "sesame" & more';

describe('check', () => {
  it('fills in defaults and lists every mistake with its path', async () => {
    const fine = await check(engine.client, BOX, { name: 'a', nickname: null });
    expect(failures(fine)).toEqual([]);
    expect(raw(fine.getInputs())).toEqual({ name: 'a', size: 1 });

    const bad = await check(engine.client, BOX, {
      size: 'big',
      pasword: 'x',
      engraving: 'mine',
      parts: [{ kind: 'foot', count: 1, knote: 'x' }],
    });
    expect(failures(bad)).toEqual([
      'engraving is not supported by this shelf',
      'pasword is unknown; did you mean password?',
      'name is required',
      expect.stringMatching(/^size invalid input: expected number/),
      expect.stringMatching(/^parts\[0\]\.kind invalid option: expected one of "lid"\|"side"/),
      'parts[0].knote is unknown; did you mean note?',
    ]);
    expect(bad.getInputs()).toBeUndefined();
  });

  it('keeps secrets wrapped, and repeats them in no failure', async () => {
    const fine = await check(engine.client, BOX, {
      name: 'a',
      password: secret(PASSWORD),
      labels: { plain: 'x', hidden: secret('y') },
    });
    expect(raw(fine.getInputs())).toEqual({
      name: 'a',
      size: 1,
      password: secret(PASSWORD),
      labels: { plain: 'x', hidden: secret('y') },
    });

    const bad = await check(engine.client, BOX, { name: 'a', size: 200, password: secret(PASSWORD) });
    expect(failures(bad)).toEqual(['size too large for a box that opens with [secret]']);
  });

  it('lets through what is not known yet, and still finds the other mistakes', async () => {
    const response = await check(engine.client, BOX, {
      name: UNKNOWN,
      parts: [
        { kind: UNKNOWN, count: 1 },
        { kind: 'lid', count: 'many' },
      ],
      labels: UNKNOWN,
    });
    expect(failures(response)).toEqual([
      expect.stringMatching(/^parts\[1\]\.count invalid input: expected number/),
    ]);
    const fine = await check(engine.client, BOX, { name: UNKNOWN, password: secret(UNKNOWN) });
    expect(raw(fine.getInputs())).toEqual({ name: UNKNOWN, size: 1, password: secret(UNKNOWN) });
  });

  it('refuses files, and types that it does not have', async () => {
    const file = { ...secret('x'), '4dabf18193072939515e22adb298388d': 'c44067f5952c0a294b673a41bacd8c17' };
    const refused = await failureOf(check(engine.client, BOX, { name: 'a', labels: { logo: file } }));
    expect(refused.details).toBe('labels.logo: files (assets and archives) are not accepted');
    const missing = await failureOf(check(engine.client, 'shelf:index:Bix', {}));
    expect(missing.code).toBe(grpc.status.INVALID_ARGUMENT);
    expect(missing.details).toBe('shelf has no resource type shelf:index:Bix; did you mean shelf:index:Box?');
  });

  it('takes references and output values for what they stand for', async () => {
    const key = '4dabf18193072939515e22adb298388d';
    const output = { [key]: 'd0e6a833031e9bbcd3f4e8bde6ca49a4' };
    const response = await check(engine.client, BOX, {
      name: { [key]: '5cf8f73096256a8f31e491e813e4eb8e', urn: 'urn:x', id: 'box-9' },
      password: { ...output, value: 'v4lue', secret: true, dependencies: [] },
      nickname: { ...output, dependencies: [] },
    });
    expect(raw(response.getInputs())).toEqual({
      name: 'box-9',
      size: 1,
      password: secret('v4lue'),
      nickname: UNKNOWN,
    });
  });
});

describe('diff', () => {
  const oldInputs = {
    name: 'a',
    size: 1,
    password: secret('old one'),
    owners: ['x', 'y'],
    __defaults: ['size'],
  };

  it('says nothing about the same, lists in another order included', async () => {
    const response = await diff(engine.client, BOX, {
      oldInputs,
      news: { ...oldInputs, owners: ['y', 'x'] },
    });
    expect(response.getChanges()).toBe(providerPb.DiffResponse.DiffChanges.DIFF_NONE);
    expect(response.getHasdetaileddiff()).toBe(true);
    expect(kinds(response)).toEqual({});
  });

  it('names every change with its kind and no value', async () => {
    const response = await diff(engine.client, BOX, {
      oldInputs: { ...oldInputs, labels: { gone: '1', same: '2' } },
      news: {
        name: 'a',
        size: 2,
        password: secret('new one'),
        owners: ['x', 'y'],
        labels: { same: '2', 'new.one': '3' },
      },
    });
    expect(kinds(response)).toEqual({
      'labels.gone': 'DELETE',
      'labels["new.one"]': 'ADD',
      password: 'UPDATE',
      size: 'UPDATE',
    });
    expect(response.getDiffsList().sort()).toEqual(['labels', 'password', 'size']);
    expect(response.getReplacesList()).toEqual([]);
    expect(response.getStablesList()).toEqual(['serial', 'token']);
    expect(JSON.stringify(response.toObject())).not.toContain('one"]]');
    expect(JSON.stringify(response.toObject())).not.toContain('old one');
  });

  it('replaces where it must, making room first', async () => {
    const response = await diff(engine.client, BOX, {
      oldInputs,
      news: { ...oldInputs, name: 'b', size: 3 },
    });
    expect(kinds(response)).toEqual({ name: 'UPDATE_REPLACE', size: 'UPDATE' });
    expect(response.getReplacesList()).toEqual(['name']);
    expect(response.getDeletebeforereplace()).toBe(true);
  });

  it('counts an unknown value as a change, and leaves out what is to be ignored', async () => {
    const news = { ...oldInputs, name: UNKNOWN, labels: { a: 'b' } };
    const all = await diff(engine.client, BOX, { oldInputs, news });
    expect(kinds(all)).toEqual({ labels: 'ADD', name: 'UPDATE_REPLACE' });
    const some = await diff(engine.client, BOX, { oldInputs, news, ignoreChanges: ['name', 'labels'] });
    expect(some.getChanges()).toBe(providerPb.DiffResponse.DiffChanges.DIFF_NONE);
    expect(some.getDeletebeforereplace()).toBe(false);
  });
});

describe('preview', () => {
  it('of a create knows the inputs and nothing else, and makes nothing', async () => {
    const response = await create(
      engine.client,
      BOX,
      { name: 'a', size: UNKNOWN, password: secret(PASSWORD) },
      { preview: true },
    );
    expect(response.getId()).toBe('');
    expect(raw(response.getProperties())).toEqual({
      name: 'a',
      size: UNKNOWN,
      password: secret(PASSWORD),
      nickname: UNKNOWN,
      serial: UNKNOWN,
      token: secret(UNKNOWN),
      weight: UNKNOWN,
      description: UNKNOWN,
    });
    expect(shelf.boxes.size).toBe(0);
  });

  it('of an update keeps what no update changes', async () => {
    const olds = {
      name: 'a',
      size: 1,
      nickname: 'n',
      serial: 's',
      token: secret('t'),
      weight: 2,
      description: 'd',
    };
    const response = await update(engine.client, BOX, {
      id: 'box-1',
      olds,
      oldInputs: { name: 'a', size: 1 },
      news: { name: 'a', size: 2 },
      preview: true,
    });
    expect(raw(response.getProperties())).toEqual({
      ...olds,
      size: 2,
      weight: UNKNOWN,
      description: UNKNOWN,
    });
  });
});

describe('create, read, update, delete', () => {
  it('gives the provider plain values and the engine wrapped ones', async () => {
    const response = await create(
      engine.client,
      BOX,
      { name: 'a', size: 1, password: secret(PASSWORD) },
      { timeout: 90 },
    );
    expect(shelf.seen.created).toEqual([{ name: 'a', size: 1, password: PASSWORD }]);
    expect(shelf.seen.timeoutMs).toBe(90_000);
    expect(response.getId()).toBe('box-1');
    expect(raw(response.getProperties())).toEqual({
      name: 'a',
      size: 1,
      password: secret(PASSWORD),
      nickname: 'nick-a',
      serial: 'serial-box-1',
      token: secret('token-of-box-1'),
      weight: 2,
      description: secret(`box a, opens with ${PASSWORD}`),
    });
  });

  it('reads an existing one for refresh and for import, and nothing for one that is gone', async () => {
    shelf.boxes.set('box-7', { name: 'found', size: 4, password: 'pass-7' });
    const imported = await read(engine.client, BOX, 'box-7');
    expect(imported.getId()).toBe('box-7');
    expect(raw(imported.getInputs())).toEqual({ name: 'found', size: 4, password: 'pass-7' });
    expect(raw(imported.getProperties())).toMatchObject({ serial: 'serial-box-7', weight: 8 });

    const refreshed = await read(engine.client, BOX, 'box-7', {
      inputs: { name: 'found', size: 1, password: secret('before') },
      properties: { name: 'found', password: secret('before') },
    });
    expect(raw(refreshed.getInputs())).toEqual({ name: 'found', size: 4, password: secret('pass-7') });
    expect(raw(refreshed.getProperties())).toMatchObject({ size: 4, password: secret('pass-7') });

    const gone = await read(engine.client, BOX, 'box-8');
    expect(gone.getId()).toBe('');
    expect(gone.getProperties()).toBeUndefined();
  });

  it('updates and deletes', async () => {
    await create(engine.client, BOX, { name: 'a', size: 1 });
    const updated = await update(engine.client, BOX, {
      id: 'box-1',
      olds: { name: 'a', size: 1 },
      oldInputs: { name: 'a', size: 1 },
      news: { name: 'a', size: 5, password: secret('another') },
    });
    expect(raw(updated.getProperties())).toMatchObject({ size: 5, password: secret('another'), weight: 10 });
    await remove(engine.client, BOX, 'box-1', {});
    expect(shelf.boxes.size).toBe(0);
    expect((await failureOf(remove(engine.client, BOX, 'box-1', {}))).details).toBe('there is no box box-1');
  });

  it('saves what was made when a create fails half-way, without the secret in the reason', async () => {
    const failure = await failureOf(
      create(engine.client, BOX, { name: 'broken', size: 1, password: secret(PASSWORD) }),
    );
    expect(failure.details).toBe('the lid is missing: [secret]');
    const [details] = failure.metadata.get('grpc-status-details-bin');
    const status = statusPb.Status.deserializeBinary(details as Buffer);
    const [any] = status.getDetailsList();
    expect(any?.getTypeName()).toBe('pulumirpc.ErrorResourceInitFailed');
    const partial = providerPb.ErrorResourceInitFailed.deserializeBinary(
      any?.getValue_asU8() ?? new Uint8Array(),
    );
    expect(partial.getId()).toBe('box-1');
    expect(partial.getReasonsList()).toEqual(['the lid is missing: [secret]']);
    expect(raw(partial.getProperties())).toMatchObject({
      password: secret(PASSWORD),
      serial: 'serial-box-1',
    });
    expect(raw(partial.getInputs())).toEqual({ name: 'broken', size: 1, password: secret(PASSWORD) });
  });

  it('tells a failure by its message alone', async () => {
    const failure = await failureOf(
      create(engine.client, BOX, { name: 'impossible', size: 1, password: secret(PASSWORD) }),
    );
    expect(failure.details).toBe('cannot make it with [secret]');
    expect(JSON.stringify(failure.metadata.toJSON())).not.toContain('made-up-provider');
  });
});

describe('cancellation', () => {
  it('aborts what is running and starts nothing further', async () => {
    const running = failureOf(create(engine.client, BOX, { name: 'slow', size: 1 }));
    while (shelf.seen.created.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await ask((done) => engine.client.cancel(new emptyPb.Empty(), done));
    expect((await running).code).toBe(grpc.status.CANCELLED);
    expect(shelf.seen.aborted).toBeInstanceOf(Error);
    expect((await failureOf(create(engine.client, BOX, { name: 'late', size: 1 }))).details).toBe(
      'cancelled',
    );
    expect(shelf.boxes.size).toBe(0);
  });

  it('aborts an operation whose time is up, and only that one', async () => {
    const failure = await failureOf(create(engine.client, BOX, { name: 'slow', size: 1 }, { timeout: 0.05 }));
    expect(failure.details).toBe('not done within 0.05 s');
    expect((await create(engine.client, BOX, { name: 'next', size: 1 })).getId()).toBe('box-1');
  });
});

describe('functions', () => {
  it('answer, with what is secret wrapped', async () => {
    const response = await invoke(engine.client, FIND, { name: 'a', password: secret(PASSWORD) });
    expect(raw(response.getReturn())).toEqual({
      name: 'a',
      echo: secret(`ada:${PASSWORD}`),
      pin: secret('0815-pin'),
    });
  });

  it('know nothing while an argument is unknown', async () => {
    const response = await invoke(engine.client, FIND, { name: UNKNOWN });
    expect(raw(response.getReturn())).toEqual({ name: UNKNOWN, echo: UNKNOWN, pin: secret(UNKNOWN) });
  });

  it('list mistakes in the arguments, and fail without the secret', async () => {
    expect(failures(await invoke(engine.client, FIND, { nam: 'a' }))).toEqual([
      'nam is unknown; did you mean name?',
      'name is required',
    ]);
    const failure = await failureOf(
      invoke(engine.client, FIND, { name: 'none', password: secret(PASSWORD) }),
    );
    expect(failure.details).toBe('ada has no box that opens with [secret]');
    expect((await failureOf(invoke(engine.client, 'shelf:index:lose', {}))).details).toContain(
      'shelf has no function shelf:index:lose',
    );
  });
});

describe('the provider itself', () => {
  it('accepts all kinds of values and previews', async () => {
    const response = await configure(engine.client, { owner: 'ada' });
    expect(response.toObject()).toMatchObject({
      acceptsecrets: true,
      acceptresources: true,
      acceptoutputs: true,
      supportspreview: true,
    });
    const info = await ask<{ getVersion(): string }>((done) =>
      engine.client.getPluginInfo(new emptyPb.Empty(), done),
    );
    expect(info.getVersion()).toBe('1.2.3');
    const schema = await ask<providerPb.GetSchemaResponse>((done) =>
      engine.client.getSchema(new providerPb.GetSchemaRequest(), done),
    );
    expect(JSON.parse(schema.getSchema())).toEqual({ name: 'shelf', version: '1.2.3' });
  });

  it('checks its configuration, of which everything but texts arrives as JSON', async () => {
    const request = new providerPb.CheckRequest();
    const news = { owner: 'ada', key: secret('k3y!'), strict: 'true', places: '["a"]', version: '1.2.3' };
    request.setNews(struct(news));
    const fine = await ask<providerPb.CheckResponse>((done) => engine.client.checkConfig(request, done));
    expect(failures(fine)).toEqual([]);
    expect(raw(fine.getInputs())).toEqual(news);

    request.setNews(struct({ strict: 'perhaps', onwer: 'ada', colour: 'red' }));
    const bad = await ask<providerPb.CheckResponse>((done) => engine.client.checkConfig(request, done));
    expect(failures(bad)).toEqual([
      'colour is not supported by this shelf',
      'onwer is unknown; did you mean owner?',
      'owner is required',
      expect.stringMatching(/^strict invalid input: expected boolean/),
    ]);
  });

  it('says what changed in its configuration, and replaces nothing for it', async () => {
    const request = new providerPb.DiffRequest();
    request.setUrn(urn('pulumi:providers:shelf'));
    request.setOldInputs(struct({ owner: 'ada', key: secret('a'), version: '1' }));
    request.setNews(struct({ owner: 'ada', key: secret('b'), version: '2' }));
    const response = await ask<providerPb.DiffResponse>((done) => engine.client.diffConfig(request, done));
    expect(kinds(response)).toEqual({ key: 'UPDATE' });
    expect(response.getReplacesList()).toEqual([]);
  });

  it('keeps the secrets of its configuration out of all failures', async () => {
    const failure = await failureOf(configure(engine.client, { owner: 'nobody', key: secret('the-k3y') }));
    expect(failure.details).toBe('the key [secret] does not fit');
    await configure(engine.client, { owner: 'ada', key: secret('the-k3y') });
    const later = await failureOf(
      invoke(engine.client, FIND, { name: 'none', password: 'the-k3y hidden-in-configure' }),
    );
    expect(later.details).toBe('ada has no box that opens with [secret] [secret]');
  });

  it('does nothing before it is configured', async () => {
    const fresh = await startEngine(shelfProvider(shelf));
    try {
      const failure = await failureOf(create(fresh.client, BOX, { name: 'a', size: 1 }));
      expect(failure.details).toBe('the provider is not configured');
    } finally {
      await fresh.stop();
    }
  });

  it('says so where it does not do something', async () => {
    const failure = await failureOf(
      ask((done) => engine.client.construct(new providerPb.ConstructRequest(), done)),
    );
    expect(failure.code).toBe(grpc.status.UNIMPLEMENTED);
  });
});
