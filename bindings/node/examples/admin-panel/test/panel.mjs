// A panel of its own for each test file: a database with something in it, the demo accounts, any free port.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Database } from 'rpmadb';

import { makePanel } from '../dist/server/app.js';
import { readConfig } from '../dist/server/config.js';

export const PASSWORDS = { alice: 'admin-demo', sacha: 'supervisor-demo', ugo: 'user-demo' };

export async function startPanel(more = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rpmadb-panel-'));
  const database = join(folder, 'app.db');
  const backups = join(folder, 'backups');
  mkdirSync(backups);
  const db = await Database.open(database);
  await db.query(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
     INSERT INTO clients (id, name, notes, created_at, updated_at) SELECT 'c' || i, 'Client ' || i, hex(randomblob(400)), 1767225600000 + i, 1767225600000 + i FROM n`,
  );
  await db.close();
  const { accounts } = readConfig(fileURLToPath(new URL('../config.demo.json', import.meta.url)));
  const panel = await makePanel({ port: 0, database, backups, accounts, open: {}, ...more });
  const address = await panel.listen();
  const stop = async () => {
    await panel.close();
    rmSync(folder, { recursive: true });
  };
  return { address, database, backups, stop };
}
