// What is still open when the process, or the worker thread, ends in order: it is closed, so that a transaction is rolled back and not
// cut off at its last statement, and what the audit has not written yet is written.
import { lanes } from './lane';
import { native } from './native';

const handles = new Set<bigint>();
const last: (() => void)[] = [];
let installed = false;

function install(): void {
  if (installed) return;
  installed = true;
  process.once('exit', () => {
    // why first: a close waits for transactions and steps, and they wait for this thread
    for (const lane of lanes) lane.abandon();
    for (const handle of handles) native().rpmadb_close([handle]);
    for (const work of last) work();
  });
}

/** Closes `handle` at the end, unless it was forgotten before. */
export function keepHandle(handle: bigint): void {
  install();
  handles.add(handle);
}

/** The handle is closed. */
export function forgetHandle(handle: bigint): void {
  handles.delete(handle);
}

/** Does `work` at the end. */
export function atEnd(work: () => void): void {
  install();
  last.push(work);
}
