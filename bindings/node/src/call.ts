// How a call gets to the library and back.
import { AsyncLocalStorage } from 'node:async_hooks';

import { ownError, toError, type ErrorDocument } from './errors';
import { parse, reviveRows, stringify, stringifyParams } from './json';
import type { Outcome, Request, Session } from './lane';
import { native } from './native';
import { Queue } from './queue';
import type { Argument, CallOptions } from './values';
import { Watch } from './watch';

/** The session that the host's code runs in, when it is in one. */
export const sessions = new AsyncLocalStorage<Session>();

// why one fewer than libuv has: writes that wait for a lock must not take the last thread from the host's own files, nor from a
// close, which is what ends them
const threads = Number(process.env.UV_THREADPOOL_SIZE) || 4;
const queue = new Queue(Math.max(1, threads - 1));

/** Makes a call on one of libuv's threads, at once. */
export function callNow({ name, values, handle, text }: Request): Promise<Outcome> {
  const handleOut: [bigint | null] = [null];
  const textOut: [string | null] = [null];
  return new Promise((resolve, reject) => {
    const over = (error: unknown, status: number) => {
      if (error) reject(error);
      else resolve({ status, text: textOut[0], handle: handleOut[0] });
    };
    if (handle && text) native()[name].async(...values, handleOut, textOut, over);
    else if (text) native()[name].async(...values, textOut, over);
    else native()[name].async(...values, over);
  });
}

// why: koffi takes 256 calls at once, and a close that is refused is a handle that stays open
const closes = new Queue(16);

/** Closes a handle on one of libuv's threads: not in turn with other calls, because it is what ends them. */
export function closeSoon(handle: bigint): Promise<Outcome> {
  return closes.run(() => callNow(closing(handle)));
}

/** The call that closes a handle. */
export function closing(handle: bigint): Request {
  return { name: 'rpmadb_close', values: [[handle]], handle: false, text: false };
}

/** The session whose thread makes a call: that of a lent handle, or the one that the host's code runs in. */
export function sessionOf(lent: Session | undefined): Session | undefined {
  const session = lent ?? sessions.getStore();
  return session?.active ? session : undefined;
}

/** Makes a call where it belongs, watched when there is something to watch for. */
export async function send(lent: Session | undefined, options: CallOptions, request: (op: bigint | null) => Request): Promise<Outcome> {
  const session = sessionOf(lent);
  const watch = Watch.over(options);
  const work = () => {
    const made = request(watch ? watch.begin() : null);
    return session ? session.lane.call(made) : callNow(made);
  };
  return watched(watch, () => (session ? work() : queue.run(work, watch)));
}

/** Lets go of a watch when the work is over, whatever became of it. */
export async function watched(watch: Watch | undefined, work: () => Promise<Outcome>): Promise<Outcome> {
  if (!watch) return check(await work());
  let outcome: Outcome;
  try {
    outcome = check(await work());
  } catch (error) {
    watch.end();
    throw watch.explain(error);
  }
  try {
    watch.end();
  } catch (error) {
    // why: nobody else gets to know of it
    if (outcome.handle !== null) await closeSoon(outcome.handle);
    throw error;
  }
  return outcome;
}

/** Throws what a call failed with. */
function check(outcome: Outcome): Outcome {
  if (outcome.status !== 0) throw errorOf(outcome);
  return outcome;
}

function errorOf({ status, text }: Outcome): Error {
  if (text !== null) return toError((parse(text) as { error: ErrorDocument }).error);
  const name = native().rpmadb_status_name(status) as string;
  return toError({ status, name, message: `the library answered ${name}` });
}

/** The report of a call. */
export function reportOf<R>({ text }: Outcome): R {
  return (text === null ? undefined : parse(text)) as R;
}

/** The report of `rpmadb_query`, with values in the place of what stands for them. */
export function rowsOf<R>(outcome: Outcome): R {
  const report = reportOf<{ rows: unknown[][] }>(outcome);
  if (outcome.text!.includes('{"base64":') || outcome.text!.includes('{"real":')) reviveRows(report.rows);
  return report as R;
}

/** A text on its way down; null and undefined are NULL. */
export function textArgument(name: string, value: string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string') throw new TypeError(`${name} is ${typeof value}, and must be a string`);
  // why: the library would see what is before it alone
  if (value.includes('\0')) throw ownError('INVALID_ARGUMENT', `${name} has a NUL character in it`);
  return value;
}

/** An argument as its function takes it. */
export function toNative(argument: Argument): unknown {
  const { name } = argument;
  if ('text' in argument) return textArgument(name, argument.text);
  if ('json' in argument) {
    const { json } = argument;
    if (json === null || json === undefined) return null;
    if (typeof json !== 'object') throw new TypeError(`${name} is ${typeof json}, and must be an array or an object`);
    return stringifyParams(json);
  }
  const { integer } = argument;
  if (typeof integer === 'bigint' ? BigInt.asIntN(64, integer) !== integer : !Number.isSafeInteger(integer)) {
    throw new TypeError(`${name} is ${String(integer)}, and must be an integer of 64 bits`);
  }
  return integer;
}

/** Takes apart what is for this package and what is for the library. */
export function split(options: object | null | undefined): { call: CallOptions; json: string | null } {
  if (options === null || options === undefined) return { call: {}, json: null };
  if (typeof options !== 'object') throw new TypeError(`options are ${typeof options}, and must be an object`);
  const { signal, timeout, onProgress, ...own } = options as CallOptions & Record<string, unknown>;
  return { call: { signal, timeout, onProgress }, json: Object.keys(own).length === 0 ? null : stringify(own) };
}
