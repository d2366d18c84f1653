// JSON with exact integers: numbers while they are safe, bigint beyond.
import { parse as parseExactly, stringify as stringifyExactly } from 'lossless-json';

import { ownError } from './errors';

/** Whether a text may have an integer beyond 2^53. */
const LONG = /\d{16}/;
const INTEGER = /^-?\d+$/;

function toNumber(text: string): number | bigint {
  const number = Number(text);
  return INTEGER.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

/** Reads a document. */
export function parse(text: string): unknown {
  return LONG.test(text) ? parseExactly(text, undefined, toNumber) : JSON.parse(text);
}

/** Writes a document. A bigint that has no place in 64 bits is refused: the library would round it. */
export function stringify(value: unknown): string {
  let exact = true;
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key, written: unknown) {
    // why not `written`: hosts like to give bigint a toJSON
    const value = this[key];
    if (typeof value !== 'bigint') return written;
    if (BigInt.asIntN(64, value) !== value) throw ownError('INVALID_ARGUMENT', `${value} is no integer of 64 bits`);
    exact = false;
    return 0;
  });
  return exact ? text : (stringifyExactly(value) as string);
}

/** A parameter as the library takes it. */
function toParameter(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  }
  if (value === Infinity || value === -Infinity) return { real: value > 0 ? 'inf' : '-inf' };
  // why: JSON.stringify writes these as integers, and rounds them; from 1e21 on it writes them as real numbers
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value as number) < 1e21) return BigInt(value as number);
  return value;
}

/** The parameters of a statement as the library takes them. */
export function stringifyParams(params: readonly unknown[] | Readonly<Record<string, unknown>>): string {
  const written = Array.isArray(params)
    ? params.map(toParameter)
    : Object.fromEntries(Object.entries(params).map(([name, value]) => [name, toParameter(value)]));
  return stringify(written);
}

/** A cell as JavaScript has it. */
function toValue(cell: unknown): unknown {
  if (cell === null || typeof cell !== 'object') return cell;
  const { base64, real } = cell as { base64?: string; real?: string };
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  return real === '-inf' ? -Infinity : Infinity;
}

/** Puts Buffer and Infinity in the place of what stands for them in rows. */
export function reviveRows(rows: unknown[][]): void {
  for (const row of rows) {
    for (let at = 0; at < row.length; at += 1) row[at] = toValue(row[at]);
  }
}
