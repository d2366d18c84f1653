// Handles and calls: closing, stopping, watching, and very many at once.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError, Database, native, StaleHandleError, TimeoutError } from 'rpmadb';

import { folder } from './folder.mjs';

const memory = () => Database.open(':memory:', { migrate: false });
const ENDLESS = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';

test('using a handle after its close is an error, and closing it again is none', async () => {
  const db = await memory();
  await Promise.all([db.close(), db.close()]);
  await db.close();
  assert.ok(db.isClosed);
  for (const call of [
    () => db.health(),
    () => db.query('SELECT 1'),
    () => db.as('eva', 'user'),
    () => db.transaction(() => 1),
    () => db.onAlert(null),
  ]) {
    await assert.rejects(call, StaleHandleError);
  }
});

test('a handle can be disposed of in both ways', async () => {
  const one = await memory();
  await one[Symbol.asyncDispose]();
  assert.ok(one.isClosed);
  const two = await memory();
  two[Symbol.dispose]();
  two[Symbol.dispose]();
  assert.ok(two.isClosed);
  await two.close();
  await assert.rejects(two.health(), StaleHandleError);
});

test('handles of other users stay good when the first one is closed', async () => {
  const db = await memory();
  const other = await db.as('eva', 'admin');
  await db.close();
  assert.deepEqual((await other.query('SELECT 1')).rows, [[1]]);
  await other.close();
});

test('closing ends the calls that run, and those that wait for a thread', async () => {
  const db = await memory();
  const calls = Array.from({ length: 20 }, () => db.query(ENDLESS).catch((error) => error));
  await sleep(50);
  await db.close();
  for (const error of await Promise.all(calls))
    assert.ok(error instanceof CancelledError || error instanceof StaleHandleError, String(error));
});

test('a signal stops a call, and its reason is the cause', async () => {
  const db = await memory();
  const controller = new AbortController();
  setTimeout(() => controller.abort('enough'), 30);
  const error = await db.query(ENDLESS, null, { signal: controller.signal }).catch((error) => error);
  assert.ok(error instanceof CancelledError);
  assert.equal(error.cause, 'enough');
  assert.deepEqual((await db.query('SELECT 1')).rows, [[1]]);
  await db.close();
});

test('a signal that has fired lets nothing begin', async () => {
  const db = await memory();
  await assert.rejects(db.query('CREATE TABLE t (a)', null, { signal: AbortSignal.abort() }), CancelledError);
  await assert.rejects(db.query('SELECT * FROM t'), { name: 'SQL' });
  await db.close();
});

test('a signal and a time-out also stop a call that waits for its turn', async () => {
  const db = await memory();
  const endless = Array.from({ length: 8 }, () => db.query(ENDLESS).catch((error) => error));
  const started = performance.now();
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 30);
  await assert.rejects(db.health({ signal: controller.signal }), CancelledError);
  await assert.rejects(db.health({ timeout: 40 }), TimeoutError);
  assert.ok(performance.now() - started < 20_000);
  await db.close();
  await Promise.all(endless);
});

test('a time-out ends a call', async () => {
  const db = await memory();
  const started = performance.now();
  await assert.rejects(db.query(ENDLESS, null, { timeout: 50 }), TimeoutError);
  assert.ok(performance.now() - started < 20_000);
  await db.close();
});

test('a time-out of 0, or of longer than anybody waits, is none', async () => {
  const db = await memory();
  const endless = Array.from({ length: 8 }, () => db.query(ENDLESS, null, { timeout: 300 }).catch((error) => error));
  for (const timeout of [0, 2 ** 31, 1e15, Infinity]) assert.deepEqual((await db.query('SELECT 1', null, { timeout })).rows, [[1]]);
  for (const timeout of [-1, NaN, '5']) await assert.rejects(db.query('SELECT 1', null, { timeout }), TypeError);
  await Promise.all(endless);
  await db.close();
});

test('the signal of one call leaves nothing behind', async () => {
  const db = await memory();
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args) => ((listeners += 1), add(...args));
  signal.removeEventListener = (...args) => ((listeners -= 1), remove(...args));
  await db.query('SELECT 1', null, { signal });
  await db.query('SELEKT', null, { signal }).catch(() => undefined);
  assert.equal(listeners, 0);
  await db.close();
});

async function filled(path) {
  const db = await Database.open(path, { migrate: false });
  await db.query('CREATE TABLE t (a)');
  await db.query(
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) INSERT INTO t SELECT hex(randomblob(400)) FROM n',
  );
  return db;
}

test('progress is told while a call works and when it is done', async (t) => {
  const path = folder(t);
  const db = await filled(join(path, 'app.db'));
  const told = [];
  const { pages } = await db.backup(join(path, 'copy.db'), { step_pages: 50, onProgress: (progress) => told.push(progress) });
  assert.ok(told.length > 0);
  for (const { stage, done, total } of told) {
    assert.equal(typeof stage, 'string');
    assert.ok(done <= total || total === 0);
  }
  assert.ok(pages > 100);
  await db.close();
});

test('what a progress callback throws stops the call and comes to the caller', async (t) => {
  const path = folder(t);
  const db = await filled(join(path, 'app.db'));
  const mine = new Error('mine');
  const throwing = () => {
    throw mine;
  };
  await assert.rejects(db.backup(join(path, 'copy.db'), { step_pages: 1, onProgress: throwing }), (error) => error === mine);
  assert.deepEqual((await db.query('SELECT count(*) FROM t')).rows, [[40000]]);
  await db.close();
});

test('1,000 calls at once, reads and writes, and the host still has threads for its own', async (t) => {
  const path = folder(t);
  const db = await Database.open(join(path, 'app.db'), { migrate: false });
  await db.query('CREATE TABLE t (a INTEGER)');
  const calls = Array.from({ length: 1000 }, (_, at) =>
    at % 2 ? db.query('INSERT INTO t VALUES (?)', [at]) : db.query('SELECT count(*) FROM t'),
  );
  assert.ok((await readFile(join(path, 'app.db'))).length >= 0);
  await Promise.all(calls);
  assert.deepEqual((await db.query('SELECT count(*), sum(a) FROM t')).rows, [[500, 250000]]);
  await db.close();
});

test('1,000 handles at once, closed at once', async () => {
  const db = await memory();
  const handles = await Promise.all(Array.from({ length: 1000 }, (_, at) => db.as(`user ${at}`, 'supervisor')));
  const calls = handles.map((handle) => handle.query('SELECT 1').catch((error) => error));
  await Promise.all(handles.map((handle) => handle.close()));
  await Promise.all(calls);
  for (const handle of handles) await assert.rejects(handle.query('SELECT 1'), StaleHandleError);
  await db.close();
});

test('deep statements fit on the stack that calls have', async () => {
  const db = await memory();
  const deep = `${'('.repeat(950)}1${'+1)'.repeat(950)}`;
  assert.deepEqual((await db.query(`SELECT ${deep}`)).rows, [[951]]);
  await db.close();
});

test('the event loop goes on while a call works', async () => {
  const db = await memory();
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 5);
  await db.query(ENDLESS, null, { timeout: 300 }).catch(() => undefined);
  clearInterval(timer);
  assert.ok(ticks > 3, `${ticks} ticks`);
  await db.close();
});

test('an operation is given back with its call: there are 65,536 at most', async () => {
  const db = await memory();
  for (let at = 0; at < 70_000; at += 700) {
    await Promise.all(Array.from({ length: 700 }, () => db.query('SELECT 1', null, { timeout: 10_000 })));
  }
  const out = [null];
  assert.equal(native().rpmadb_op_new(out), 0);
  assert.equal(native().rpmadb_op_free(out), 0);
  assert.equal(out[0], null);
  await db.close();
});
