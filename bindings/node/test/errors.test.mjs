// Every status has its class, and every field of the document is there.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as rpmadb from 'rpmadb';

import { folder } from './folder.mjs';

const {
  ArgumentError,
  BackupError,
  Database,
  DatabaseError,
  InternalError,
  MigrationError,
  RpmadbError,
  ScriptError,
  Status,
  StoppedError,
} = rpmadb;
const families = {
  1: ArgumentError,
  2: DatabaseError,
  3: MigrationError,
  4: ScriptError,
  5: StoppedError,
  6: BackupError,
  9: InternalError,
};

test('each status is in a family, by its number', () => {
  for (const [name, status] of Object.entries(Status)) {
    if (name === 'OK') continue;
    assert.equal(rpmadb.statusName(status), name);
    assert.ok(families[Math.floor(status / 100)], name);
  }
  assert.equal(rpmadb.statusName(7), 'UNKNOWN');
});

test('all fields of an error document', async (t) => {
  const migrations = join(folder(t), 'migrations');
  mkdirSync(migrations);
  const file = join(migrations, '001_parts.sql');
  writeFileSync(file, 'CREATE TABLE a (x);\nCREATE TABEL parts (id);\n');
  const db = await Database.open(join(migrations, '..', 'app.db'), { migrations, migrate: false });
  const error = await db.migrate().catch((error) => error);
  assert.ok(error instanceof MigrationError && error instanceof RpmadbError && error instanceof Error);
  const { status, name, code, hint, sqlite_code, line, column, statement, source_line, version } = error;
  assert.deepEqual(
    { status, name, code, file: error.file, line, statement, source_line, version, sqlite_code },
    {
      status: 300,
      name: 'MIGRATION_FAILED',
      code: 'RPMADB_MIGRATION_FAILED',
      file: '001_parts.sql',
      line: 2,
      statement: 2,
      source_line: 'CREATE TABEL parts (id);',
      version: 1,
      sqlite_code: 1,
    },
  );
  assert.equal(typeof hint, 'string');
  assert.equal(typeof column, 'number');

  writeFileSync(file, 'CREATE TABLE a (x);\n');
  await db.close();
  const again = await Database.open(join(migrations, '..', 'app.db'), { migrations });
  await again.close();
  writeFileSync(file, 'CREATE TABLE a (y);\n');
  const changed = await Database.open(join(migrations, '..', 'app.db'), { migrations }).catch((error) => error);
  assert.equal(changed.name, 'MIGRATION_CHANGED');
  assert.ok(Array.isArray(changed.changes), 'the changed lines are there');
});

test('the class says what it is', async (t) => {
  const path = folder(t);
  const expected = [
    [rpmadb.NotADatabaseError, () => (writeFileSync(join(path, 'no.db'), 'x'.repeat(5000)), Database.open(join(path, 'no.db')))],
    [rpmadb.NotFoundError, () => Database.open(join(path, 'none.db'), { create: false })],
    [rpmadb.InvalidArgumentError, () => Database.open(join(path, 'a.db'), { colour: 'red' })],
    [rpmadb.ScriptSyntaxError, async () => (await Database.open(':memory:', { migrate: false })).script('return 1 +')],
    [rpmadb.SqlError, async () => (await Database.open(':memory:', { migrate: false })).query('SELEKT 1')],
    [rpmadb.DeniedError, async () => (await Database.open(':memory:', { role: 'user', migrate: false })).health()],
  ];
  for (const [Class, call] of expected) await assert.rejects(call, Class);
});
