/**
 * Runs a Node program for the Pulumi engine as `pulumi-language-nodejs` does, so that tests can run plain `pulumi up` where only
 * the CLI itself can be had: the options of Pulumi.yaml go to Node, and the SDK's own entry point runs the program.
 *
 * Source: pulumi/pulumi sdk/nodejs/cmd/pulumi-language-nodejs/main.go (how the program is started and what it is told).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import languageGrpc from '@pulumi/pulumi/proto/language_grpc_pb.js';
import languagePb from '@pulumi/pulumi/proto/language_pb.js';
import pluginPb from '@pulumi/pulumi/proto/plugin_pb.js';

/** The program logged the error itself: the engine adds nothing (pulumi/pulumi sdk/nodejs/cmd/run/index.ts). */
const ALREADY_LOGGED = 32;

const engine = process.argv.at(-1) ?? '';

async function run(request: languagePb.RunRequest): Promise<languagePb.RunResponse> {
  const info = request.getInfo();
  const options = info?.getOptions()?.toJavaScript() ?? {};
  const nodeargs = typeof options.nodeargs === 'string' ? options.nodeargs.split(' ') : [];
  const entry = createRequire(resolve(info?.getProgramDirectory() ?? '', 'package.json')).resolve(
    '@pulumi/pulumi/cmd/run',
  );
  const args = [
    ...nodeargs,
    entry,
    `--monitor=${request.getMonitorAddress()}`,
    `--engine=${engine}`,
    `--organization=${request.getOrganization()}`,
    `--project=${request.getProject()}`,
    `--stack=${request.getStack()}`,
    `--root-directory=${info?.getRootDirectory() ?? ''}`,
    `--pwd=${request.getPwd()}`,
    `--parallel=${request.getParallel()}`,
    ...(request.getDryrun() ? ['--dry-run'] : []),
    resolve(info?.getProgramDirectory() ?? '', info?.getEntryPoint() ?? ''),
  ];
  const config = Object.fromEntries(request.getConfigMap().getEntryList());
  const env = {
    ...process.env,
    PULUMI_NODEJS_TYPESCRIPT: String(options.typescript !== false),
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', process.stderr, process.stderr] });
  const [code] = (await once(child, 'exit')) as [number | null];
  const response = new languagePb.RunResponse();
  if (code === ALREADY_LOGGED) response.setBail(true);
  else if (code !== 0) response.setError(`the program ended with exit code ${code}`);
  return response;
}

function pluginInfo(): pluginPb.PluginInfo {
  const info = new pluginPb.PluginInfo();
  info.setVersion('1.0.0');
  return info;
}

function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback({ code: grpc.status.INTERNAL, message: String(error) }),
      );
  };
}

const server = new grpc.Server();
server.addService(languageGrpc.LanguageRuntimeService, {
  getPluginInfo: unary(pluginInfo),
  getRequiredPlugins: unary(() => new languagePb.GetRequiredPluginsResponse()),
  getRequiredPackages: unary(() => new languagePb.GetRequiredPackagesResponse()),
  run: unary(run),
} as grpc.UntypedServiceImplementation);
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
