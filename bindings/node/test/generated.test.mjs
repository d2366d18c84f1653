// src/generated.ts is what the schema and the header say.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Database } from 'rpmadb';

import { folder, root } from './folder.mjs';

test('the generated types are up to date, and the check notices when they are not', (t) => {
  const path = folder(t);
  for (const part of ['src', 'scripts']) cpSync(join(root, part), join(path, part), { recursive: true });
  const generator = join(path, 'scripts', 'generate.mjs');
  const target = join(path, 'src', 'generated.ts');
  const before = readFileSync(target, 'utf8');
  writeFileSync(target, `${before}\n`);
  assert.equal(spawnSync(process.execPath, [generator, '--check']).status, 1);
  execFileSync(process.execPath, [generator]);
  assert.equal(readFileSync(target, 'utf8'), before);
});

test('each verb of the schema has its method', () => {
  const { verbs } = JSON.parse(readFileSync(join(process.env.RPMADB_BINDINGS, 'rpmadb.schema.json'), 'utf8'));
  for (const verb of Object.keys(verbs)) {
    const method = verb.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
    if (verb === 'build_info') continue;
    const holder = verb === 'open' ? Database : Database.prototype;
    assert.equal(typeof holder[method], 'function', verb);
  }
});
