import { Batcher } from '../../infra/exchange/transport/batcher.js';
import { Gate } from '../../infra/exchange/transport/gate.js';
import { ManualClock, settle } from './support/manual-clock.js';

const answered = { kind: 'answered' } as const;

describe('the gate', () => {
  test('lets as many in as the pace allows, the others in order', async () => {
    const gate = new Gate({ start: 2, most: 2 }, new ManualClock());
    const entered: number[] = [];
    const enter = async (id: number) => {
      const ticket = await gate.enter(false, undefined);
      entered.push(id);
      return ticket;
    };
    const [first] = [1, 2, 3, 4].map(enter);
    await settle();
    expect(entered).toEqual([1, 2]);
    expect(gate.isFull).toBe(true);
    if (first !== undefined) gate.leave(await first, answered);
    await settle();
    expect(entered).toEqual([1, 2, 3]);
  });

  test('lets those that were refused go first', async () => {
    const gate = new Gate({ start: 1, most: 1 }, new ManualClock());
    const held = await gate.enter(false, undefined);
    const order: string[] = [];
    void gate.enter(false, undefined).then(() => order.push('new'));
    void gate.enter(true, undefined).then(() => order.push('again'));
    gate.leave(held, answered);
    await settle();
    expect(order).toEqual(['again']);
  });

  test('opens after a pause by itself', async () => {
    const clock = new ManualClock();
    const gate = new Gate({ start: 1, most: 1 }, clock);
    gate.leave(await gate.enter(false, undefined), { kind: 'throttled', waitMs: 5000 });
    let entered = -1;
    void gate.enter(true, undefined).then(() => {
      entered = clock.now();
    });
    await clock.run(() => entered >= 0);
    expect(entered).toBe(5000);
  });

  test('a call that is called off while waiting leaves with the reason and takes no place', async () => {
    const gate = new Gate({ start: 1, most: 1 }, new ManualClock());
    const held = await gate.enter(false, undefined);
    const abort = new AbortController();
    const waiting = gate.enter(false, abort.signal).catch((reason: unknown) => reason);
    const behind = gate.enter(false, undefined);
    abort.abort('enough');
    expect(await waiting).toBe('enough');
    gate.leave(held, answered);
    await expect(behind).resolves.toBeDefined();
  });

  test('closed, it sends everybody away', async () => {
    const gate = new Gate({ start: 1, most: 1 }, new ManualClock());
    await gate.enter(false, undefined);
    const waiting = gate.enter(false, undefined);
    gate.close(new Error('closed'));
    await expect(waiting).rejects.toThrow('closed');
    await expect(gate.enter(false, undefined)).rejects.toThrow('closed');
  });
});

describe('the batcher', () => {
  function make(limit: number, isFull = () => false) {
    const clock = new ManualClock();
    const sent: { members: readonly number[]; at: number; done: () => void }[] = [];
    const batcher = new Batcher<number>({
      size: 10,
      clock,
      limit: () => limit,
      isFull,
      flush: (members) =>
        new Promise((resolve) => {
          sent.push({ members, at: clock.now(), done: resolve });
        }),
    });
    const add = (from: number, count: number) => {
      for (let member = from; member < from + count; member += 1) batcher.add(member);
    };
    return { clock, sent, add };
  }

  test('a full batch goes at once', () => {
    const { sent, add } = make(20);
    add(0, 10);
    expect(sent.map(({ members }) => members.length)).toEqual([10]);
  });

  test('a part of one waits for a moment only', async () => {
    const { clock, sent, add } = make(20);
    add(0, 3);
    expect(sent).toEqual([]);
    await clock.advance(5);
    expect(sent.map(({ members, at }) => [members, at])).toEqual([[[0, 1, 2], 2]]);
  });

  test('and not at all where nothing more can come', async () => {
    const { clock, sent, add } = make(3, () => true);
    add(0, 3);
    await clock.advance(0);
    expect(sent).toHaveLength(1);
  });

  test('parts come together again: not more requests than full batches need', async () => {
    const { clock, sent, add } = make(20, () => true);
    add(0, 10);
    add(10, 4);
    await clock.advance(1);
    add(14, 6);
    await clock.advance(1);
    expect(sent.map(({ members }) => members.length)).toEqual([10, 4]);
    sent[1]?.done();
    await settle();
    add(20, 4);
    await clock.advance(1);
    expect(sent.map(({ members }) => members.length)).toEqual([10, 4, 10]);
  });

  test('but none waits for ever behind a slow one', async () => {
    const { clock, sent, add } = make(10);
    add(0, 10);
    add(10, 1);
    await clock.advance(1000);
    expect(sent.map(({ members }) => members.length)).toEqual([10, 1]);
  });
});
