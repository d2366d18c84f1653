// What a call from here adds to the call in C: medians of the same statement, by turns in one run. bench.sh runs it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Database } from 'rpmadb';

const here = dirname(fileURLToPath(import.meta.url));
const library = process.env.RPMADB_LIBRARY;
const bindings = process.env.RPMADB_BINDINGS ?? join(here, '..', '..');
const ROUNDS = 2000;
const TURNS = 5;

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const folder = mkdtempSync(join(tmpdir(), 'rpmadb-bench-'));
const loop = join(folder, 'loop');
const source = join(bindings, 'c', 'loop.c');
const include = join(bindings, '..', 'include');
execFileSync('gcc', ['-O2', source, `-I${include}`, library, `-Wl,-rpath,${dirname(library)}`, '-o', loop]);

async function timed(call) {
  const times = [];
  for (let at = 0; at < ROUNDS; at += 1) {
    const start = performance.now();
    await call();
    times.push((performance.now() - start) * 1000);
  }
  return times;
}

const db = await Database.open(':memory:', { migrate: false });
const figures = { c: [], call: [], watched: [], inside: [] };
await timed(() => db.query('SELECT 1'));
for (let turn = 0; turn < TURNS; turn += 1) {
  figures.c.push(Number(execFileSync(loop, [join(folder, 'c.db')])) / 1000);
  figures.call.push(...(await timed(() => db.query('SELECT 1'))));
  figures.watched.push(...(await timed(() => db.query('SELECT 1', null, { timeout: 10_000 }))));
  await db.transaction(async (tx) => figures.inside.push(...(await timed(() => tx.query('SELECT 1')))));
}
await db.close();
rmSync(folder, { recursive: true });

const c = median(figures.c);
for (const [name, what] of [
  ['call', 'query'],
  ['watched', 'query, with a time-out'],
  ['inside', 'query, inside a transaction'],
]) {
  const node = median(figures[name]);
  const columns = [what.padEnd(36), `C ${c.toFixed(1).padStart(6)} us`, `Node ${node.toFixed(1).padStart(6)} us`];
  console.log(`${columns.join('   ')}   adds ${(node - c).toFixed(1).padStart(5)} us`);
}
