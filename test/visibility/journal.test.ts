import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GuidTable } from '../../infra/exchange/visibility/guids.js';
import {
  type JournalOptions,
  lastAccount,
  openJournal,
  readAccount,
} from '../../infra/exchange/visibility/journal.js';
import type { Outcome, Result } from '../../infra/exchange/visibility/outcome.js';
import { temporaryFolder } from './support/temporary-files.js';
import { guidOf } from './support/tenant.js';

const NOW = new Date('2027-01-01T00:00:00Z');
const optionsFor = (path: string, more: Partial<JournalOptions> = {}): JournalOptions => ({
  path,
  key: 'one',
  now: NOW,
  table: new GuidTable(),
  ...more,
});
const freshPath = () => join(temporaryFolder(), 'state', 'plan.jsonl');

function outcome(number: number, result: Result = 'raised', more: Partial<Outcome> = {}): Outcome {
  return {
    mailbox: { guid: guidOf(number), address: `üser"${number}\n@contoso.com`, kind: 'RoomMailbox' },
    result,
    before: 'None',
    after: 'LimitedDetails',
    reason: undefined,
    ...more,
  };
}

function replayed(options: JournalOptions): Outcome[] {
  const journal = openJournal(options);
  const outcomes: Outcome[] = [];
  journal.replay((one) => outcomes.push(one));
  journal.close();
  return outcomes;
}

function interrupted(path: string, outcomes: readonly Outcome[]): void {
  const journal = openJournal(optionsFor(path));
  for (const one of outcomes) journal.write(one);
  journal.close();
}

describe('the journal of an interrupted sweep', () => {
  it('tells the next run what was done, each mailbox once, and that failures are to be tried again', () => {
    const path = freshPath();
    interrupted(path, [outcome(1), outcome(2, 'failed'), outcome(1, 'enough'), outcome(3, 'enough')]);
    const journal = openJournal(optionsFor(path));
    const outcomes: Outcome[] = [];
    journal.replay((one) => outcomes.push(one));
    expect(outcomes).toEqual([outcome(1), outcome(3, 'enough')]);
    expect([1, 2, 3].map((number) => journal.isDone(guidOf(number)))).toEqual([true, false, true]);
    journal.close();
  });

  it('is gone on with a day later, not for another sweep nor after a day and a half', () => {
    const path = freshPath();
    interrupted(path, [outcome(1)]);
    expect(replayed(optionsFor(path, { now: new Date('2027-01-02T11:00:00Z') })).length).toBe(1);
    expect(replayed(optionsFor(path, { key: 'another' })).length).toBe(0);
    interrupted(path, [outcome(1)]);
    expect(replayed(optionsFor(path, { now: new Date('2027-01-02T13:00:00Z') })).length).toBe(0);
  });

  it('survives being cut off at any byte, and is written on from there', () => {
    const path = freshPath();
    interrupted(path, [outcome(1), outcome(2)]);
    const whole = readFileSync(path);
    for (let length = 0; length <= whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      const journal = openJournal(optionsFor(path));
      journal.replay(() => {});
      journal.write(outcome(3));
      journal.close();
      const numbers = replayed(optionsFor(path)).map(({ mailbox }) => mailbox.guid);
      expect(numbers.at(-1)).toBe(guidOf(3));
      expect([guidOf(1), guidOf(2), guidOf(3)]).toEqual(expect.arrayContaining(numbers));
    }
  });

  it('passes over lines that make no sense', () => {
    const path = freshPath();
    interrupted(path, [outcome(1)]);
    appendFileSync(path, `[1,2]\nnull\n{"x":\n["${guidOf(9)}",null,null,"conquered",null,null,null]\n`);
    interrupted(path, [outcome(2)]);
    expect(replayed(optionsFor(path)).map(({ mailbox }) => mailbox.guid)).toEqual([guidOf(1), guidOf(2)]);
  });

  it('becomes the last account when the sweep is complete, and the next run starts anew', async () => {
    const path = freshPath();
    const journal = openJournal(optionsFor(path));
    journal.write(outcome(1));
    journal.write(outcome(2, 'failed', { reason: 'why' }));
    journal.finish(new Date('2027-01-01T01:00:00Z'));
    expect(existsSync(path)).toBe(false);
    expect(replayed(optionsFor(path))).toEqual([]);
    const seen: Outcome[] = [];
    const account = await readAccount(lastAccount(path), (one) => seen.push(one));
    expect(account).toEqual({ startedAt: NOW, finishedAt: new Date('2027-01-01T01:00:00Z'), key: 'one' });
    expect(seen).toEqual([outcome(1), outcome(2, 'failed', { reason: 'why' })]);
  });

  it('is written by one process at a time; another run goes without', () => {
    const path = freshPath();
    const first = openJournal(optionsFor(path));
    const second = openJournal(optionsFor(path));
    first.write(outcome(1));
    second.write(outcome(2));
    second.finish(NOW);
    first.close();
    expect(replayed(optionsFor(path)).map(({ mailbox }) => mailbox.guid)).toEqual([guidOf(1)]);
  });

  it('is taken over from a process that is gone', () => {
    const path = freshPath();
    interrupted(path, [outcome(1)]);
    for (const pid of [String(2 ** 30), '', 'x', String(process.pid)]) {
      writeFileSync(`${path}.lock`, pid);
      expect(replayed(optionsFor(path)).length).toBe(1);
      expect(existsSync(`${path}.lock`)).toBe(false);
    }
  });

  it('says of no file, and of a damaged one, that there is nothing', async () => {
    const path = freshPath();
    expect(await readAccount(path, () => {})).toBeUndefined();
    interrupted(path, []);
    truncateSync(path, 5);
    expect(await readAccount(path, () => {})).toBeUndefined();
    rmSync(path);
  });
});
