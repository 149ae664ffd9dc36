/** Who runs a command, for the ledger. */
import { userInfo } from 'node:os';

/** Variables in which a pipeline tells who started it: GitHub Actions, Azure DevOps, GitLab. */
const ACTOR_VARIABLES = ['GITHUB_ACTOR', 'BUILD_REQUESTEDFOR', 'GITLAB_USER_LOGIN'] as const;

/** The person behind a pipeline's run, else the user of this machine. */
export function actorOf(env: NodeJS.ProcessEnv): string {
  const named = ACTOR_VARIABLES.map((variable) => env[variable]).find(
    (name) => name !== undefined && name !== '',
  );
  return named ?? userName();
}

/** There may be no entry for a user's number, as in some containers. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
