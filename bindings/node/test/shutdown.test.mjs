// A process, or a worker thread, that ends with handles open.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Database, native, Status } from 'rpmadb';

import { folder, root, run } from './folder.mjs';

const PRELUDE = `
  import { Database, setLog } from 'rpmadb';
  import { setTimeout as sleep } from 'node:timers/promises';
  const [path] = process.argv.slice(1);
`;

async function rows(path) {
  const db = await Database.open(path, { migrate: false });
  const { rows } = await db.query('SELECT a FROM t ORDER BY a');
  await db.close();
  return rows.map(([a]) => a);
}

async function table(t) {
  const path = join(folder(t), 'app.db');
  const db = await Database.open(path, { migrate: false });
  await db.query('CREATE TABLE t (a)');
  await db.close();
  return path;
}

const ends = {
  'by itself': '',
  'by process.exit': 'process.exit(0);',
  'by process.exit with calls under way': `
    for (let at = 0; at < 50; at += 1) void db.query('INSERT INTO t VALUES (9)').catch(() => undefined);
    void db.query('WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n').catch(() => undefined);
    await sleep(20);
    process.exit(0);`,
  'with a monitor, alerts and a log': `
    await setLog('debug', () => undefined);
    await db.monitorStart({ tick_ms: 10 });
    await db.onAlert(() => undefined);
    await sleep(100);
    process.exit(0);`,
  'by itself with a log, alerts and steps': `
    await setLog('debug', () => undefined);
    await db.onAlert(() => undefined);
    await db.addStep(100, 'none', () => undefined);`,
};

for (const [how, code] of Object.entries(ends)) {
  test(`a process ends ${how}`, async (t) => {
    const path = await table(t);
    const started = performance.now();
    const {
      code: exit,
      signal,
      err,
    } = await run(
      `${PRELUDE}
      const db = await Database.open(path, { migrate: false });
      await db.query('INSERT INTO t VALUES (1)');
      ${code}`,
      { args: [path] },
    );
    assert.deepEqual({ exit, signal, err }, { exit: 0, signal: null, err: '' });
    assert.ok(performance.now() - started < 30_000);
    assert.equal((await rows(path))[0], 1);
  });
}

const OPEN_TRANSACTION = `
  const db = await Database.open(path, { migrate: false });
  void db.transaction(async (tx) => {
    await tx.query('INSERT INTO t VALUES (1)');
    await tx.query('INSERT INTO t VALUES (2)');
    END
    await sleep(10_000);
    await tx.query('INSERT INTO t VALUES (3)');
  });
`;

test('a transaction that is cut off by the end of the process is rolled back, however it ends', async (t) => {
  const endings = ['process.exit(0);', "setTimeout(() => { throw new Error('mine') });", "process.kill(process.pid, 'SIGTERM');"];
  for (const ending of endings) {
    const path = await table(t);
    const { signal, err } = await run(PRELUDE + OPEN_TRANSACTION.replace('END', ending), { args: [path] });
    assert.notEqual(signal, 'SIGKILL', err);
    assert.deepEqual(await rows(path), [], ending);
  }
});

test('a migration that is cut off in a step of the host is rolled back', async (t) => {
  const path = join(folder(t), 'app.db');
  const { signal } = await run(
    `${PRELUDE}
    const db = await Database.open(path, { migrate: false });
    await db.addStep(1, 'one', async (tx) => {
      await tx.query('CREATE TABLE t (a)');
      process.exit(0);
    });
    await db.migrate();`,
    { args: [path] },
  );
  assert.equal(signal, null);
  await assert.rejects(rows(path), { name: 'SQL' });
});

/** A worker thread on its own; gives back its exit code. */
function thread(code, path, terminateOn, heard = []) {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData: { path, root } });
  return new Promise((resolve, reject) => {
    worker.on('message', (message) => {
      heard.push(message);
      if (message === terminateOn) void worker.terminate();
    });
    worker.on('error', reject);
    worker.on('exit', resolve);
  });
}

const IN_THREAD = `
  import { createRequire } from 'node:module';
  import { parentPort, workerData } from 'node:worker_threads';
  const { Database, setLog } = createRequire(workerData.root)('rpmadb');
  const { path } = workerData;
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;

test('many worker threads use one database at once', async (t) => {
  const path = await table(t);
  const code = `${IN_THREAD}
    const db = await Database.open(path, { migrate: false });
    for (let at = 0; at < 50; at += 1) await db.query('INSERT INTO t VALUES (?)', [at]);
    await db.transaction(async (tx) => { await tx.query('INSERT INTO t VALUES (50)'); });
    await db.close();`;
  const exits = await Promise.all(Array.from({ length: 6 }, () => thread(code, path)));
  assert.deepEqual(exits, Array(6).fill(0));
  assert.equal((await rows(path)).length, 6 * 51);
});

test('a handle may be used from another thread, by its number', async (t) => {
  const path = await table(t);
  const db = await Database.open(path, { migrate: false });
  const code = `${IN_THREAD}
    const { native } = createRequire(workerData.root)('rpmadb');
    const out = [null];
    const status = native().rpmadb_query(BigInt(path), 'INSERT INTO t VALUES (7)', null, null, null, out);
    if (status !== 0) throw new Error(out[0]);`;
  assert.equal(await thread(code, String(db.handle)), 0);
  await db.close();
  assert.deepEqual(await rows(path), [7]);
});

test('a call is cancelled from another thread', async () => {
  const db = await Database.open(':memory:', { migrate: false });
  const op = [null];
  assert.equal(native().rpmadb_op_new(op), 0);
  const endless = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
  const out = [null];
  const call = new Promise((resolve, reject) => {
    native().rpmadb_query.async(db.handle, endless, null, null, op[0], out, (error, status) => (error ? reject(error) : resolve(status)));
  });
  const code = `${IN_THREAD}
    const { native } = createRequire(workerData.root)('rpmadb');
    if (native().rpmadb_op_cancel(BigInt(path)) !== 0) throw new Error('not cancelled');`;
  assert.equal(await thread(code, String(op[0])), 0);
  assert.equal(await call, Status.CANCELLED);
  assert.match(out[0], /CANCELLED/);
  native().rpmadb_op_free(op);
  await db.close();
});

test('a worker thread that ends closes what it opened, and rolls back', async (t) => {
  for (const ending of ['process.exit(0);', '']) {
    const path = await table(t);
    const code = `${IN_THREAD}
      const db = await Database.open(path, { migrate: false });
      await db.query('INSERT INTO t VALUES (0)');
      await db.monitorStart({ tick_ms: 10 });
      await db.onAlert(() => undefined);
      void db.transaction(async (tx) => {
        await tx.query('INSERT INTO t VALUES (1)');
        ${ending}
        ${ending ? 'await sleep(10_000);' : "throw new Error('mine');"}
      }).catch(() => undefined);`;
    assert.equal(await thread(code, path), 0);
    assert.deepEqual(await rows(path), [0], ending);
  }
});

test('a worker thread that is terminated takes nobody with it', async (t) => {
  const path = await table(t);
  const code = `${IN_THREAD}
    const db = await Database.open(path, { migrate: false });
    await setLog('debug', () => undefined).catch((error) => parentPort.postMessage(error.name));
    await db.onAlert(({ key }) => parentPort.postMessage(key));
    await db.monitorStart({ tick_ms: 10, require_users: true, alerts: { for_ms: 0 } });
    await sleep(10_000);`;
  const heard = [];
  assert.equal(await thread(code, path, 'health:users', heard), 1);
  assert.deepEqual(heard.slice(0, 2), ['UNSUPPORTED', 'health:users']);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(await rows(path), []);
});
