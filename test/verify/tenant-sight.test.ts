/** What a sign-in of an administrator sees of people, on an emulated tenant. */
import { makeWorld, type World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.dispose());

async function addUser(names: {
  readonly signIn: string;
  readonly mail?: string;
  readonly type?: string;
}): Promise<void> {
  const body = {
    accountEnabled: true,
    displayName: names.signIn,
    mailNickname: 'dora',
    userPrincipalName: names.signIn,
    userType: names.type ?? 'Member',
    ...(names.mail === undefined ? {} : { mail: names.mail }),
    passwordProfile: { password: 'Long-enough-1' },
  };
  expect((await world.tenant.graph('POST', '/users', { body })).status).toBe(201);
}

test('who has lost the licence is in the directory, whatever the sign-in name', async () => {
  await addUser({ signIn: 'd.o.hara@contoso.com', mail: "Dora.O'Hara@contoso.com" });
  const sight = world.look();
  const seen = { kind: undefined, inDirectory: true, licence: 'none' };
  expect(await sight.mailbox("dora.o'hara@contoso.com")).toMatchObject(seen);
  expect(await sight.mailbox('d.o.hara@contoso.com')).toMatchObject(seen);
});

test('a guest has no mailbox here, and needs no licence for one', async () => {
  await addUser({ signIn: 'guest_fabrikam.com@contoso.com', mail: 'guest@fabrikam.com', type: 'Guest' });
  expect(await world.look().mailbox('guest@fabrikam.com')).toMatchObject({ inDirectory: false });
});

test('whom nobody knows is not in the directory', async () => {
  expect(await world.look().mailbox('nobody@contoso.com')).toMatchObject({
    kind: undefined,
    inDirectory: false,
  });
});
