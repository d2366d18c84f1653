// A lane is a thread of this package's that lends itself to the library; see worker.ts for why.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { loadLibrary } from './native';
import type { prototypes } from './generated';

/** A call of a function of the library, without what it hands out. */
export interface Request {
  name: keyof typeof prototypes;
  values: unknown[];
  /** Whether it hands out a handle. */
  handle: boolean;
  /** Whether it hands out a text. */
  text: boolean;
}

/** What became of it. */
export interface Outcome {
  status: number;
  text: string | null;
  handle: bigint | null;
}

export interface LaneData {
  library: string;
  /** How many messages were sent, to be waited for; and whether the host is going away. */
  signal: Int32Array;
}

export type ToLane =
  | ({ kind: 'call'; id: number } & Request)
  | { kind: 'transaction'; id: number; db: bigint; options: string | null; op: bigint | null }
  | { kind: 'make'; id: number; what: 'step' | 'alert' | 'log' }
  | { kind: 'leave'; session: number; code: number }
  | { kind: 'release'; pointer: bigint }
  | { kind: 'end' };

export type FromLane =
  | ({ kind: 'result'; id: number } & Outcome)
  | { kind: 'made'; id: number; pointer: bigint }
  | { kind: 'released'; callback: number }
  | { kind: 'failed'; id: number; error: unknown }
  | { kind: 'enter'; session: number; handle: bigint }
  | { kind: 'step'; callback: number; session: number; handle: bigint }
  | { kind: 'alert'; callback: number; alert: string }
  | { kind: 'log'; callback: number; level: number; target: string; message: string };

/** A part of the host's code that runs while the library waits for what it returns. */
export interface Session {
  lane: Lane;
  /** Whether the library still waits. */
  active: boolean;
}

/** Code that works with a lent handle and says what to return. It must not throw. */
export type SessionCode = (session: Session, handle: bigint) => Promise<number>;

interface Waiting {
  resolve(value: never): void;
  reject(error: unknown): void;
}

/** The lanes whose threads are to be told when this one goes away. */
export const lanes = new Set<Lane>();

export class Lane {
  readonly #signal = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #bodies = new Map<number, SessionCode>();
  readonly #callbacks = new Map<number, { step?: SessionCode; alert?: (alert: string) => void; log?: LogCode }>();
  #last = 0;
  #busy = 0;
  #failed: Error | undefined;

  constructor() {
    const data: LaneData = { library: loadLibrary(), signal: this.#signal };
    // why no execArgv: what the host preloads has no business in there
    this.#worker = new Worker(join(__dirname, 'worker.js'), { workerData: data, execArgv: [], name: 'rpmadb' });
    this.#worker.unref();
    this.#worker.on('message', (message: FromLane) => this.#hear(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the thread for callbacks of rpmadb has ended')));
    lanes.add(this);
  }

  /** Makes a call on the thread of the lane. */
  call(request: Request): Promise<Outcome> {
    return this.#ask((id) => ({ kind: 'call', id, ...request }));
  }

  /** Runs `body` in a transaction. */
  transaction(db: bigint, options: string | null, op: bigint | null, body: SessionCode): Promise<Outcome> {
    return this.#ask((id) => {
      this.#bodies.set(id, body);
      return { kind: 'transaction', id, db, options, op };
    });
  }

  /** A pointer to a migration step, good until it is released or the lane ends. */
  step(code: SessionCode): Promise<bigint> {
    return this.#make('step', { step: code });
  }

  /** A pointer to a function that is told of alerts, and is not waited for. */
  alert(code: (alert: string) => void): Promise<bigint> {
    return this.#make('alert', { alert: code });
  }

  /** A pointer to a function that receives log lines, and is not waited for. */
  log(code: LogCode): Promise<bigint> {
    return this.#make('log', { log: code });
  }

  /** Gives a pointer back that the library does not have any more. */
  release(pointer: bigint): void {
    this.#send({ kind: 'release', pointer });
  }

  /** Ends the thread, and gives back the pointers that it has made. */
  end(): void {
    lanes.delete(this);
    this.#send({ kind: 'end' });
  }

  /** Has everything that waits for this thread rolled back, now and from now on. */
  abandon(): void {
    Atomics.store(this.#signal, 1, 1);
    this.#wake();
  }

  #make(what: 'step' | 'alert' | 'log', callback: { step?: SessionCode; alert?: (alert: string) => void; log?: LogCode }): Promise<bigint> {
    return this.#ask((id) => {
      this.#callbacks.set(id, callback);
      return { kind: 'make', id, what };
    });
  }

  #ask<T>(message: (id: number) => ToLane): Promise<T> {
    if (this.#failed) return Promise.reject(this.#failed);
    this.#last += 1;
    const id = this.#last;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#hold();
      this.#send(message(id));
    }).finally(() => {
      this.#bodies.delete(id);
      this.#let();
    });
  }

  #send(message: ToLane): void {
    this.#worker.postMessage(message);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  // why: a thread that nobody waits for must not keep the process alive
  #hold(): void {
    this.#busy += 1;
    if (this.#busy === 1) this.#worker.ref();
  }

  #let(): void {
    this.#busy -= 1;
    if (this.#busy === 0) this.#worker.unref();
  }

  #hear(message: FromLane): void {
    switch (message.kind) {
      case 'enter':
        void this.#run(message.session, message.handle, this.#bodies.get(message.session));
        break;
      case 'step':
        void this.#run(message.session, message.handle, this.#callbacks.get(message.callback)?.step);
        break;
      case 'alert':
        this.#callbacks.get(message.callback)?.alert?.(message.alert);
        break;
      case 'log':
        this.#callbacks.get(message.callback)?.log?.(message.level, message.target, message.message);
        break;
      case 'result':
        this.#take(message.id)?.resolve(message as never);
        break;
      case 'made':
        this.#take(message.id)?.resolve(message.pointer as never);
        break;
      case 'released':
        this.#callbacks.delete(message.callback);
        break;
      case 'failed':
        this.#callbacks.delete(message.id);
        this.#take(message.id)?.reject(message.error);
        break;
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  async #run(number: number, handle: bigint, code: SessionCode | undefined): Promise<void> {
    const session: Session = { lane: this, active: true };
    const returned = (await code?.(session, handle)) ?? 1;
    session.active = false;
    this.#send({ kind: 'leave', session: number, code: returned });
  }

  #fail(error: Error): void {
    lanes.delete(this);
    this.#failed ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Receives a log line. */
export type LogCode = (level: number, target: string, message: string) => void;
