// Where the library is found, and which one is refused.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { abiVersion, buildInfo, loadLibrary, native, Status, version } from 'rpmadb';

import { folder, root, run } from './folder.mjs';

const SAY =
  "import { loadLibrary } from 'rpmadb'; try { console.log(loadLibrary(process.argv[1])); } catch ({ name, message }) { console.log(name, message); }";

function compile(path, source) {
  writeFileSync(`${path}.c`, source);
  execFileSync('gcc', ['-shared', '-fPIC', '-o', path, `${path}.c`]);
}

test('a library of another ABI is refused, with both versions in the message', async (t) => {
  const fake = join(folder(t), 'librpmadb.so');
  compile(
    fake,
    `#include <stdint.h>
    uint32_t rpmadb_abi_version(void) { return 77; }
    int32_t rpmadb_check_abi(uint32_t abi) { return abi == 77 ? 0 : 108; }
    void rpmadb_free(char *text) { (void)text; }`,
  );
  const { out } = await run(SAY, { env: { RPMADB_LIBRARY: fake } });
  assert.match(out, /^ABI_MISMATCH .*ABI 77.*ABI 1\b/);
  assert.ok(out.includes(fake));
});

test('what is no rpmadb library is refused', async (t) => {
  const path = folder(t);
  const other = join(path, 'other.so');
  compile(other, 'int nothing(void) { return 0; }');
  assert.match((await run(SAY, { env: { RPMADB_LIBRARY: other } })).out, /^ABI_MISMATCH .*is not the rpmadb library/);
  writeFileSync(join(path, 'text.so'), 'text');
  assert.match((await run(SAY, { env: { RPMADB_LIBRARY: join(path, 'text.so') } })).out, /^NOT_FOUND .*text\.so/);
  assert.match((await run(SAY, { env: { RPMADB_LIBRARY: join(path, 'none.so') } })).out, /^NOT_FOUND .*none\.so/);
});

test('an explicit path wins over the environment, and the environment over what is beside the package', async (t) => {
  const real = process.env.RPMADB_LIBRARY;
  const copy = join(folder(t), 'copy.so');
  copyFileSync(real, copy);
  assert.equal((await run(SAY, { args: [copy], env: { RPMADB_LIBRARY: '/nowhere.so' } })).out.trim(), copy);

  const installed = join(folder(t), 'node_modules', 'rpmadb');
  mkdirSync(join(installed, 'lib'), { recursive: true });
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(installed, 'package.json'));
  for (const name of ['koffi', '@koromix', 'lossless-json']) {
    symlinkSync(join(root, 'node_modules', name), join(dirname(installed), name));
  }
  const beside = join(installed, 'lib', 'librpmadb.so');
  copyFileSync(real, beside);
  const cwd = dirname(dirname(installed));
  assert.equal((await run(SAY, { cwd, env: { RPMADB_LIBRARY: '' } })).out.trim(), beside);
  assert.equal((await run(SAY, { cwd, env: { RPMADB_LIBRARY: copy } })).out.trim(), copy);
});

test('without any of these the system looks', async (t) => {
  const path = folder(t);
  copyFileSync(process.env.RPMADB_LIBRARY, join(path, 'librpmadb.so'));
  assert.equal((await run(SAY, { env: { RPMADB_LIBRARY: '', LD_LIBRARY_PATH: path } })).out.trim(), 'librpmadb.so');
  assert.match((await run(SAY, { env: { RPMADB_LIBRARY: '' } })).out, /^NOT_FOUND .*librpmadb\.so/);
});

test('a second library is not loaded beside the first', () => {
  assert.equal(loadLibrary(), process.env.RPMADB_LIBRARY);
  assert.throws(() => loadLibrary('/nowhere.so'), { name: 'INVALID_ARGUMENT' });
});

test('a host that uses koffi itself is told when its settings are too small', async () => {
  const { out } = await run(`import koffi from 'koffi'; koffi.load('libc.so.6'); ${SAY}`);
  assert.match(out, /^UNSUPPORTED .*loadLibrary\(\) of rpmadb first/);
});

test('what the library says of itself', async () => {
  assert.match(version(), /^\d+\.\d+\.\d+$/);
  assert.equal(abiVersion(), 1);
  const { sqlite, abi_version } = await buildInfo();
  assert.equal(abi_version, 1);
  assert.match(sqlite.version, /^3\./);
});

test('every function of the header is there', () => {
  const header = readFileSync(join(process.env.RPMADB_BINDINGS, '..', 'include', 'rpmadb.h'), 'utf8');
  const declared = [...header.matchAll(/^[\w ]+[ *](rpmadb_\w+)\(/gm)].map(([, name]) => name);
  assert.ok(declared.length > 50);
  assert.deepEqual(Object.keys(native()).sort(), declared.sort());
  const values = [null];
  assert.equal(native().rpmadb_json_int('{"a": 9007199254740993}', '/a', values), 0);
  assert.equal(values[0], 9007199254740993n);
  assert.equal(native().rpmadb_json_real('[0.5]', '/0', values), 0);
  assert.equal(values[0], 0.5);
  assert.equal(native().rpmadb_json_text('["é"]', '/0', values), 0);
  assert.equal(values[0], 'é');
  assert.equal(native().rpmadb_json_int('{}', '/a', values), Status.NOT_FOUND);
});
