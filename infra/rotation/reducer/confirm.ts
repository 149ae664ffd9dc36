/** The hand-over: which secret the endpoints hold. */
import type { HandConfirmEvent, SeenConfirmEvent } from '../events.js';
import {
  awaitedEndpoints,
  includes,
  isConfirmed,
  sameSecret,
  slotSecrets,
  targetSecret,
} from '../secrets.js';
import { emptySlot, refuse, unknownEndpoint } from './refusals.js';
import type { Change, Evidence, Judge, Step } from './step.js';
import { noted } from './words.js';

/** A person says which endpoints hold a secret. */
export function confirmByHand(judge: Judge, event: HandConfirmEvent): Step {
  const { ledger, policy, at } = judge;
  const slot = event.slot ?? targetSecret(ledger).slot;
  const generation = ledger.slots[slot]?.generation;
  if (generation === undefined) return emptySlot(ledger, slot);
  const names = event.endpoints.length === 0 ? policy.endpoints : event.endpoints;
  const unknown = names.find((name) => !policy.endpoints.includes(name));
  if (unknown !== undefined) return unknownEndpoint(policy, unknown);
  const evidence: Evidence = { slot, generation, at, how: 'hand', ...noted({ by: event.by }) };
  return {
    ...confirmedAs(judge, new Map(names.map((name) => [name, evidence]))),
    log: [{ event: 'confirm', slot, generation, ...noted({ by: event.by, note: names.join(', ') }) }],
  };
}

/** Evidence says so, endpoint by endpoint. */
export function confirmSeen(judge: Judge, { seen }: SeenConfirmEvent): Step {
  const { ledger, policy, at } = judge;
  const unknown = seen.find(({ endpoint }) => !policy.endpoints.includes(endpoint));
  if (unknown !== undefined) return unknownEndpoint(policy, unknown.endpoint);
  const dead = seen.find((one) => !includes(slotSecrets(ledger), one));
  if (dead !== undefined) return emptySlot(ledger, dead.slot);
  const news = seen.filter((one) => !isConfirmed(ledger, one));
  const [first] = news;
  if (seen.length === 0 || new Set(seen.map(({ endpoint }) => endpoint)).size !== seen.length) {
    return refuse('nothingSeen', {
      what: 'there is no clear evidence',
      found: seen.length === 0 ? 'none' : 'an endpoint named twice',
      allowed: 'one piece of evidence for each endpoint',
      next: [
        ['rotation', 'status'],
        ['rotation', 'confirm'],
      ],
    });
  }
  if (first === undefined) return 'same';
  const evidence = news.map(({ endpoint, slot, generation, seen: text }): [string, Evidence] => [
    endpoint,
    { slot, generation, at, how: 'seen', ...noted({ seen: text }) },
  ]);
  return {
    ...confirmedAs(judge, new Map(evidence)),
    log: [
      {
        event: 'confirm',
        slot: first.slot,
        generation: first.generation,
        ...noted({ note: news.map(({ endpoint, seen: text }) => `${endpoint}: ${text}`).join('; ') }),
      },
    ],
  };
}

/** The secret in use moves to the newest one when all endpoints hold it, and back when one of them turns out not to. */
function confirmedAs(
  { ledger, policy }: Judge,
  news: ReadonlyMap<string, Evidence>,
): Pick<Change, 'confirmed' | 'current'> {
  const confirmed = { ...ledger.confirmed, ...Object.fromEntries(news) };
  const target = targetSecret(ledger);
  if (awaitedEndpoints({ ...ledger, confirmed }, policy).length === 0)
    return { confirmed, current: target.slot };
  const back = [...news.values()].find((evidence) => !sameSecret(evidence, target));
  return { confirmed, current: back === undefined ? ledger.current : back.slot };
}
