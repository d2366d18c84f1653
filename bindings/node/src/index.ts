export { Database, ROLLBACK, type Body } from './database';
export {
  defaultDatabase,
  diagnose_database,
  force_wal_checkpoint,
  get_database_stats,
  health_check,
  openDefault,
  perform_database_backup,
  type DatabaseDiagnostics,
  type DatabaseStats,
} from './commands';
export * from './errors';
export * from './generated';
export {
  abiVersion,
  buildInfo,
  flushLog,
  LogLevel,
  restoreFile,
  setLog,
  statusName,
  version,
  type LogLevelName,
  type LogLine,
} from './library';
export { loadLibrary, native, type Native, type NativeFunction } from './native';
export type { Argument, CallOptions, CallProgress, Params, Shape, Value } from './values';
