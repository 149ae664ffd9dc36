/** What a killed run can leave half written beside a state, and what is removed of it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isTornState, removeTornAttributes } from '../../scripts/torn-attributes.js';

const WHOLE = '{"user.cache_control":"","user.content_type":"application/json"}\n';

let backend: string;
let stacks: string;

beforeEach(() => {
  backend = mkdtempSync(join(tmpdir(), 'torn-'));
  stacks = join(backend, '.pulumi', 'stacks', 'calendar-interop');
  mkdirSync(stacks, { recursive: true });
});
afterEach(() => rmSync(backend, { recursive: true }));

const removeOf = (stack: string) =>
  removeTornAttributes({ backendUrl: pathToFileURL(backend).href, project: 'calendar-interop', stack });

test('half a file beside the state goes; whole ones, the state and other stacks stay', async () => {
  const files = {
    'prod.json': '{"version": 3}',
    'prod.json.attrs': '',
    'prod.json.bak': '{"version": 3}',
    'prod.json.bak.attrs': WHOLE.slice(0, 20),
    'prod.pulumi-tags.attrs': WHOLE,
    'production.json.attrs': '',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(stacks, name), text);
  expect(await removeOf('prod')).toEqual([
    join(stacks, 'prod.json.attrs'),
    join(stacks, 'prod.json.bak.attrs'),
  ]);
  expect(readdirSync(stacks).sort()).toEqual([
    'prod.json',
    'prod.json.bak',
    'prod.pulumi-tags.attrs',
    'production.json.attrs',
  ]);
});

test('a state that is half written itself is not touched', async () => {
  writeFileSync(join(stacks, 'prod.json'), '{"ver');
  expect(await removeOf('prod')).toEqual([]);
  expect(readdirSync(stacks)).toEqual(['prod.json']);
});

test('a backend that is no folder has nothing to remove', async () => {
  const stack = { project: 'calendar-interop', stack: 'prod' };
  expect(await removeTornAttributes({ ...stack, backendUrl: 's3://bucket' })).toEqual([]);
  expect(await removeTornAttributes({ ...stack, backendUrl: undefined })).toEqual([]);
});

test.each([
  ['error: failed to load checkpoint: EOF', true],
  ['error: failed to load checkpoint: unexpected EOF', true],
  ["error: no stack named 'prod' found", false],
  ['error: failed to load checkpoint: the passphrase is wrong', false],
])('%s: %s', (stderr, expected) => expect(isTornState(stderr)).toBe(expected));
