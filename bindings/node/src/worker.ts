// What runs in a lane (lane.ts): a thread that lends itself to the library, for callbacks that have to be answered before the library
// goes on.
//
// In such a callback the thread serves: it makes the calls that the host's code wants on the handle it was lent, until it is told what
// to return. So the host's code can be asynchronous, and never holds up its own thread or one of libuv's.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';

import type { FromLane, LaneData, ToLane } from './lane';
import { loadLibrary, native, register, unregister } from './native';

const port = parentPort!;
const { library, signal } = workerData as LaneData;
loadLibrary(library);

/** What sessions are to return, as far as it is known. */
const left = new Map<number, number>();
/** The pointers that the library may have, and the callbacks that they are of. */
const pointers = new Map<bigint, number>();
let steps = 0;

const post = (message: FromLane) => port.postMessage(message);

/** Answers until it is known what `session` returns. 1, which rolls back, when the host is going away. */
function serve(session: number): number {
  for (;;) {
    const seen = Atomics.load(signal, 0);
    if (Atomics.load(signal, 1)) return 1;
    const code = left.get(session);
    if (code !== undefined) {
      left.delete(session);
      return code;
    }
    const received = receiveMessageOnPort(port);
    if (received) obey(received.message as ToLane);
    else Atomics.wait(signal, 0, seen);
  }
}

function transaction({ id, db, options, op }: Extract<ToLane, { kind: 'transaction' }>): void {
  const out: [string | null] = [null];
  const body = (handle: bigint) => {
    post({ kind: 'enter', session: id, handle });
    return serve(id);
  };
  const status = native().rpmadb_transaction(db, body, null, options, op, out) as number;
  post({ kind: 'result', id, status, text: out[0], handle: null });
}

function call({ id, name, values, handle, text }: Extract<ToLane, { kind: 'call' }>): void {
  const handleOut: [bigint | null] = [null];
  const textOut: [string | null] = [null];
  const status = native()[name](...values, ...(handle ? [handleOut] : []), ...(text ? [textOut] : [])) as number;
  post({ kind: 'result', id, status, text: textOut[0], handle: handleOut[0] });
}

/** A callback of the host's in the form of a pointer, which the host hands to the library. */
function make({ id, what }: Extract<ToLane, { kind: 'make' }>): void {
  const code = {
    step: (handle: bigint) => {
      // why below 0: the host numbers its own from 1
      const session = (steps -= 1);
      post({ kind: 'step', callback: id, session, handle });
      return serve(session);
    },
    alert: (alert: string) => post({ kind: 'alert', callback: id, alert }),
    log: (level: number, target: string, message: string) => post({ kind: 'log', callback: id, level, target, message }),
  };
  const pointer = register(what, code[what]);
  pointers.set(pointer, id);
  post({ kind: 'made', id, pointer });
}

/** Gives a pointer back: koffi has 8,192 of them for the whole process, and does not take them back when a thread ends. */
function release(pointer: bigint): void {
  const callback = pointers.get(pointer);
  if (callback === undefined) return;
  pointers.delete(pointer);
  unregister(pointer);
  post({ kind: 'released', callback });
}

function obey(message: ToLane): void {
  switch (message.kind) {
    case 'leave':
      left.set(message.session, message.code);
      return;
    case 'release':
      release(message.pointer);
      return;
    case 'end':
      for (const pointer of [...pointers.keys()]) release(pointer);
      port.close();
      return;
  }
  try {
    if (message.kind === 'call') call(message);
    else if (message.kind === 'transaction') transaction(message);
    else make(message);
  } catch (error) {
    post({ kind: 'failed', id: message.id, error });
  }
}

port.on('message', obey);
