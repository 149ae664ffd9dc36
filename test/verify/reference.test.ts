import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagnosisReference } from '../../infra/verify/diagnosis-reference.js';
import { LEAVES } from '../../infra/verify/index.js';

const FILE = join(process.cwd(), 'docs', 'diagnosis.md');

test('docs/diagnosis.md is what the table prints (UPDATE_DOCS=1 writes it anew)', () => {
  if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, diagnosisReference());
  expect(readFileSync(FILE, 'utf8')).toBe(diagnosisReference());
});

test('every leaf is in it, with what is wrong and what mends it', () => {
  for (const [code, { what, mend }] of Object.entries(LEAVES)) {
    expect(code).toMatch(/^CI(-[A-Z0-9]+)+$/);
    expect(what).toMatch(/^[A-Za-z].{10,}/);
    expect(mend.length).toBeGreaterThan(0);
    expect(diagnosisReference()).toContain(`| \`${code}\` |`);
  }
});
