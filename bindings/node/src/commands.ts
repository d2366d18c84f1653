// The commands of the original system, by their names and types, on one database for the whole program: its front end moves over by
// importing them from here.
import { Database } from './database';
import { ownError } from './errors';
import type { OpenOptions } from './generated';
import type { CallOptions } from './values';

/** What `diagnose_database` tells. */
export interface DatabaseDiagnostics {
  journal_mode: string;
  wal_checkpoint: [number, number];
  busy_timeout_ms: number;
  integrity: string;
  table_counts: Record<string, number>;
  pool_state: { connections: number; idle_connections: number };
}

/** What `get_database_stats` tells. */
export interface DatabaseStats {
  size_bytes: number;
  tables: { users: number; tasks: number; clients: number; interventions: number };
  database_path: string;
}

let current: Database | undefined;

/** Opens the database that the five commands work on. One that was opened so before is closed. */
export async function openDefault(path: string, options?: OpenOptions & CallOptions): Promise<Database> {
  const before = current;
  current = await Database.open(path, options);
  await before?.close();
  return current;
}

/** The database that the five commands work on. */
export function defaultDatabase(): Database {
  if (!current || current.isClosed) throw ownError('STALE_HANDLE', 'no database is open for the commands: call openDefault first');
  return current;
}

/** The status of the database: `ok`, `unknown`, `degraded` or `critical`. */
export async function health_check(): Promise<string> {
  return (await defaultDatabase().health()).status;
}

/** What helps to find out what is wrong. A table that could not be counted is not in `table_counts`. */
export async function diagnose_database(): Promise<DatabaseDiagnostics> {
  const { journal_mode, wal_checkpoint, busy_timeout_ms, integrity, table_counts, pool_state } = await defaultDatabase().diagnostics();
  const counted = Object.entries(table_counts).filter((entry): entry is [string, number] => entry[1] !== null);
  const { connections, idle_connections } = pool_state;
  return {
    journal_mode,
    wal_checkpoint,
    busy_timeout_ms,
    integrity,
    table_counts: Object.fromEntries(counted),
    pool_state: { connections, idle_connections },
  };
}

/** How big the database is. A table that is not there, or could not be counted, has -1 rows. */
export async function get_database_stats(): Promise<DatabaseStats> {
  const { size_bytes, tables, database_path } = await defaultDatabase().stats();
  const rows = (name: string) => tables[name] ?? -1;
  return {
    size_bytes,
    tables: { users: rows('users'), tasks: rows('tasks'), clients: rows('clients'), interventions: rows('interventions') },
    database_path,
  };
}

/** Moves the whole log into the database. Says what was moved, and whether somebody kept it from finishing. */
export async function force_wal_checkpoint(): Promise<string> {
  const { mode, busy, log, checkpointed } = await defaultDatabase().checkpoint('truncate');
  return `${mode}: ${checkpointed} of ${log} frames${busy ? ', busy' : ''}`;
}

/** Backs up into the folder that the database was opened with. The path of the backup. */
export async function perform_database_backup(): Promise<string> {
  const { path } = await defaultDatabase().backup();
  return path ?? '';
}
