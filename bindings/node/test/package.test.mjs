// What `npm pack` makes, installed into another folder and used in every way.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { folder, root, run } from './folder.mjs';

const npm = (cwd, ...args) => execFileSync('npm', [...args, '--no-audit', '--no-fund', '--ignore-scripts'], { cwd, encoding: 'utf8' });
let cwd;

before((t) => {
  cwd = folder(t);
  const [{ filename, files }] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', cwd));
  const names = files.map(({ path }) => path);
  assert.ok(names.includes('README.md') && names.includes('dist/index.d.ts') && names.includes('dist/esm.mjs'));
  assert.ok(!names.some((name) => /^(src|test|bench|scripts|examples|node_modules)\//.test(name)), names.join());
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }');
  npm(cwd, 'install', '--prefer-offline', join(cwd, filename));
});

const USE = `
  (async () => {
    const db = await Database.open(':memory:', { migrate: false });
    console.log((await db.query('SELECT 9007199254740993')).rows[0][0], await db.transaction(() => 7));
    await db.close();
  })();`;

test('it is imported', async () => {
  const { out, err } = await run(`import { Database } from 'rpmadb'; ${USE}`, { cwd });
  assert.deepEqual([out, err], ['9007199254740993n 7\n', '']);
});

test('it is required', async () => {
  const { out, err } = await run(`const { Database } = require('rpmadb'); ${USE}`, { cwd, type: 'commonjs' });
  assert.deepEqual([out, err], ['9007199254740993n 7\n', '']);
});

test('both are one module, with the same names', async () => {
  const { out, err } = await run(
    `
    import { createRequire } from 'node:module';
    import * as esm from 'rpmadb';
    const cjs = createRequire(import.meta.url)('rpmadb');
    const names = Object.keys(esm).filter((name) => name !== 'default' && name !== 'module.exports');
    for (const name of Object.keys(cjs)) if (esm[name] !== cjs[name]) console.log('not the same:', name);
    for (const name of names) if (!(name in cjs)) console.log('not in the other:', name);
    console.log(names.includes('Database'), names.length > 40);
    `,
    { cwd },
  );
  assert.deepEqual([out, err], ['true true\n', '']);
});

test('TypeScript knows it in both kinds of module, and `await using` closes', async () => {
  const source = `
    import { Database, type HealthReport } from 'rpmadb';
    export async function look(): Promise<[HealthReport['status'], boolean]> {
      let kept: Database;
      let status: HealthReport['status'];
      {
        await using db = await Database.open(':memory:', { migrate: false });
        kept = db;
        status = (await db.health()).status;
      }
      {
        using db = await Database.open(':memory:', { migrate: false });
        kept = db.isClosed ? db : kept;
      }
      return [status, kept.isClosed];
    }
    void look().then((found) => console.log(JSON.stringify(found)));`;
  for (const name of ['use.mts', 'use.cts']) writeFileSync(join(cwd, name), source);
  const options = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--lib', 'es2022,esnext.disposable', '--ignoreConfig'];
  const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node'];
  execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ...options, ...types, 'use.mts', 'use.cts'], {
    cwd,
    stdio: 'inherit',
  });
  for (const name of ['use.mjs', 'use.cjs']) {
    const out = execFileSync(process.execPath, [name], { cwd, encoding: 'utf8' });
    assert.match(out, /^\["(ok|degraded|unknown)",true\]\n$/);
  }
});

test('the versions are one', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { version: library } = JSON.parse(
    execFileSync(process.execPath, ['-p', "JSON.stringify({ version: require('rpmadb').version() })"], { cwd, encoding: 'utf8' }),
  );
  assert.equal(version, library);
});
