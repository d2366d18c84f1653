import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** An empty folder, gone with the test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'rpmadb-node-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs a program of its own and gives back how it ended and what it said. */
export function run(code, { args = [], env = {}, flags = [], cwd = root, type = 'module', killAfter = 60_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, `--input-type=${type}`, '--eval', code, '--', ...args], {
      cwd,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (data) => (said.out += data));
    child.stderr.on('data', (data) => (said.err += data));
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfter);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ...said });
    });
  });
}
