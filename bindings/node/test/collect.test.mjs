// What is forgotten is closed, and what is closed leaves nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { folder, run } from './folder.mjs';

const PRELUDE = `
  import { readdirSync } from 'node:fs';
  import { join } from 'node:path';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { Database, native, setLog } from 'rpmadb';
  const [folder] = process.argv.slice(1);
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const threads = () => readdirSync('/proc/self/task').length;
`;

const ok = async (code, t) => {
  const { code: exit, signal, err, out } = await run(PRELUDE + code, { args: [folder(t)], flags: ['--expose-gc'] });
  assert.deepEqual({ exit, signal, err }, { exit: 0, signal: null, err: '' }, out);
  return out;
};

test('a handle that was forgotten is closed when it is collected', async (t) => {
  await ok(
    `
    let number;
    await (async () => {
      const db = await Database.open(join(folder, 'app.db'), { migrate: false });
      await db.transaction(async (tx) => tx.query('CREATE TABLE t (a)'));
      number = db.handle;
    })();
    const query = () => native().rpmadb_query(number, 'SELECT 1', null, null, null, [null]);
    if (query() !== 0) throw new Error('it was closed too early');
    const deadline = Date.now() + 10_000;
    while (query() === 0) {
      if (Date.now() > deadline) throw new Error('it is still open');
      globalThis.gc();
      await sleep(10);
    }
    if (query() !== 103) throw new Error('not STALE_HANDLE but ' + query());
    `,
    t,
  );
});

test('a handle is not closed while a call on it runs', async (t) => {
  await ok(
    `
    const call = (await Database.open(':memory:', { migrate: false })).query(
      'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT count(*) FROM n');
    const timer = setInterval(globalThis.gc, 5);
    const { rows } = await call;
    clearInterval(timer);
    if (rows[0][0] !== 2000000) throw new Error('it was stopped');
    `,
    t,
  );
});

test('opening, calling and closing many times leaves no memory, descriptors or threads', async (t) => {
  const out = await ok(
    `
    async function round(times) {
      for (let at = 0; at < times; at += 1) {
        const db = await Database.open(join(folder, 'app.db'), { migrate: false });
        await db.query('CREATE TABLE IF NOT EXISTS t (a)');
        await db.query('SELECT ?', [Buffer.alloc(20_000)]);
        await db.query('SELEKT').catch(() => undefined);
        await db.health({ timeout: 10_000 });
        const other = await db.as('eva', 'supervisor');
        if (at % 10 === 0) {
          await db.transaction(async (tx) => tx.query('DELETE FROM t'));
          await db.addStep(1000, 'none', () => undefined);
          await db.onAlert(() => undefined);
          await setLog('error', () => undefined);
        }
        await Promise.all([other.close(), db.close()]);
      }
      // why: threads end soon after what they were for
      for (let calm = 0, last = 0; calm < 10; ) {
        await sleep(30);
        calm = threads() === last ? calm + 1 : 0;
        last = threads();
      }
      globalThis.gc();
      return { memory: process.memoryUsage.rss() / 1e6, descriptors: descriptors(), threads: threads() };
    }
    await round(60);
    const before = await round(40);
    const after = await round(120);
    console.log(JSON.stringify({ before, after }));
    `,
    t,
  );
  const { before, after } = JSON.parse(out);
  assert.ok(after.descriptors <= before.descriptors, out);
  assert.ok(after.threads <= before.threads, out);
  assert.ok(after.memory < before.memory + 20, out);
});

test('a database that was opened though onProgress threw is closed', async (t) => {
  await ok(
    `
    // why the log: it goes with the last connection
    const held = () => readdirSync(folder).filter((name) => name.endsWith('-wal'));
    const mine = new Error('mine');
    // why the end: before, it would stop the call
    const onProgress = ({ done, total }) => {
      if (done === total) throw mine;
    };
    let thrown = 0;
    for (let at = 0; at < 5; at += 1) {
      await Database.open(join(folder, at + '.db'), { onProgress }).catch((error) => {
        if (error !== mine) throw error;
        thrown += 1;
      });
    }
    if (thrown === 0) throw new Error('it was not told of the end');
    if (held().length > 0) throw new Error(held().length + ' databases are open');
    `,
    t,
  );
});
