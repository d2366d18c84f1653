// A host in Node: two threads with the SQLite that Node has built in, two with the library, and another process, all add 1 to a counter.
//
// host.mjs LIBRARY DATABASE JOURNAL MODE SECONDS prints what each of the three kinds had acknowledged.

import { execFile } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import koffi from 'koffi';

function host({ path, seconds }) {
  const until = performance.now() + seconds * 1000;
  let count = 0;
  while (performance.now() < until) {
    const own = new DatabaseSync(path, { timeout: 1000 });
    own.exec('PRAGMA synchronous=off');
    for (let at = 0; at < 20; at++) {
      try {
        own.exec('UPDATE counter SET n = n + 1');
        count++;
      } catch (error) {
        if (!error.message.includes('locked')) throw error;
      }
    }
    own.close();
  }
  return count;
}

function ours({ path, seconds, name, options }) {
  const library = koffi.load(name);
  const open = library.func('int32_t rpmadb_open(str path, str options, void *op, _Out_ void **db, void *out)');
  const query = library.func('int32_t rpmadb_query(void *db, str sql, str params, str options, void *op, void *out)');
  const close = library.func('int32_t rpmadb_close(_Inout_ void **db)');
  const until = performance.now() + seconds * 1000;
  let count = 0;
  while (performance.now() < until) {
    const db = [null];
    let status = open(path, options, null, db, null);
    if (status !== 0) throw new Error(`open: ${status}`);
    for (let at = 0; at < 20; at++) {
      if (at % 5 === 0) query(db[0], 'SELECT n FROM counter', null, null, null, null);
      status = query(db[0], 'UPDATE counter SET n = n + 1', null, null, null, null);
      if (status !== 0 && status !== 201) throw new Error(`query: ${status}`);
      count += status === 0 ? 1 : 0;
    }
    close(db);
  }
  return count;
}

function thread(kind, more) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { kind, ...more } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function main() {
  const [name, path, journal, mode, seconds] = process.argv.slice(2);
  if (name === 'other') {
    console.log(host({ path, seconds: Number(seconds) }));
    return;
  }
  const own = new DatabaseSync(path);
  own.exec(`PRAGMA journal_mode=${journal}; CREATE TABLE counter (n); INSERT INTO counter VALUES (0)`);
  own.close();
  const options = JSON.stringify({
    migrate: false, journal_mode: journal, foreign_sqlite: mode, busy_timeout_ms: 1000, synchronous: 'off',
  });
  const more = { path, seconds: Number(seconds), name, options };
  const arguments_ = [import.meta.filename, 'other', path, journal, mode, seconds];
  const other = promisify(execFile)(process.execPath, arguments_);
  const counts = await Promise.all([thread('host', more), thread('host', more), thread('ours', more), thread('ours', more)]);
  console.log(counts[0] + counts[1]);
  console.log(counts[2] + counts[3]);
  console.log(Number((await other).stdout));
}

if (isMainThread) {
  await main();
} else {
  parentPort.postMessage({ host, ours }[workerData.kind](workerData));
}
