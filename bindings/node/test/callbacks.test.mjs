// What the library tells from its own threads: alerts and log lines.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AlreadyExistsError, Database, flushLog, InvalidArgumentError, native, setLog } from 'rpmadb';

import { folder, run } from './folder.mjs';

// why: a listener alone keeps no process alive
const alive = setInterval(() => undefined, 1000);
after(() => clearInterval(alive));

const FIRING = { tick_ms: 20, require_users: true, alerts: { for_ms: 0 } };

test('an alert is told on this thread, and a listener may use the database', async (t) => {
  const db = await Database.open(join(folder(t), 'app.db'));
  let tell;
  const told = new Promise((resolve) => (tell = resolve));
  await db.onAlert((alert) => tell(db.alerts().then((known) => ({ alert, known }))));
  await db.monitorStart(FIRING);
  await assert.rejects(db.monitorStart(), AlreadyExistsError);
  const { alert, known } = await told;
  assert.equal(typeof alert.key, 'string');
  assert.equal(alert.state, 'firing');
  assert.ok(known.alerts.some(({ key }) => key === alert.key));
  await db.onAlert(null);
  await db.monitorStop();
  await db.close();
});

test('a listener that is slow, or disposes of the database, holds nobody up', async (t) => {
  const db = await Database.open(join(folder(t), 'app.db'));
  let finish;
  const done = new Promise((resolve) => (finish = resolve));
  await db.onAlert(() => {
    const until = Date.now() + 100;
    while (Date.now() < until);
    db[Symbol.dispose]();
    finish();
  });
  await db.monitorStart(FIRING);
  await done;
  assert.ok(db.isClosed);
});

test('the process has callbacks for any number of listeners, steps and databases', async () => {
  const { code, err, out } = await run(`
    import * as koffi from 'koffi';
    import { Database, InvalidArgumentError, loadLibrary } from 'rpmadb';
    import { setTimeout as sleep } from 'node:timers/promises';
    // why: with these taken the test is over soon
    loadLibrary();
    const proto = koffi.pointer(koffi.proto('void', []));
    for (let at = 0; at < 8192 - 40; at += 1) koffi.register(() => undefined, proto);
    const steps = async (db) => {
      for (let version = 1; version <= 10; version += 1) await db.addStep(version, 'x', () => undefined, () => undefined);
    };
    for (let at = 0; at < 6; at += 1) {
      const db = await Database.open(':memory:', { migrate: false });
      await steps(db);
      await db.onAlert(() => undefined);
      await db.close();
      // why: the thread is told, and nobody waits for it
      await sleep(100);
    }
    const db = await Database.open(':memory:', { migrate: false });
    for (let at = 0; at < 30; at += 1) {
      const error = await db.addStep(0, 'none', () => undefined, () => undefined).catch((error) => error);
      if (!(error instanceof InvalidArgumentError)) throw error;
    }
    const other = await db.as('ugo', 'user');
    for (let at = 0; at < 50; at += 1) {
      const error = await other.onAlert(() => undefined).catch((error) => error);
      if (error?.name !== 'DENIED') throw error ?? new Error('not denied');
    }
    await other.close();
    const third = await db.as('alice', 'admin');
    for (let at = 0; at < 50; at += 1) await (at % 2 ? db : third).onAlert(() => undefined);
    await third.close();
    await db.close();
    console.log('done');
  `);
  assert.equal(err, '');
  assert.deepEqual([code, out], [0, 'done\n']);
});

test('log lines come in their order, until another listener is set', async () => {
  const lines = [];
  await setLog('debug', (line) => lines.push(line));
  const db = await Database.open(':memory:', { migrate: false });
  await db.script("log.info('one') log.warn('two')");
  await flushLog();
  const said = lines.filter(({ target }) => target === 'rpmadb::script');
  assert.deepEqual(said, [
    { level: 'info', target: 'rpmadb::script', message: 'one' },
    { level: 'warn', target: 'rpmadb::script', message: 'two' },
  ]);
  const others = [];
  await setLog('warn', ({ message }) => others.push(message));
  await db.script("log.info('three') log.warn('four')");
  await flushLog();
  assert.ok(others.includes('four'));
  assert.deepEqual([others.includes('three'), lines.some(({ message }) => message === 'four')], [false, false]);
  await setLog('off', null);
  await db.script("log.warn('five')");
  await flushLog();
  await db.close();
  assert.ok(!others.includes('five'));
  await assert.rejects(
    setLog('loud', () => undefined),
    InvalidArgumentError,
  );
});

test('log lines that a call on this very thread causes do not stop it', async () => {
  const lines = [];
  await setLog('debug', ({ message }) => lines.push(message));
  const db = await Database.open(':memory:', { migrate: false });
  assert.equal(native().rpmadb_monitor_start(db.handle, null, [null]), 0);
  assert.equal(native().rpmadb_monitor_stop(db.handle, [null]), 0);
  await db.transaction(async (tx) => tx.query('CREATE TABLE t (a)'));
  await db.close();
  await flushLog();
  for (const verb of ['monitor_start', 'monitor_stop', 'transaction']) {
    assert.ok(
      lines.some((line) => line.includes(`verb="${verb}"`)),
      `${verb} in ${lines.join()}`,
    );
  }
  await setLog('off', null);
});

test('what a listener throws is an uncaught exception of the host, as with any event', async () => {
  const { code, err } = await run(`
    import { Database, setLog } from 'rpmadb';
    await setLog('debug', () => { throw new Error('mine'); });
    const db = await Database.open(':memory:', { migrate: false });
    await db.monitorStart();
    await new Promise((resolve) => setTimeout(resolve, 5000));
  `);
  assert.equal(code, 1);
  assert.match(err, /Error: mine/);
});
