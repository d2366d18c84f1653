import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import type { OpenOptions, Role } from 'rpmadb';

export interface Account {
  name: string;
  role: Role;
  password: string;
}

export interface Config {
  /** The port on the loopback interface; 0 is any that is free. */
  port: number;
  database: string;
  backups: string;
  accounts: Account[];
  /** What else the database is opened with. */
  open: OpenOptions;
}

/** Reads a configuration; its paths are relative to it. */
export function readConfig(path: string): Config {
  const folder = dirname(resolve(path));
  const { port = 8080, database, backups, accounts = [], open = {} } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Config>;
  if (!database || !backups) throw new Error(`${path} must name the database and the folder for backups`);
  for (const { name, role, password } of accounts) {
    if (!name || !['admin', 'supervisor', 'user'].includes(role) || !password?.startsWith('scrypt$')) {
      throw new Error(`the account ${JSON.stringify(name)} in ${path} must have a name, a role and a scrypt hash`);
    }
  }
  return { port, database: resolve(folder, database), backups: resolve(folder, backups), accounts, open };
}
