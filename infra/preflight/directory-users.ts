/** People in Entra, streamed page by page (learn.microsoft.com/graph/api/user-list). */
import { z } from 'zod';
import { type GraphClientOptions, openGraphCall } from '../graph/graph-call.js';
import { checkedAnswer, graphFailure } from '../graph/graph-error.js';
import type { Person } from './people.js';

const PAGE_SIZE = 999;
const CALL = { doing: "reading the tenant's users", needs: ['User.Read.All', 'Directory.Read.All'] };

const pageSchema = z.object({
  value: z.array(
    z.object({
      mail: z.string().nullish(),
      accountEnabled: z.boolean().nullish(),
      userType: z.string().nullish(),
    }),
  ),
  '@odata.nextLink': z.string().optional(),
});

/**
 * Everybody with an address who may sign in and is no guest. Shared mailboxes and rooms have accounts that may not.
 *
 * @throws InteropError as the Graph client, also when a link to the next page comes twice.
 */
export async function* listPeople(options: GraphClientOptions): AsyncGenerator<Person> {
  let path: string | undefined = '/users';
  for (let previous: string | undefined; path !== undefined; ) {
    const page: z.output<typeof pageSchema> = await readPage(options, path, path === '/users');
    for (const { mail, accountEnabled, userType } of page.value) {
      if (typeof mail === 'string' && accountEnabled === true && userType !== 'Guest')
        yield { address: mail };
    }
    previous = path;
    path = page['@odata.nextLink'];
    if (path === previous)
      throw graphFailure(new Error('a page links to itself'), CALL, options.graph, options.trust);
  }
}

async function readPage(
  options: GraphClientOptions,
  path: string,
  isFirst: boolean,
): Promise<z.output<typeof pageSchema>> {
  const { client, transport } = openGraphCall(options);
  const request = client.api(path);
  try {
    const answer: unknown = await (isFirst
      ? request.select('mail,accountEnabled,userType').top(PAGE_SIZE).get()
      : request.get());
    return checkedAnswer(answer, pageSchema, CALL);
  } catch (error) {
    throw graphFailure(transport.failure ?? error, CALL, options.graph, options.trust);
  }
}
