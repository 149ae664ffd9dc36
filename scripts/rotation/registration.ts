/** The stack's registration as it stands in Entra, asked for without the engine. */
import type { StackConfig } from '../../infra/config.js';
import type { Application, GraphClient } from '../../infra/graph/client.js';
import { openGraph, type SignedIn, signIn } from '../../infra/graph/provider-cloud.js';
import { registrationTag } from '../../infra/identity/registration-tag.js';
import type { CommandContext } from '../command-context.js';
import { PROJECT_NAME, type ProjectStack } from '../project.js';
import { readStackFile, stackConfigOf } from '../stack-file.js';

/** Which stack. */
export interface RegistrationRequest {
  readonly context: CommandContext;
  readonly stack: ProjectStack;
  readonly config: StackConfig;
}

export interface RegistrationView {
  readonly signedIn: SignedIn;
  readonly graph: GraphClient;
  /** Undefined before the first `up`. */
  readonly registration: Application | undefined;
}

/** @throws InteropError as `signIn`, and when registrations may not be read. */
export async function viewRegistration({
  context,
  stack,
  config,
}: RegistrationRequest): Promise<RegistrationView> {
  const raw = stackConfigOf(readStackFile(stack.file));
  const signedIn = await signIn(raw.azuread, context.env, context.signal);
  const graph = await openGraph(signedIn, context.signal);
  return { signedIn, graph, registration: await findRegistration(graph, stack.name, config) };
}

/** The registration that the stack adopts, else the one that carries its tag. */
export async function findRegistration(
  graph: Pick<GraphClient, 'getApplication' | 'findApplicationsByTag'>,
  stack: string,
  { registration }: Pick<StackConfig, 'registration'>,
): Promise<Application | undefined> {
  if (registration.adopt !== undefined) return await graph.getApplication({ appId: registration.adopt });
  const [tagged] = await graph.findApplicationsByTag(registrationTag(PROJECT_NAME, stack));
  return tagged;
}
