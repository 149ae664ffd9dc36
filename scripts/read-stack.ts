/** A stack's file, read and checked: for commands that need neither the engine nor a sign-in to begin. */
import { parseStackConfig, type StackConfig } from '../infra/config.js';
import type { AzureadConfig } from '../infra/graph/provider-cloud.js';
import type { CommandContext } from './command-context.js';
import { chooseStack, findProject, type ProjectStack } from './project.js';
import { readStackFile, stackConfigOf } from './stack-file.js';

export interface ReadStack {
  readonly stack: ProjectStack;
  readonly config: StackConfig;
  /** The azuread provider's own keys. */
  readonly azuread: AzureadConfig;
}

/** @throws InteropError: `noStack`, or `configuration` with all mistakes. */
export function readStack(context: Pick<CommandContext, 'cwd' | 'stack' | 'env'>): ReadStack {
  const stack = chooseStack(findProject(context.cwd), context.stack, context.env);
  const { ours, azuread } = stackConfigOf(readStackFile(stack.file));
  return { stack, config: parseStackConfig(ours, azuread), azuread };
}
