// Who is logged in, without a server in between.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { setImmediate as soon } from 'node:timers/promises';

import { hash } from '../dist/server/passwords.js';
import { Sessions, TooManyAttempts } from '../dist/server/sessions.js';

let password;
before(async () => {
  password = await hash('right');
});

/** Sessions of one user and how many handles they have. */
function made(t) {
  const handles = { open: 0 };
  const db = {
    async as() {
      handles.open += 1;
      return { close: async () => (handles.open -= 1) };
    },
  };
  const sessions = new Sessions(
    db,
    ['one', 'two'].map((name) => ({ name, role: 'user', password })),
  );
  t.after(() => sessions.endAll());
  return { sessions, handles };
}

test('sessions that nobody uses any more are ended, though nobody comes', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const { sessions, handles } = made(t);
  for (let at = 0; at < 3; at += 1) await sessions.begin('one', 'right');
  t.mock.timers.tick(29 * 60_000);
  assert.equal(handles.open, 3);
  t.mock.timers.tick(3 * 60_000);
  await soon();
  assert.equal(handles.open, 0);
});

test('a user has ten sessions at most, and the one that was not used for longest goes', async (t) => {
  const { sessions, handles } = made(t);
  const other = await sessions.begin('two', 'right');
  const tokens = [];
  for (let at = 0; at < 15; at += 1) tokens.push(await sessions.begin('one', 'right'));
  await soon();
  assert.equal(handles.open, 11);
  assert.deepEqual(
    tokens.map((token) => sessions.find(token) !== undefined),
    [...Array(5).fill(false), ...Array(10).fill(true)],
  );
  assert.ok(sessions.find(other));
});

test('who has the right password is not kept out by attempts that succeeded', async (t) => {
  const { sessions } = made(t);
  for (let at = 0; at < 4; at += 1) assert.equal(await sessions.begin('one', 'wrong'), undefined);
  for (let at = 0; at < 7; at += 1) assert.ok(await sessions.begin('one', 'right'));
  for (let at = 0; at < 5; at += 1) assert.equal(await sessions.begin('one', 'wrong'), undefined);
  await assert.rejects(sessions.begin('one', 'right'), TooManyAttempts);
});
