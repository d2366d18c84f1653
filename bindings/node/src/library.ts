// What is the library's and no database's.
import { isMainThread } from 'node:worker_threads';

import { callNow, reportOf, send, split, textArgument } from './call';
import { ownError } from './errors';
import type { BuildInfoReport, OpenOptions, RestoreOptions, RestoreReport } from './generated';
import { Lane, type LogCode } from './lane';
import { native } from './native';
import { atEnd } from './shutdown';
import type { CallOptions } from './values';

/** The version of the library, such as "0.1.0". */
export function version(): string {
  return native().rpmadb_version() as string;
}

/** The ABI version of the library. */
export function abiVersion(): number {
  return native().rpmadb_abi_version() as number;
}

/** The name of a status, such as "BUSY"; "UNKNOWN" for a number that is none. */
export function statusName(status: number): string {
  return native().rpmadb_status_name(status) as string;
}

/** Tells what the library is made of. */
export async function buildInfo(): Promise<BuildInfoReport> {
  return reportOf(await send(undefined, {}, () => ({ name: 'rpmadb_build_info', values: [], handle: false, text: true })));
}

/**
 * Brings back a backup where there is no database, or one that does not open any more. What is there is kept under another name, as it
 * is. `openOptions` are what the database will be opened with. Close your own handles on the database first.
 */
export async function restoreFile(
  database: string,
  path: string,
  openOptions?: OpenOptions | null,
  options?: RestoreOptions & CallOptions,
): Promise<RestoreReport> {
  const { call, json } = split(options);
  const values = [textArgument('database', database), textArgument('path', path), split(openOptions).json, json];
  return reportOf(
    await send(undefined, call, (op) => ({ name: 'rpmadb_restore_file', values: [...values, op], handle: false, text: true })),
  );
}

/** How serious a log line is. */
export const LogLevel = { off: 0, error: 1, warn: 2, info: 3, debug: 4 } as const;

/** The name of a level. */
export type LogLevelName = keyof typeof LogLevel;

/** A line of the library's log. */
export interface LogLine {
  level: LogLevelName;
  /** The part of the library that it comes from. */
  target: string;
  message: string;
}

const levels = Object.keys(LogLevel) as LogLevelName[];
let lane: Lane | undefined;
let pointer: bigint | undefined;

/**
 * Sets where log lines of the whole library go in this process: lines of `level` and the more serious ones are handed to `listener`,
 * soon, on this thread. null is nowhere. It is the main thread's to set.
 */
export async function setLog(level: LogLevelName, listener: ((line: LogLine) => void) | null): Promise<void> {
  if (!(level in LogLevel)) throw ownError('INVALID_ARGUMENT', `${String(level)} is no level: it is one of ${levels.join(', ')}`);
  // why: a worker can be terminated without a word to anybody, and a line that comes after would end the process
  if (listener && !isMainThread) throw ownError('UNSUPPORTED', 'the log is set on the main thread, and not in a worker');
  const before = pointer;
  let next: bigint | undefined;
  if (listener) {
    if (!lane) {
      lane = new Lane();
      atEnd(() => {
        // why not always: it may be another thread's by now
        if (pointer !== undefined) native().rpmadb_log_set(LogLevel.off, null, null);
      });
    }
    const code: LogCode = (number, target, message) => listener({ level: levels[number] ?? 'debug', target, message });
    next = await lane.log(code);
  }
  const request = { name: 'rpmadb_log_set', values: [LogLevel[level], next ?? null, null], handle: false, text: false } as const;
  const { status } = await callNow({ ...request, values: [...request.values] });
  if (status !== 0) throw ownError('UNSUPPORTED', `the log was not set: ${statusName(status)}`);
  pointer = next;
  if (before !== undefined) lane?.release(before);
}

/** Ends when all that was logged so far has been handed to the listener: a call's lines, when the call is over. */
export async function flushLog(): Promise<void> {
  // why this: whatever the thread answers stands behind the lines that it told of before
  await lane?.call({ name: 'rpmadb_abi_version', values: [], handle: false, text: false });
}
