import { PassThrough } from 'node:stream';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { changesAsJson } from '../../scripts/commands/engine-json.js';
import { EMPTY_RUN, isChange, recordEvent, resourceChanges } from '../../scripts/engine-events.js';
import { reportEngine } from '../../scripts/engine-reporter.js';
import { Terminal } from '../../scripts/terminal.js';

const URN = 'urn:pulumi:test::calendar-interop::azuread:index/application:Application::interop';

function metadata(op: string, more: Record<string, unknown> = {}) {
  return {
    op,
    urn: URN,
    type: 'azuread:index/application:Application',
    provider: '',
    ...more,
  };
}

const event = (more: Record<string, unknown>) =>
  ({ sequence: 1, timestamp: 1, ...more }) as unknown as EngineEvent;

test('a planned step counts once, with the names of its properties and none of their values', () => {
  const detailedDiff = { tags: { diffKind: 'update' }, value: { diffKind: 'update' } };
  const planned = event({
    resourcePreEvent: {
      planning: true,
      metadata: metadata('update', { detailedDiff, new: { inputs: { value: 'hush' } } }),
    },
  });
  const record = recordEvent(recordEvent(EMPTY_RUN, planned), planned);
  expect(record.steps).toEqual([
    {
      urn: URN,
      type: 'azuread:index/application:Application',
      name: 'interop',
      op: 'update',
      properties: ['tags', 'value'],
    },
  ]);
  expect(JSON.stringify(record)).not.toContain('hush');
});

test('a step of a run counts when its outputs are there, not when it begins', () => {
  const begun = recordEvent(EMPTY_RUN, event({ resourcePreEvent: { metadata: metadata('create') } }));
  expect(begun.steps).toEqual([]);
  const done = recordEvent(begun, event({ resOutputsEvent: { metadata: metadata('create') } }));
  expect(resourceChanges(done).map(({ op }) => op)).toEqual(['create']);
});

test('providers, components and what stays the same are no changes', () => {
  const steps = [
    ['same', 'azuread:index/application:Application'],
    ['refresh', 'azuread:index/application:Application'],
    ['create', 'pulumi:providers:azuread'],
    ['create', 'calendar-interop:identity:InteropApplication'],
  ] as const;
  const record = steps.reduce(
    (sum, [op, type], index) =>
      recordEvent(
        sum,
        event({ resOutputsEvent: { metadata: metadata(op, { type, urn: `${URN}${index}` }) } }),
      ),
    EMPTY_RUN,
  );
  expect(record.steps).toHaveLength(4);
  expect(resourceChanges(record)).toEqual([]);
  expect(record.steps.filter(isChange)).toHaveLength(2);
});

test('messages lose the engine’s colour marks; passing status lines are not kept', () => {
  const kept = recordEvent(
    EMPTY_RUN,
    event({ diagnosticEvent: { severity: 'error', message: '<{%fg 1%}>broken<{%reset%}>\n', urn: URN } }),
  );
  const passed = recordEvent(
    kept,
    event({ diagnosticEvent: { severity: 'info', message: 'working', ephemeral: true } }),
  );
  expect(passed.diagnostics).toEqual([{ severity: 'error', message: 'broken', urn: URN }]);
});

test('words for debugging are not kept: a verbose engine sends tens of thousands', () => {
  const word = { severity: 'debug', message: 'TRACE', urn: URN } as unknown as EngineEvent['diagnosticEvent'];
  expect(recordEvent(EMPTY_RUN, event({ diagnosticEvent: word })).diagnostics).toEqual([]);
});

/** What is written while the events come, standard output and standard error together, and the record at the end. */
function told(events: readonly EngineEvent[]) {
  const stream = new PassThrough();
  const reporter = reportEngine(new Terminal({ stdout: stream, stderr: stream, json: false, color: false }));
  let record = EMPTY_RUN;
  for (const one of events) {
    record = recordEvent(record, one);
    reporter.event(record, one);
  }
  reporter.summary(record, { done: 'done', none: 'none' });
  return { record, text: String(stream.read() ?? '') };
}

const PARTS = ['create-replacement', 'replace', 'delete-replaced'];
const detailedDiff = { displayName: { diffKind: 'update-replace' } };
const withReason = (op: string) => metadata(op, op === 'delete-replaced' ? {} : { detailedDiff });

test.each([
  ['the new one is made first', PARTS],
  ['the old one goes first', [...PARTS].reverse()],
])('a replaced resource is one change, said once, where %s', (_, ops) => {
  const previewed = ops.map((op) =>
    event({ resourcePreEvent: { planning: true, metadata: withReason(op) } }),
  );
  const run = ops.flatMap((op) => [
    event({ resourcePreEvent: { metadata: withReason(op) } }),
    event({ resOutputsEvent: { metadata: withReason(op) } }),
  ]);
  for (const events of [previewed, run]) {
    const { record, text } = told(events);
    expect(text).toBe('  ± Application interop (displayName)\n1 replace done\n');
    expect(resourceChanges(record)).toHaveLength(1);
    expect(changesAsJson(record)).toMatchObject({
      totals: { replace: 1 },
      resources: [{ op: 'replace', name: 'interop', properties: ['displayName'] }],
    });
  }
});

test('a replacement that broke off after the old one was deleted is a change, too', () => {
  const { record } = told([event({ resOutputsEvent: { metadata: metadata('delete-replaced') } })]);
  expect(resourceChanges(record).map(({ op }) => op)).toEqual(['replace']);
});

test('a warning is said once, whatever passing or empty ones follow it', () => {
  const warning = (message: string, ephemeral = false) =>
    event({ diagnosticEvent: { severity: 'warning', message, ephemeral } });
  const { text } = told([warning('mind the gap'), warning('passing', true), warning('<{%reset%}>\n')]);
  expect(text).toBe('warning: mind the gap\nnone\n');
});

test('what a provider says again of the same resource within a run is said once', () => {
  const said = (message: string, urn = 'urn:pulumi:test::p::exchange:index:CalendarVisibility::one') =>
    event({ diagnosticEvent: { severity: 'info', message, urn, color: 'never' } });
  const other = 'urn:pulumi:test::p::exchange:index:CalendarVisibility::other';
  const { text } = told([
    said('0 of 3'),
    said('0 of 3'),
    said('1 of 3'),
    said('0 of 3', other),
    said('0 of 3'),
  ]);
  expect(text).toBe('    0 of 3\n    1 of 3\n    0 of 3\nnone\n');
});
