// Migrations whose code is the host's.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database, InvalidArgumentError, StaleHandleError } from 'rpmadb';

import { folder } from './folder.mjs';

async function opened(t, path = folder(t)) {
  const migrations = join(path, 'migrations');
  mkdirSync(migrations, { recursive: true });
  writeFileSync(join(migrations, '001_parts.sql'), 'CREATE TABLE parts (id INTEGER PRIMARY KEY, name TEXT);');
  writeFileSync(join(migrations, '001_parts.down.sql'), 'DROP TABLE parts;');
  const db = await Database.open(join(path, 'app.db'), { migrations, migrate: false });
  t.after(() => db.close());
  return db;
}

test('a step runs inside the migration, forth and back', async (t) => {
  const db = await opened(t);
  let lent;
  await db.addStep(
    2,
    'fill',
    async (tx) => {
      lent = tx;
      await sleep(10);
      await tx.query("INSERT INTO parts (name) VALUES ('bolt'), ('nut')");
    },
    async (tx) => {
      await tx.query('DELETE FROM parts');
    },
  );
  const { applied } = await db.migrate();
  assert.deepEqual(
    applied.map(({ version, name, kind }) => [version, name, kind]),
    [
      [1, 'parts', 'sql'],
      [2, 'fill', applied[1].kind],
    ],
  );
  await assert.rejects(lent.query('SELECT 1'), StaleHandleError);
  assert.deepEqual((await db.query('SELECT name FROM parts')).rows, [['bolt'], ['nut']]);
  await db.rollback(1);
  assert.deepEqual((await db.query('SELECT count(*) FROM parts')).rows, [[0]]);
});

test('what a step throws comes to who migrates, and nothing is kept', async (t) => {
  const db = await opened(t);
  const mine = new Error('mine');
  let fail = true;
  await db.addStep(2, 'fill', async (tx) => {
    await tx.query("INSERT INTO parts (name) VALUES ('bolt')");
    if (fail) throw mine;
  });
  await assert.rejects(db.migrate(), (error) => error === mine);
  await assert.rejects(db.query('SELECT * FROM parts'), { name: 'SQL' });
  await assert.rejects(db.script('db:migrate()'), (error) => error === mine, 'through a script as well');
  fail = false;
  await db.migrate();
  assert.deepEqual((await db.query('SELECT count(*) FROM parts')).rows, [[1]]);
  await assert.rejects(db.rollback(-1), InvalidArgumentError, 'an old error is not told again');
  await assert.rejects(db.rollback(1), { name: 'IRREVERSIBLE' });
});

test('steps run beside transactions that wait for them', async (t) => {
  const db = await opened(t);
  await db.addStep(2, 'slow', async (tx) => {
    for (let at = 0; at < 10; at += 1) {
      await sleep(10);
      await tx.query('INSERT INTO parts (name) VALUES (?)', [`part ${at}`]);
    }
  });
  const migrating = db.migrate();
  await sleep(30);
  const counts = await Promise.all(
    Array.from({ length: 10 }, () => db.transaction(async (tx) => (await tx.query('SELECT count(*) FROM parts')).rows[0][0])),
  );
  await migrating;
  assert.deepEqual(counts, Array(10).fill(10));
});

test('a step of a version that is none is refused', async (t) => {
  const db = await opened(t);
  await assert.rejects(
    db.addStep(0, 'none', () => undefined),
    InvalidArgumentError,
  );
  await assert.rejects(
    db.addStep(1.5, 'none', () => undefined),
    TypeError,
  );
});

test('a migration that waits inside a step can be stopped', async (t) => {
  const db = await opened(t);
  const controller = new AbortController();
  await db.addStep(2, 'slow', async (tx) => {
    controller.abort('stop');
    await tx.query('SELECT 1');
  });
  await assert.rejects(db.migrate({ signal: controller.signal }));
  await assert.rejects(db.query('SELECT * FROM parts'), { name: 'SQL' });
});
