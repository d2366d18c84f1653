// What the server lets in, without a browser in between.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Database } from 'rpmadb';

import { PASSWORDS, startPanel } from './panel.mjs';

let panel;
before(async () => {
  panel = await startPanel();
});
after(() => panel.stop());

/** One request, with the headers given and no others. */
function ask(method, path, { headers = {}, body, host } = {}) {
  const { port, hostname } = new URL(panel.address);
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        method,
        path,
        port,
        host: host ?? hostname,
        headers: {
          ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...given,
        },
      },
      (answer) => {
        let said = '';
        answer.on('data', (data) => (said += data));
        answer.on('end', () => resolve({ code: answer.statusCode, headers: answer.headers, said, json: () => JSON.parse(said) }));
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

/** What a page of the panel sends with its requests, once `name` is logged in. */
async function login(name, password = PASSWORDS[name]) {
  const answer = await ask('POST', '/api/login', { headers: { origin: panel.address }, body: { name, password } });
  assert.equal(answer.code, 200, answer.said);
  const [cookie] = answer.headers['set-cookie'];
  return { set: cookie, headers: { origin: panel.address, cookie: cookie.split(';')[0], 'x-csrf-token': answer.json().csrf } };
}

/** Follows a job to its end. */
async function outcome(headers, started) {
  assert.equal(started.code, 200, started.said);
  const { said } = await ask('GET', `/api/jobs/${started.json().job}/events`, { headers });
  return said
    .trim()
    .split('\n\n')
    .map((part) => JSON.parse(part.slice('data: '.length)));
}

const backups = async (headers) => (await ask('GET', '/api/backups', { headers })).json().backups;

test('nothing is told to who is not logged in', async () => {
  for (const path of [
    'session',
    'health',
    'stats',
    'diagnostics',
    'metrics',
    'migrations',
    'backups',
    'scripts',
    'audit',
    'jobs/x/events',
  ]) {
    assert.equal((await ask('GET', `/api/${path}`)).code, 401, path);
  }
  for (const path of ['backups', 'checkpoint', 'restore', 'undo-restore', 'verify', 'scripts', 'logout']) {
    assert.equal((await ask('POST', `/api/${path}`, { headers: { origin: panel.address }, body: {} })).code, 401, path);
  }
});

test('nor when the path is written in another way', async () => {
  const { headers } = await login('alice');
  for (const path of ['/%61pi/health', '/api%2fhealth', '/%61%70%69/scripts', '//api/health', '/./api/health', '//', '/x', '/API/health']) {
    const { code, said } = await ask('GET', path);
    assert.ok([400, 401].includes(code), `${path} ${code} ${said}`);
    assert.equal(
      (await ask('GET', path, { headers: { ...headers, 'x-csrf-token': undefined } })).code,
      path === '/%61pi/health' || path === '/%61%70%69/scripts' ? 200 : 404,
      path,
    );
  }
  for (const path of ['/%61pi/backups', '/%61pi/scripts', '/ap%69/checkpoint']) {
    const body = { name: 'none', mode: 'passive' };
    assert.equal((await ask('POST', path, { headers: { origin: panel.address }, body })).code, 401, path);
    assert.equal((await ask('POST', path, { headers: { ...headers, 'x-csrf-token': 'x' }, body })).code, 403, path);
  }
});

test('the cookie is out of the reach of scripts and of other sites', async () => {
  const { set } = await login('alice');
  assert.match(set, /^rpmadb_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
});

test('names and passwords', async () => {
  const wrong = (body) => ask('POST', '/api/login', { headers: { origin: panel.address }, body });
  assert.equal((await wrong({ name: 'alice', password: 'admin' })).code, 401);
  assert.equal((await wrong({ name: 'nobody', password: 'admin-demo' })).code, 401);
  assert.equal((await wrong({ name: 'alice' })).code, 400);
  assert.equal((await wrong({ name: { $ne: '' }, password: ['x'] })).code, 400);
  assert.equal((await wrong('{')).code, 400);
});

test('a name that points here is not enough (DNS rebinding)', async () => {
  const { headers } = await login('alice');
  for (const host of ['evil.example', 'evil.example:80', 'localhost', `127.0.0.1.evil.example:${new URL(panel.address).port}`]) {
    assert.equal((await ask('GET', '/api/health', { headers: { ...headers, origin: undefined, host } })).code, 403, host);
    assert.equal((await ask('GET', '/', { headers: { host } })).code, 403, host);
  }
});

test('requests that another page sends are refused, whatever they carry', async () => {
  const { headers } = await login('alice');
  const before = (await backups(headers)).length;
  const attempts = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: panel.address.replace('http:', 'https:') },
    { origin: undefined },
    { origin: undefined, 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const attempt of attempts) {
    assert.equal((await ask('POST', '/api/backups', { headers: { ...headers, ...attempt }, body: {} })).code, 403, JSON.stringify(attempt));
  }
  assert.equal((await ask('GET', '/api/health', { headers: { ...headers, origin: 'https://evil.example' } })).code, 403);
  assert.equal((await ask('POST', '/api/backups', { headers: { ...headers, 'content-type': 'text/plain' }, body: '{}' })).code, 415);
  assert.equal(
    (await ask('POST', '/api/backups', { headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' })).code,
    415,
  );
  assert.equal((await backups(headers)).length, before);
});

test('forged and borrowed tokens are refused', async () => {
  const alice = await login('alice');
  const sacha = await login('sacha');
  const token = alice.headers['x-csrf-token'];
  const forgeries = ['', 'x', token.slice(1), `${token}x`, token.toLowerCase(), sacha.headers['x-csrf-token'], undefined];
  for (const forged of forgeries) {
    const headers = { ...alice.headers, 'x-csrf-token': forged };
    assert.equal((await ask('POST', '/api/checkpoint', { headers, body: { mode: 'passive' } })).code, 403, forged);
  }
  for (const cookie of [
    'rpmadb_session=',
    `rpmadb_session=${'A'.repeat(43)}`,
    `${alice.headers.cookie}x`,
    'rpmadb_session=__proto__',
    'other=1',
  ]) {
    assert.equal((await ask('GET', '/api/health', { headers: { ...alice.headers, cookie } })).code, 401, cookie);
  }
  assert.equal((await ask('POST', '/api/checkpoint', { headers: alice.headers, body: { mode: 'passive' } })).code, 200);
});

test('a session is over with its logout', async () => {
  const { headers } = await login('alice');
  assert.equal((await ask('POST', '/api/logout', { headers })).code, 200);
  assert.equal((await ask('GET', '/api/health', { headers })).code, 401);
});

test('the panel listens on one address of this machine alone', async () => {
  // why this one: it is there without any network, and what listens to the world listens to it
  await assert.rejects(ask('GET', '/', { host: '127.0.0.2' }), { code: 'ECONNREFUSED' });
});

test('a user is refused everything', async () => {
  const { headers } = await login('ugo');
  for (const path of ['health', 'stats', 'diagnostics', 'metrics', 'migrations', 'backups', 'scripts', 'audit']) {
    const answer = await ask('GET', `/api/${path}`, { headers });
    assert.deepEqual([answer.code, answer.json().error.name], [403, 'DENIED'], path);
  }
  for (const [path, body] of [
    ['backups', {}],
    ['undo-restore', {}],
    ['restore', { name: 'x' }],
    ['verify', { name: 'x' }],
    ['scripts', { name: 'table_growth' }],
  ]) {
    const events = await outcome(headers, await ask('POST', `/api/${path}`, { headers, body }));
    assert.equal(events.at(-1).error.name, 'DENIED', path);
  }
});

test('a supervisor sees, and changes nothing', async () => {
  const admin = await login('alice');
  const made = await outcome(admin.headers, await ask('POST', '/api/backups', { headers: admin.headers, body: {} }));
  const name = made.at(-1).report.path.split('/').pop();
  const { headers } = await login('sacha');
  for (const path of ['health', 'stats', 'diagnostics', 'metrics', 'migrations', 'backups', 'scripts', 'audit']) {
    assert.equal((await ask('GET', `/api/${path}`, { headers })).code, 200, path);
  }
  assert.equal((await ask('POST', '/api/checkpoint', { headers, body: { mode: 'truncate' } })).code, 403);
  assert.equal((await ask('POST', '/api/audit/verify', { headers, body: {} })).code, 403);
  for (const [path, body] of [
    ['backups', {}],
    ['undo-restore', {}],
    ['restore', { name }],
    ['verify', { name }],
    ['scripts', { name: 'purge_old_rows' }],
  ]) {
    const events = await outcome(headers, await ask('POST', `/api/${path}`, { headers, body }));
    assert.deepEqual([events.at(-1).type, events.at(-1).error?.name], ['failed', 'DENIED'], path);
  }
  const events = await outcome(headers, await ask('POST', '/api/scripts', { headers, body: { name: 'table_growth' } }));
  assert.equal(events.at(-1).type, 'done', 'scripts that only look are for supervisors, too');
  const { records } = (await ask('GET', '/api/audit', { headers })).json();
  assert.ok(
    records.every(({ actor }) => actor === 'sacha'),
    'of the audit the own records',
  );
});

test('a job is its own user’s', async () => {
  const admin = await login('alice');
  const started = await ask('POST', '/api/backups', { headers: admin.headers, body: {} });
  const { headers } = await login('sacha');
  assert.equal((await ask('GET', `/api/jobs/${started.json().job}/events`, { headers })).code, 404);
  assert.equal((await ask('DELETE', `/api/jobs/${started.json().job}`, { headers })).code, 404);
  assert.equal((await outcome(admin.headers, started)).at(-1).type, 'done');
});

test('only backups in the folder can be restored, and only shipped scripts run', async () => {
  const { headers } = await login('alice');
  const names = ['../app.db', panel.database, '/etc/passwd', 'none.db', '..', ''];
  for (const path of ['restore', 'verify']) {
    for (const name of names) {
      const events = await outcome(headers, await ask('POST', `/api/${path}`, { headers, body: { name } }));
      assert.equal(events.at(-1).error?.name, 'NOT_FOUND', `${path} ${name}`);
    }
  }
  for (const name of ['/etc/passwd', '../../scripts/x.lua', 'none']) {
    assert.equal((await ask('POST', '/api/scripts', { headers, body: { name } })).code, 404, name);
  }
});

test('a restore and its undo', async () => {
  const { headers } = await login('alice');
  const made = await outcome(headers, await ask('POST', '/api/backups', { headers, body: {} }));
  assert.ok(made.some(({ type }) => type === 'progress'));
  const name = made.at(-1).report.path.split('/').pop();
  const db = await Database.open(panel.database);
  const count = async () => (await db.query('SELECT count(*) FROM clients')).rows[0][0];
  await db.query("DELETE FROM clients WHERE id <> 'c1'");
  await outcome(headers, await ask('POST', '/api/restore', { headers, body: { name } }));
  assert.equal(await count(), 3000);
  await outcome(headers, await ask('POST', '/api/undo-restore', { headers, body: {} }));
  assert.equal(await count(), 1);
  await db.close();
});

test('a job is stopped', async () => {
  const { headers } = await login('alice');
  const body = { name: 'integrity_sweep' };
  const started = await Promise.all(Array.from({ length: 12 }, () => ask('POST', '/api/scripts', { headers, body })));
  const ids = started.map((one) => one.json().job);
  for (const id of ids.reverse()) assert.equal((await ask('DELETE', `/api/jobs/${id}`, { headers })).code, 200);
  const ends = await Promise.all(started.map((one) => outcome(headers, one)));
  assert.ok(ends.some((events) => events.at(-1).error?.name === 'CANCELLED'));
});

test('a session ends when nobody uses it, and in any case after half a day', async () => {
  const now = Date.now;
  const at = async (headers, minutes) => {
    Date.now = () => now() + minutes * 60_000;
    return (await ask('GET', '/api/session', { headers })).code;
  };
  try {
    const idle = await login('alice');
    assert.equal(await at(idle.headers, 29), 200);
    assert.equal(await at(idle.headers, 58), 200);
    assert.equal(await at(idle.headers, 89), 401);
    Date.now = now;
    const busy = await login('alice');
    for (let minutes = 25; minutes < 12 * 60; minutes += 25) assert.equal(await at(busy.headers, minutes), 200);
    assert.equal(await at(busy.headers, 12 * 60 + 1), 401);
  } finally {
    Date.now = now;
  }
});

test('the log of a script comes with it, and of no other', async () => {
  const { headers } = await login('alice');
  const body = { name: 'nightly_maintenance', args: { dry_run: true } };
  const started = await Promise.all([ask('POST', '/api/scripts', { headers, body }), ask('POST', '/api/scripts', { headers, body })]);
  const logs = [];
  for (const one of started) {
    const events = await outcome(headers, one);
    const { report } = events.at(-1);
    const heard = events
      .filter(({ type }) => type === 'log')
      .map(({ level, message }) => (level === 'info' ? message : `[${level}] ${message}`));
    assert.deepEqual(heard, report.log);
    logs.push(heard);
  }
  assert.ok(logs[0].length > 0);
});

test('pages carry the headers that keep others out', async () => {
  const { headers, said, code } = await ask('GET', '/');
  assert.equal(code, 200);
  assert.match(headers['content-security-policy'], /default-src 'none'; script-src 'self'/);
  assert.equal(headers['x-frame-options'], 'DENY');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.ok(!/<script>|style=|onclick/.test(said));
  assert.equal((await ask('GET', '/api/health', { headers: (await login('alice')).headers })).headers['cache-control'], 'no-store');
  for (const path of ['/../config.demo.json', '/assets/..%2f..%2fserver/app.js', '/assets/', '/config.demo.json', '//etc/passwd']) {
    assert.ok([400, 401, 404].includes((await ask('GET', path)).code), path);
  }
});

test('an account is locked for a while after many wrong passwords, and no other', async () => {
  for (let at = 0; at < 5; at += 1) {
    await ask('POST', '/api/login', { headers: { origin: panel.address }, body: { name: 'ugo', password: 'wrong' } });
  }
  const right = { headers: { origin: panel.address }, body: { name: 'ugo', password: PASSWORDS.ugo } };
  assert.equal((await ask('POST', '/api/login', right)).code, 429);
  await login('alice');
});

test('many attempts at once are no more than one after the other, and tell no names', async () => {
  const attempt = (name, password) => ask('POST', '/api/login', { headers: { origin: panel.address }, body: { name, password } });
  for (const name of ['sacha', 'somebody']) {
    const codes = await Promise.all(Array.from({ length: 20 }, async (_, at) => (await attempt(name, `wrong ${at}`)).code));
    assert.deepEqual(codes.toSorted(), [...Array(5).fill(401), ...Array(15).fill(429)], name);
    assert.equal((await attempt(name, PASSWORDS[name] ?? 'wrong')).code, 429, name);
  }
});

test('a job goes on when the session that it was started in is over', async () => {
  const one = await login('alice');
  const other = await login('alice');
  const db = await Database.open(panel.database);
  await db.query('CREATE TABLE large (x)');
  await db.query(
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO large SELECT randomblob(2000) FROM n',
  );
  try {
    const started = await ask('POST', '/api/backups', { headers: one.headers, body: {} });
    assert.equal((await ask('POST', '/api/logout', { headers: one.headers })).code, 200);
    const last = (await outcome(other.headers, started)).at(-1);
    assert.equal(last.type, 'done', JSON.stringify(last));
    const { records } = (await ask('GET', '/api/audit?actor=alice', { headers: other.headers })).json();
    assert.ok(
      records.some(({ verb }) => verb === 'backup'),
      'under the name of who started it',
    );
  } finally {
    await db.query('DROP TABLE large');
    await db.close();
  }
});

test('it starts from a configuration and ends when it is told to', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rpmadb-panel-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const root = fileURLToPath(new URL('..', import.meta.url));
  const demo = JSON.parse(readFileSync(join(root, 'config.demo.json'), 'utf8'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...demo, port: 0 }));
  const child = spawn(process.execPath, [join(root, 'dist', 'server', 'main.js'), join(folder, 'config.json')]);
  const [said] = await once(child.stdout, 'data');
  const page = await fetch(String(said).trim());
  assert.equal(page.status, 200);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
