// Compiled and never run: the types that a host relies on.
import {
  Database,
  diagnose_database,
  force_wal_checkpoint,
  get_database_stats,
  health_check,
  perform_database_backup,
  ROLLBACK,
  type BackupReport,
  type DatabaseDiagnostics,
  type DatabaseStats,
  type Value,
} from 'rpmadb';
import cjs = require('rpmadb');

// The original system's interfaces, as its front end declares them.
namespace original {
  export interface DatabaseDiagnostics {
    journal_mode: string;
    wal_checkpoint: [number, number];
    busy_timeout_ms: number;
    integrity: string;
    table_counts: Record<string, number>;
    pool_state: { connections: number; idle_connections: number };
  }
  export interface DatabaseStats {
    size_bytes: number;
    tables: { users: number; tasks: number; clients: number; interventions: number };
    database_path: string;
  }
  export type Commands = {
    health_check(): Promise<string>;
    diagnose_database(): Promise<DatabaseDiagnostics>;
    get_database_stats(): Promise<DatabaseStats>;
    force_wal_checkpoint(): Promise<string>;
    perform_database_backup(): Promise<string>;
  };
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

same<DatabaseDiagnostics, DatabaseStats>(false);
same<Parameters<typeof diagnose_database>, []>(true);
same<keyof DatabaseDiagnostics, keyof original.DatabaseDiagnostics>(true);
same<keyof DatabaseStats, keyof original.DatabaseStats>(true);

// Assignable both ways.
declare let theirDiagnostics: original.DatabaseDiagnostics;
declare let ourDiagnostics: DatabaseDiagnostics;
theirDiagnostics = ourDiagnostics;
ourDiagnostics = theirDiagnostics;
declare let theirStats: original.DatabaseStats;
declare let ourStats: DatabaseStats;
theirStats = ourStats;
ourStats = theirStats;
const ours = { health_check, diagnose_database, get_database_stats, force_wal_checkpoint, perform_database_backup };
declare let theirCommands: original.Commands;
declare let ourCommands: typeof ours;
theirCommands = ours;
ourCommands = theirCommands;

// The class.
await using db = await Database.open('app.db', { pool: { max: 4 }, backup: { folder: 'backups' }, signal: new AbortController().signal });
const backup: BackupReport = await db.backup(null, { compact: true, onProgress: ({ done, total }) => void (done / total) });
const path: string | null = backup.path;
const rows: Value[][] = (await db.query('SELECT ?', [1n])).rows;
const committed: number | undefined = await db.transaction(async (tx) => (await tx.query('SELECT 1')).changes);
const either: string | undefined = await db.transaction((_tx) => (Math.random() > 0.5 ? ('kept' as const) : ROLLBACK));
void [path, rows, committed, either];

// @ts-expect-error an option that there is not
await db.stats({ estimat: true });
// @ts-expect-error an option of the wrong type
await db.stats({ estimate: 1 });
// @ts-expect-error a role that there is not
await db.as('uwe', 'owner');
// @ts-expect-error a value that SQLite does not have
await db.query('SELECT ?', [new Date()]);
// @ts-expect-error the path is needed
await db.verify();

// One class, whichever way it was imported.
const other: cjs.Database = db;
void other;
