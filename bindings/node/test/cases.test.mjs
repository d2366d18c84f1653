// All of bindings/cases.json, which every binding passes.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'lossless-json';
import { Database, RpmadbError } from 'rpmadb';

import { folder } from './folder.mjs';

const bindings = process.env.RPMADB_BINDINGS;
const exactly = (text) => (/^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text)) ? BigInt(text) : Number(text));
const { cases } = parse(readFileSync(join(bindings, 'cases.json'), 'utf8'), undefined, exactly);
const { verbs } = JSON.parse(readFileSync(join(bindings, 'rpmadb.schema.json'), 'utf8'));

const types = {
  integer: (value) => typeof value === 'bigint' || Number.isSafeInteger(value),
  number: (value) => typeof value === 'number',
  text: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
};

/** Whether `answered` has what is `expected`. */
function matches(answered, expected, path) {
  if (answered instanceof Uint8Array) answered = { base64: Buffer.from(answered).toString('base64') };
  if (expected === null || typeof expected !== 'object') {
    assert.strictEqual(answered, expected, path);
  } else if (Array.isArray(expected)) {
    assert.ok(Array.isArray(answered), `${path} is an array`);
    assert.equal(answered.length, expected.length, `${path}.length`);
    expected.forEach((one, at) => matches(answered[at], one, `${path}[${at}]`));
  } else if ('$type' in expected) {
    assert.ok(types[expected.$type](answered), `${path} is ${expected.$type}: ${String(answered)}`);
  } else {
    assert.ok(types.object(answered), `${path} is an object: ${String(answered)}`);
    for (const [key, value] of Object.entries(expected)) matches(answered[key], value, `${path}.${key}`);
  }
}

/** Puts the name of the folder in. */
function fill(value, path) {
  if (typeof value === 'string') return value.replaceAll('${folder}', path);
  if (Array.isArray(value)) return value.map((one) => fill(one, path));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, path)]));
}

/** A parameter of the cases as a host of ours has it. */
function toParams(params) {
  const one = (value) => (value?.base64 === undefined ? value : Buffer.from(value.base64, 'base64'));
  if (Array.isArray(params)) return params.map(one);
  return params && Object.fromEntries(Object.entries(params).map(([name, value]) => [name, one(value)]));
}

async function make(db, { verb, arguments: given = {}, options }) {
  const method = verb.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  const values = verbs[verb].arguments.map(({ name, type }) => (type.startsWith('json') ? toParams(given[name]) : given[name]));
  return db[method](...values, options);
}

for (const one of cases) {
  test(one.name, async (t) => {
    const path = folder(t);
    const { files = {}, open = {}, opened, calls } = fill(one, path);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    }
    const db = await Database.open(join(path, 'app.db'), open);
    if (opened) matches(db.opened, opened, 'opened');
    for (const call of calls) {
      const user = call.as;
      const answer = async () => {
        const handle = user ? await db.as(user.actor, user.role) : db;
        try {
          return await make(handle, call);
        } finally {
          if (user) await handle.close();
        }
      };
      const what = `${call.verb} ${JSON.stringify(call.arguments ?? {}, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`;
      if (call.error) {
        await assert.rejects(answer, (error) => {
          assert.ok(error instanceof RpmadbError, `${what}: ${error}`);
          matches(error, call.error, what);
          return true;
        });
      } else {
        matches(await answer(), call.report, what);
      }
    }
    await db.close();
  });
}
