// What goes down and comes up is exactly what it was.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ConstraintError, Database, InvalidArgumentError } from 'rpmadb';

let db;
before(async () => {
  db = await Database.open(':memory:', { migrate: false });
});
after(() => db.close());

const echo = async (value) => (await db.query('SELECT ?', [value])).rows[0][0];

test('integers are exact, and bigint only where they must be', async () => {
  for (const value of [0, -1, 2 ** 53 - 1, -(2 ** 53 - 1)]) assert.strictEqual(await echo(value), value);
  for (const value of [2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)]) assert.strictEqual(await echo(value), value);
  assert.strictEqual(await echo(7n), 7);
});

test('an integer beyond 64 bits is refused, and not rounded', async () => {
  for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n, 10n ** 30n, 2 ** 63, -(2 ** 64), 1e20]) {
    await assert.rejects(echo(value), InvalidArgumentError, String(value));
    await assert.rejects(db.query('SELECT :a', { a: value }), InvalidArgumentError, String(value));
    if (typeof value === 'bigint') {
      await assert.rejects(db.script('return job.args.n', { args: { n: [value] } }), InvalidArgumentError, String(value));
    }
  }
  for (const value of [2 ** 53, 2 ** 60, -(2 ** 63)]) assert.strictEqual(await echo(value), BigInt(value));
  for (const value of [1e21, -1e21]) assert.strictEqual(await echo(value), value);
});

test('a host that gave bigint a toJSON does not change what is stored', async () => {
  BigInt.prototype.toJSON = function () {
    return `"${this}"`;
  };
  try {
    assert.strictEqual(await echo(2n ** 60n), 2n ** 60n);
  } finally {
    delete BigInt.prototype.toJSON;
  }
});

test('real numbers, infinity among them', async () => {
  for (const value of [0.1, 1e300, 5e-324, -1.5, Infinity, -Infinity]) assert.strictEqual(await echo(value), value);
});

test('texts', async () => {
  for (const value of ['', 'naïve', '\u0001\u001f', '日本 🎉', '{"base64":"AP8B"}', '1234567890123456789', 'a"b\\c', 'x'.repeat(1 << 20)]) {
    assert.strictEqual(await echo(value), value);
  }
});

test('a text with NUL in it survives as a parameter, and is refused where it would be cut off', async () => {
  assert.strictEqual(await echo('a\0b'), 'a\0b');
  await assert.rejects(db.query('SELECT 1\0; DROP TABLE t'), InvalidArgumentError);
});

test('blobs, also views of a part of a buffer', async () => {
  const all = new Uint8Array([9, 0, 255, 1, 9]);
  const cell = await echo(all.subarray(1, 4));
  assert.ok(Buffer.isBuffer(cell));
  assert.deepEqual([...cell], [0, 255, 1]);
  assert.equal((await echo(Buffer.alloc(0))).length, 0);
  assert.equal((await echo(Buffer.alloc(300_000, 7))).length, 300_000);
});

test('named parameters, booleans and null', async () => {
  const { rows } = await db.query('SELECT :a, :b, :c, :d', { a: true, b: false, c: null, d: 2n ** 62n });
  assert.deepEqual(rows, [[1, 0, null, 2n ** 62n]]);
});

test('names that JavaScript has a use for', async () => {
  const report = await db.script('return { ["__proto__"] = { constructor = 1 }, big = 9007199254740993 }');
  assert.ok(Object.hasOwn(report.result, '__proto__'));
  assert.equal(report.result.big, 9007199254740993n);
  assert.equal({}.constructor, Object);
});

test('arguments of a script are exact as well', async () => {
  const { result } = await db.script('return job.args.n + 1', { args: { n: 2n ** 60n } });
  assert.strictEqual(result, 2n ** 60n + 1n);
});

test('what is no argument at all is a TypeError before the library sees it', async () => {
  await assert.rejects(db.query(7), TypeError);
  await assert.rejects(db.query('SELECT ?', 7), TypeError);
  await assert.rejects(db.rollback(1.5), TypeError);
  await assert.rejects(db.rollback(2n ** 63n), TypeError);
  await assert.rejects(db.stats('estimate'), TypeError);
  await assert.rejects(db.stats({ timeout: -1 }), TypeError);
});

test('an error is told with the line of the host that made the call', async () => {
  await db.query('CREATE TABLE one (a UNIQUE)');
  await db.query('INSERT INTO one VALUES (1)');
  const error = await db.query('INSERT INTO one VALUES (1)').catch((error) => error);
  assert.ok(error instanceof ConstraintError);
  assert.match(error.stack, /^CONSTRAINT: /);
  assert.match(error.stack, /values\.test\.mjs/);
  assert.equal(error.code, 'RPMADB_CONSTRAINT');
  assert.equal(error.sqlite_code, 2067);
  assert.ok(!('line' in error), 'what the document does not have is not there');
});
