// What a call from here adds to the call in C: medians of the same statement, in turns, on one machine. Fails over the limit.
// Usage: node bench/calls.mjs [LIMIT_US]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Database } from 'rpmadb';

const here = dirname(fileURLToPath(import.meta.url));
const library = process.env.RPMADB_LIBRARY;
const include = join(process.env.RPMADB_BINDINGS ?? join(here, '..', '..'), '..', 'include');
const limit = Number(process.argv[2] ?? 100);
const ROUNDS = 2000;
const TURNS = 5;

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const folder = mkdtempSync(join(tmpdir(), 'rpmadb-bench-'));
const loop = join(folder, 'loop');
execFileSync('gcc', ['-O2', join(here, 'loop.c'), `-I${include}`, library, `-Wl,-rpath,${dirname(library)}`, '-o', loop]);

const inC = () =>
  execFileSync(loop, [String(ROUNDS)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number);

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
  figures.c.push(...inC());
  figures.call.push(...(await timed(() => db.query('SELECT 1'))));
  figures.watched.push(...(await timed(() => db.query('SELECT 1', null, { timeout: 10_000 }))));
  await db.transaction(async (tx) => figures.inside.push(...(await timed(() => tx.query('SELECT 1')))));
}
await db.close();
rmSync(folder, { recursive: true });

const c = median(figures.c);
console.log(`in C                          ${c.toFixed(1)} us`);
for (const [name, what] of [
  ['call', 'await db.query               '],
  ['watched', 'with a time-out              '],
  ['inside', 'inside a transaction         '],
]) {
  const value = median(figures[name]);
  console.log(`${what} ${value.toFixed(1)} us, ${(value - c).toFixed(1)} more`);
}
const added = median(figures.call) - c;
if (added > limit) {
  console.error(`a call adds ${added.toFixed(1)} us, over the limit of ${limit}`);
  process.exit(1);
}
