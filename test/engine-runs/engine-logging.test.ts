import { overruledLogging } from '../../scripts/engine-logging.js';

const overruled = (env: NodeJS.ProcessEnv) =>
  overruledLogging(env).map(({ variable, value }) => [variable, value]);

test.each([
  ['nothing', {}],
  ['a quiet engine', { PULUMI_OPTION_VERBOSE: '1', TF_LOG: 'info' }],
  ['empty settings', { PULUMI_OPTION_VERBOSE: '', PULUMI_DEBUG_GRPC: '', TF_LOG: '' }],
])('%s is left as it is', (_, env) => {
  expect(overruled(env)).toEqual([]);
});

test.each([
  ['PULUMI_OPTION_VERBOSE', '2', '1'],
  ['PULUMI_OPTION_VERBOSE', '11', '1'],
  ['PULUMI_OPTION_VERBOSE', 'much', '1'],
  ['PULUMI_DEBUG_GRPC', 'grpc.json', ''],
  ['TF_LOG', 'trace', 'INFO'],
  ['TF_LOG', 'JSON', 'INFO'],
  ['TF_LOG_PROVIDER', 'DEBUG', 'INFO'],
])('%s=%s is taken as %j', (variable, found, value) => {
  expect(overruled({ [variable]: found })).toEqual([[variable, value]]);
});
