/** The diagram in docs/rotation.md says what the reducer does: the same phases, and the same ways between them. */
import { readFileSync } from 'node:fs';
import {
  PHASES,
  type Phase,
  phaseOf,
  type RotationEvent,
  type RotationPolicy,
  reduce,
} from '../../infra/rotation/index.js';
import { initialLedger, type Ledger, SLOTS } from '../../infra/rotation/ledger.js';

const POLICY: RotationPolicy = { lifetimeDays: 180, leadDays: 30, quietDays: 7, endpoints: ['one', 'two'] };
const NOW = new Date('2026-01-01T00:00:00Z');
const FOREIGN = '00000000-0000-4000-a000-000000000001';

function drawn(): readonly string[] {
  const text = readFileSync('docs/rotation.md', 'utf8');
  const block = /```mermaid\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  return [...block.matchAll(/^ *(\w+) --> (\w+): (.+)$/gm)]
    .flatMap(([, from = '', to = '', events = '']) =>
      events.split(', ').map((event) => `${from} --${event}--> ${to}`),
    )
    .sort();
}

function eventsFrom(ledger: Ledger): readonly RotationEvent[] {
  const both = SLOTS.flatMap((slot): RotationEvent[] => [
    { type: 'confirm', how: 'hand', endpoints: ['one'], slot, by: 'ann' },
    { type: 'confirm', how: 'hand', endpoints: ['two'], slot, by: 'ann' },
    { type: 'confirm', how: 'hand', endpoints: [], slot, by: 'ann' },
    { type: 'revoke', secret: { slot }, when: 'now', by: 'ann' },
    { type: 'revoke', secret: { slot }, when: { deadline: new Date(NOW.getTime() + 86_400_000) }, by: 'ann' },
  ]);
  return [
    ...both,
    { type: 'stage' },
    { type: 'retire', silence: { how: 'hand', by: 'ann' } },
    { type: 'adopt', keyId: FOREIGN, endDate: NOW },
    { type: 'remove', keyId: FOREIGN, by: 'ann', force: true },
    { type: 'revoke', secret: { keyId: FOREIGN }, when: 'now', by: 'ann' },
    {
      type: 'revoke',
      secret: { keyId: FOREIGN },
      when: { deadline: new Date(NOW.getTime() + 86_400_000) },
      by: 'ann',
    },
    { type: 'use', slot: ledger.current },
  ];
}

/** What was begun is carried out at once. */
function carriedOut(ledger: Ledger): Ledger {
  let done = ledger;
  const apply = (event: RotationEvent) => {
    const outcome = reduce(done, event, POLICY, NOW);
    if (outcome.refusal === undefined) done = outcome.ledger;
  };
  for (const slot of SLOTS) {
    const generation = done.slots[slot]?.generation;
    if (generation !== undefined)
      apply({
        type: 'made',
        slot,
        generation,
        keyId: `00000000-0000-4000-9000-${String(generation).padStart(12, '0')}`,
      });
  }
  apply({ type: 'finish' });
  return done;
}

/** What of a ledger decides about its future: generations by their order, no times. */
function shape({ slots, current, foreign, revoking, confirmed }: Ledger): string {
  const newest = (slots.a?.generation ?? 0) > (slots.b?.generation ?? 0) ? 'a' : 'b';
  const held = Object.entries(confirmed).map(([name, { slot }]) => `${name}${slot}`);
  return [
    Object.keys(slots),
    newest,
    current,
    foreign.length,
    revoking?.slot,
    revoking?.keyId,
    held.sort(),
  ].join('|');
}

function transitions(): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const todo = [carriedOut(initialLedger({ now: NOW, lifetimeDays: 180 }))];
  for (let ledger = todo.pop(); ledger !== undefined; ledger = todo.pop()) {
    if (seen.has(shape(ledger))) continue;
    seen.add(shape(ledger));
    for (const event of eventsFrom(ledger)) {
      const outcome = reduce(ledger, event, POLICY, NOW);
      if (outcome.refusal !== undefined) continue;
      const next = carriedOut(outcome.ledger);
      const [from, to]: [Phase, Phase] = [phaseOf(ledger, POLICY), phaseOf(next, POLICY)];
      if (from !== to) found.add(`${from} --${event.type}--> ${to}`);
      todo.push(next);
    }
  }
  return found;
}

test('every way between phases is drawn, and nothing else', () => {
  expect(drawn()).toEqual([...transitions()].sort());
});

test('every phase is reached and explained', () => {
  const text = readFileSync('docs/rotation.md', 'utf8');
  for (const phase of PHASES) expect(text).toContain(`### \`${phase}\``);
});
