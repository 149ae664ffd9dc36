import { join } from 'node:path';
import { configurationReference, parseStackConfig } from '../../infra/config.js';
import { initialLedger } from '../../infra/rotation/ledger.js';
import { readStackFile, stackConfigOf } from '../../scripts/stack-file.js';

const FILE = readStackFile(join(process.cwd(), 'Pulumi.dev.yaml'));
const RAW = stackConfigOf(FILE);

test('the dev stack is valid and means the emulated tenant on port 8443', () => {
  const config = parseStackConfig(RAW.ours, RAW.azuread);
  expect(RAW.azuread.metadataHost).toBe('localhost:8443');
  expect(config.endpoints.flatMap(({ domains }) => domains)).toEqual(['contoso.com']);
});

test('its ledger is a first one, with years to go so that a checkout works for long', () => {
  expect(RAW.ours.rotation).toEqual(
    initialLedger({ now: new Date('2026-11-24T00:00:00Z'), lifetimeDays: 720 }),
  );
});

test('it holds no secret', () => {
  expect(Object.keys(RAW.azuread).sort()).toEqual(['clientId', 'metadataHost', 'tenantId']);
});

test('it shows every key of the reference, each with a comment of its own', () => {
  const lines = FILE.text.split('\n');
  const keys = [...configurationReference().matchAll(/^\| `([\w.[\]]+)` \|/gm)].map(([, key = '']) => key);
  expect(keys.length).toBeGreaterThan(40);
  for (const key of keys) {
    const name = key.replace(/^.*\./, '');
    // The scope's and the exclusions' inner keys are alternatives: they stand in the comment of their parent.
    const inComment = /^visibility\.(scope\.|exclude\[\]\.)/.test(key);
    const at = lines.findIndex((line) => new RegExp(`${inComment ? '#.*' : ''}\\b${name}:`).test(line));
    expect({ key, at }).not.toEqual({ key, at: -1 });
    const above = lines.slice(Math.max(0, at - 1), at + 1).join('\n');
    if (!/\.address$/.test(key)) expect({ key, above }).toEqual({ key, above: expect.stringContaining('#') });
  }
});
