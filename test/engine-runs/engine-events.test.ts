import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { EMPTY_RUN, isChange, recordEvent, resourceChanges } from '../../scripts/engine-events.js';

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
