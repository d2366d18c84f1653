// Transactions whose code is the host's, asynchronous, on the host's own thread.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError, Database, DeniedError, ReentrantError, ROLLBACK, StaleHandleError, TimeoutError } from 'rpmadb';

import { folder } from './folder.mjs';

async function opened(t) {
  const db = await Database.open(join(folder(t), 'app.db'), { migrate: false });
  await db.query('CREATE TABLE t (a INTEGER)');
  t.after(() => db.close());
  return db;
}

const count = async (db) => (await db.query('SELECT count(*) FROM t')).rows[0][0];

test('what the body returns is committed and given back', async (t) => {
  const db = await opened(t);
  const answer = await db.transaction(async (tx) => {
    await tx.query('INSERT INTO t VALUES (1)');
    await sleep(20);
    await tx.query('INSERT INTO t VALUES (2)');
    return (await tx.query('SELECT sum(a) FROM t')).rows[0][0];
  });
  assert.equal(answer, 3);
  assert.equal(await count(db), 2);
});

test('a body that is not asynchronous', async (t) => {
  const db = await opened(t);
  assert.equal(await db.transaction(() => 7), 7);
});

test('what the body throws rolls back and is thrown, whatever it is', async (t) => {
  const db = await opened(t);
  for (const mine of [new Error('mine'), 'a text', undefined, null]) {
    const body = async (tx) => {
      await tx.query('INSERT INTO t VALUES (1)');
      throw mine;
    };
    let caught = 'nothing';
    await db.transaction(body).catch((error) => (caught = error));
    assert.equal(caught, mine);
  }
  assert.equal(await count(db), 0);
});

test('a body that throws before it gives back a promise', async (t) => {
  const db = await opened(t);
  const mine = new Error('mine');
  await assert.rejects(
    db.transaction(() => {
      throw mine;
    }),
    (error) => error === mine,
  );
});

test('ROLLBACK rolls back without an error', async (t) => {
  const db = await opened(t);
  const answer = await db.transaction(async (tx) => {
    await tx.query('INSERT INTO t VALUES (1)');
    return ROLLBACK;
  });
  assert.equal(answer, undefined);
  assert.equal(await count(db), 0);
});

test('an error that the body catches does not roll back', async (t) => {
  const db = await opened(t);
  await db.transaction(async (tx) => {
    await tx.query('INSERT INTO t VALUES (1)');
    await assert.rejects(tx.query('SELEKT'), { name: 'SQL' });
  });
  assert.equal(await count(db), 1);
});

test('the handle is good only in the body', async (t) => {
  const db = await opened(t);
  let kept;
  await db.transaction((tx) => {
    kept = tx;
  });
  assert.ok(kept.isClosed);
  await assert.rejects(kept.query('SELECT 1'), StaleHandleError);
  await kept.close();
});

test('other handles on the database say at once that they would wait for ever', async (t) => {
  const db = await opened(t);
  await db.transaction(async (tx) => {
    await assert.rejects(db.query('SELECT 1'), ReentrantError);
    await assert.rejects(db.close(), ReentrantError);
    await assert.rejects(
      db.transaction(() => 1),
      ReentrantError,
    );
    await tx.query('INSERT INTO t VALUES (1)');
  });
  assert.equal(await count(db), 1);
});

test('another database may be used inside, in a transaction too', async (t) => {
  const [one, two] = [await opened(t), await opened(t)];
  await one.transaction(async (tx) => {
    await tx.query('INSERT INTO t VALUES (1)');
    await two.query('INSERT INTO t VALUES (1)');
    await two.transaction(async (inner) => {
      await inner.query('INSERT INTO t VALUES (2)');
      await tx.query('INSERT INTO t VALUES (2)');
    });
  });
  assert.deepEqual([await count(one), await count(two)], [2, 2]);
});

test('roles hold inside', async (t) => {
  const db = await opened(t);
  await db.transaction(async (tx) => {
    const eva = await tx.as('eva', 'supervisor');
    await assert.rejects(eva.query('DELETE FROM t'), DeniedError);
    assert.deepEqual((await eva.query('SELECT count(*) FROM t')).rows, [[0]]);
  });
});

test('writes that fill every thread do not keep a body from its end', async (t) => {
  const db = await opened(t);
  const writes = [];
  await db.transaction(async (tx) => {
    // why elsewhere: in here they would be told that they would wait for ever
    writes.push(...(await startElsewhere(() => Array.from({ length: 50 }, () => db.query('INSERT INTO t VALUES (1)')))));
    await sleep(100);
    for (let at = 0; at < 20; at += 1) await tx.query('INSERT INTO t VALUES (1)');
  });
  await Promise.all(writes);
  assert.equal(await count(db), 70);
});

/** Calls a function from a timer that was set outside of any transaction. */
const elsewhere = [];
const ticker = setInterval(() => {
  for (const work of elsewhere.splice(0)) work();
}, 5);
ticker.unref();
const startElsewhere = (work) => new Promise((resolve) => elsewhere.push(() => resolve(work())));

test('500 transactions at once, one after the other', async (t) => {
  const db = await opened(t);
  await db.query('INSERT INTO t VALUES (0)');
  const increment = async (tx) => {
    const { rows } = await tx.query('SELECT a FROM t');
    await tx.query('UPDATE t SET a = ?', [rows[0][0] + 1]);
  };
  await Promise.all(Array.from({ length: 500 }, () => db.transaction(increment)));
  assert.deepEqual((await db.query('SELECT a FROM t')).rows, [[500]]);
});

test('a signal rolls back, also when the body had its way', async (t) => {
  const db = await opened(t);
  const controller = new AbortController();
  const body = async (tx) => {
    await tx.query('INSERT INTO t VALUES (1)');
    controller.abort('stop');
  };
  await assert.rejects(db.transaction(body, { signal: controller.signal }), CancelledError);
  assert.equal(await count(db), 0);
});

test('a transaction that waits for another one can be stopped', async (t) => {
  const db = await opened(t);
  let first;
  const release = await new Promise((entered) => {
    first = db.transaction(() => new Promise((resolve) => entered(resolve)));
  });
  await assert.rejects(
    db.transaction(() => 1, { timeout: 40 }),
    TimeoutError,
  );
  release();
  await first;
});

test('a close ends a transaction that is under way', async (t) => {
  const db = await opened(t);
  const other = await db.as('host', 'admin');
  let inside;
  const entered = new Promise((resolve) => (inside = resolve));
  const running = db.transaction(async (tx) => {
    await tx.query('INSERT INTO t VALUES (1)');
    inside();
    for (;;) {
      await sleep(5);
      await tx.query('SELECT 1');
    }
  });
  running.catch(() => undefined);
  await entered;
  await db.close();
  await assert.rejects(running, CancelledError);
  assert.equal(await count(other), 0);
  await other.close();
});

test('disposing while a transaction is under way does not wait for it on the thread that it waits for', async (t) => {
  const db = await Database.open(join(folder(t), 'app.db'), { migrate: false });
  let running;
  await new Promise((entered) => {
    running = db.transaction(async (tx) => {
      entered();
      for (;;) await tx.query('SELECT 1');
    });
    running.catch(() => undefined);
  });
  db[Symbol.dispose]();
  await assert.rejects(running);
  await db.close();
  assert.ok(db.isClosed);
});

test("the host's own asynchronous context is there in the body", async (t) => {
  const db = await opened(t);
  const user = new AsyncLocalStorage();
  const seen = await user.run('eva', () => db.transaction(() => user.getStore()));
  assert.equal(seen, 'eva');
});

test('what the body starts and does not wait for comes too late, and says so', async (t) => {
  const db = await opened(t);
  let late;
  await db.transaction(async (tx) => {
    await tx.query('INSERT INTO t VALUES (1)');
    late = sleep(30).then(() => tx.query('INSERT INTO t VALUES (2)'));
    late.catch(() => undefined);
  });
  await assert.rejects(late, StaleHandleError);
  assert.equal(await count(db), 1);
});
