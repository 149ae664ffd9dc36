/** Looks at the way to a server, many under one signal, as a command that goes on for long makes them. */
import { getEventListeners } from 'node:events';
import { readTrust } from '../../infra/graph/trust.js';
import { internet } from '../../infra/verify/index.js';
import { reach } from '../../infra/verify/reach.js';
import { closedPort } from './support/front.js';

it('leaves nothing behind at the signal of the command', async () => {
  const { signal } = new AbortController();
  const around = internet({ trust: readTrust({}), env: {}, signal });
  const url = new URL(`https://127.0.0.1:${await closedPort()}/`);
  for (let look = 0; look < 12; look += 1) await reach(url, false, around);
  expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
});
