// The original system's five commands.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  Database,
  defaultDatabase,
  diagnose_database,
  force_wal_checkpoint,
  get_database_stats,
  health_check,
  openDefault,
  perform_database_backup,
  StaleHandleError,
} from 'rpmadb';

import { folder } from './folder.mjs';

test('the commands say that no database is open', async () => {
  assert.throws(defaultDatabase, StaleHandleError);
  for (const command of [health_check, diagnose_database, get_database_stats, force_wal_checkpoint, perform_database_backup]) {
    await assert.rejects(command, StaleHandleError);
  }
});

test('the commands answer as they did in the original system', async (t) => {
  const path = folder(t);
  mkdirSync(join(path, 'backups'));
  const db = await openDefault(join(path, 'app.db'), { backup: { folder: join(path, 'backups') } });
  assert.strictEqual(defaultDatabase(), db);
  assert.ok(db instanceof Database);
  await db.query("INSERT INTO clients (id, name, created_at, updated_at) VALUES ('c1', 'Ada', 1767225600000, 1767225600000)");

  assert.ok(['ok', 'degraded'].includes(await health_check()));

  const { table_counts, wal_checkpoint, busy_timeout_ms, pool_state, ...texts } = await diagnose_database();
  assert.deepEqual(texts, { journal_mode: 'wal', integrity: 'ok' });
  assert.equal(busy_timeout_ms, 5000);
  assert.equal(table_counts.clients, 1);
  assert.equal(wal_checkpoint.length, 2);
  assert.deepEqual(Object.keys(pool_state), ['connections', 'idle_connections']);

  const { size_bytes, ...stats } = await get_database_stats();
  assert.ok(size_bytes > 4096);
  assert.deepEqual(stats, { tables: { users: 0, tasks: 0, clients: 1, interventions: 0 }, database_path: join(path, 'app.db') });

  assert.match(await force_wal_checkpoint(), /^truncate: \d+ of \d+ frames$/);
  assert.ok(existsSync(await perform_database_backup()));

  const other = await openDefault(join(path, 'other.db'), { migrate: false });
  assert.ok(db.isClosed, 'the one before is closed');
  const { tables } = await get_database_stats();
  assert.deepEqual(tables, { users: -1, tasks: -1, clients: -1, interventions: -1 }, 'tables that are not there');
  await other.close();
  await assert.rejects(health_check, StaleHandleError);
});
