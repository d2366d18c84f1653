import { AsyncResource } from 'node:async_hooks';
import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';

import { pollAlerts } from './alerts';
import { closeSoon, closing, reportOf, rowsOf, send, sessionOf, sessions, split, textArgument, toNative, watched } from './call';
import { toError, type RpmadbError } from './errors';
import { Verbs, type Alert, type OpenOptions, type OpenReport, type Role, type TransactionReport, type prototypes } from './generated';
import { parse } from './json';
import { Lane, type Outcome, type Session, type SessionCode } from './lane';
import { native } from './native';
import { Queue } from './queue';
import { forgetHandle, keepHandle } from './shutdown';
import type { Argument, CallOptions, Shape } from './values';
import { Watch } from './watch';

/** What the body of a transaction returns to have it rolled back without an error. */
export const ROLLBACK: unique symbol = Symbol('rpmadb.ROLLBACK');

/** Code that works inside a transaction: what it throws rolls all of it back and is thrown to the caller. */
export type Body<T> = (tx: Database) => T | Promise<T>;

/** What handles on one open database have together. */
class Shared {
  handles = 0;
  /** The transactions of one database wait for each other here and not on threads. */
  readonly turns = new Queue(1);
  /** The last thing that a migration step threw. */
  thrown: { error: unknown; at: number } | undefined;
  /** Changes of who is told of alerts wait for each other. */
  readonly listening = new Queue(1);
  /** Ends that the last listener is told of alerts, once the library has another one or none. */
  listener: (() => void) | undefined;
  /** Transactions that have begun. */
  running = 0;
  #calls = 0;
  #transactions: Lane | undefined;
  #steps: Lane | undefined;
  #alerts: Lane | undefined;

  /** The thread that transactions are on. */
  transactions(): Lane {
    this.#transactions ??= new Lane();
    return this.#transactions;
  }

  /** The thread for steps; another one, because a migration may have to finish before a transaction can begin. */
  steps(): Lane {
    this.#steps ??= new Lane();
    return this.#steps;
  }

  /** The thread that is told of alerts; another one, because the monitor may not be held up. */
  alerts(): Lane {
    this.#alerts ??= new Lane();
    return this.#alerts;
  }

  /** Whether a call may be waiting for code of this thread's. */
  get calledBack(): boolean {
    return this.running > 0 || this.#steps !== undefined;
  }

  /** A number that grows with each call, to tell what was thrown during one. */
  mark(): number {
    this.#calls += 1;
    return this.#calls;
  }

  /** One handle fewer; without any, nothing calls back any more. */
  release(): void {
    this.handles -= 1;
    if (this.handles > 0) return;
    for (const lane of [this.#transactions, this.#steps, this.#alerts]) lane?.end();
  }
}

interface Held {
  handle: bigint;
  shared: Shared;
}

const forgotten = new FinalizationRegistry<Held>(({ handle, shared }) => {
  // why ignored: nobody is left to tell
  closeSoon(handle)
    .then(() => {
      forgetHandle(handle);
      shared.release();
    })
    .catch(() => undefined);
});

function closeError(status: number): RpmadbError {
  const name = native().rpmadb_status_name(status) as string;
  return toError({ status, name, message: `the handle was not closed: ${name}` });
}

/** Verbs that may run migration steps of the host's. */
const RUNS_STEPS = new Set(['rpmadb_migrate', 'rpmadb_rollback', 'rpmadb_test', 'rpmadb_script', 'rpmadb_script_file']);

const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as never);
const dispose: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for('Symbol.dispose') as never);

/**
 * A handle on an open database.
 *
 * Every method but `[Symbol.dispose]` works on another thread. Close it: with `await using`, or `close()`; one that was forgotten is
 * closed when it is collected.
 */
export class Database extends Verbs {
  readonly #handle: bigint;
  readonly #shared: Shared;
  readonly #lent: Session | undefined;
  readonly #opened: OpenReport | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;

  private constructor(handle: bigint, shared: Shared, lent?: Session, opened?: OpenReport) {
    super();
    this.#handle = handle;
    this.#shared = shared;
    this.#lent = lent;
    this.#opened = opened;
    // why not what is lent: the library closes it
    if (lent) return;
    shared.handles += 1;
    keepHandle(handle);
    forgotten.register(this, { handle, shared }, this);
  }

  /** Opens or creates a database, configures it, and migrates it to the latest version unless told not to. */
  static async open(path: string, options?: OpenOptions & CallOptions): Promise<Database> {
    const { call, json } = split(options);
    const file = textArgument('path', path);
    const outcome = await send(undefined, call, (op) => ({ name: 'rpmadb_open', values: [file, json, op], handle: true, text: true }));
    return new Database(outcome.handle!, new Shared(), undefined, reportOf<OpenReport>(outcome));
  }

  /** What opening it reported; undefined for handles that were not opened but made from another. */
  get opened(): OpenReport | undefined {
    return this.#opened;
  }

  /** Whether it was closed. */
  get isClosed(): boolean {
    return this.#lent ? !this.#lent.active : this.#closed;
  }

  /** The number that the functions of `native()` take. */
  get handle(): bigint {
    return this.#handle;
  }

  protected async call<R>(name: keyof typeof prototypes, given: Argument[], options: object | null | undefined, shape: Shape): Promise<R> {
    const { call, json } = split(options);
    const values = [this.#handle, ...given.map(toNative)];
    if (shape !== 'bare') values.push(json);
    const since = this.#shared.mark();
    try {
      const outcome = await send(this.#lent, call, (op) => ({
        name,
        values: shape === 'watched' ? [...values, op] : values,
        handle: false,
        text: true,
      }));
      return name === 'rpmadb_query' ? rowsOf<R>(outcome) : reportOf<R>(outcome);
    } catch (error) {
      const { thrown } = this.#shared;
      if (!RUNS_STEPS.has(name) || !thrown || thrown.at < since) throw error;
      this.#shared.thrown = undefined;
      throw thrown.error;
    }
  }

  /** Makes a second handle on the same database, for one user of the host, with that user's rights. Close it as well. */
  async as(actor: string, role: Role): Promise<Database> {
    const values = [this.#handle, textArgument('actor', actor), textArgument('role', role)];
    const outcome = await send(this.#lent, {}, () => ({ name: 'rpmadb_as', values, handle: true, text: true }));
    return new Database(outcome.handle!, this.#shared, this.#lent);
  }

  /**
   * Runs `body` in one write transaction, with a handle that is good until `body` has ended. Commits when it returns, and gives back
   * what it returned; rolls back when it throws, and throws that, or when it returns `ROLLBACK`, and gives back undefined. Calls that
   * `body` makes on other handles of this database fail with ReentrantError.
   */
  async transaction<T>(body: Body<T>, options?: CallOptions): Promise<Exclude<T, typeof ROLLBACK> | undefined> {
    const { call, json } = split(options);
    const around = new AsyncResource('rpmadb.transaction');
    let result: { value: T } | { error: unknown } | undefined;
    const code: SessionCode = async (session, handle) => {
      try {
        const value = await around.runInAsyncScope(() => sessions.run(session, () => body(new Database(handle, this.#shared, session))));
        result = { value };
        return (value as unknown) === ROLLBACK ? 1 : 0;
      } catch (error) {
        result = { error };
        return 1;
      }
    };
    const outer = sessionOf(this.#lent);
    const watch = Watch.over(call);
    const work = () => {
      const op = watch ? watch.begin() : null;
      this.#shared.running += 1;
      return (outer?.lane ?? this.#shared.transactions()).transaction(this.#handle, json, op, code).finally(() => {
        this.#shared.running -= 1;
      });
    };
    let outcome: Outcome;
    try {
      // why not in its turn inside another one: the library has to say that it is, on the thread that it is on
      outcome = await watched(watch, () => (outer ? work() : this.#shared.turns.run(work, watch)));
    } catch (error) {
      throw result && 'error' in result ? result.error : error;
    } finally {
      around.emitDestroy();
    }
    if (result && 'error' in result) throw result.error;
    const { committed } = reportOf<TransactionReport>(outcome);
    return committed && result ? (result.value as Exclude<T, typeof ROLLBACK>) : undefined;
  }

  /**
   * Registers a migration whose code is the host's own; it runs with the next `migrate()`, inside its transaction. Open with
   * `{ migrate: false }` to register steps first, and register them at every start.
   */
  async addStep(version: number | bigint, name: string, up: Body<unknown>, down?: Body<unknown> | null): Promise<void> {
    const number = toNative({ integer: version, name: 'version' });
    const text = textArgument('name', name);
    const lane = this.#shared.steps();
    const shared = this.#shared;
    const pointer = (body: Body<unknown>) => {
      const around = new AsyncResource('rpmadb.step');
      return lane.step(async (session, handle) => {
        try {
          await around.runInAsyncScope(() => sessions.run(session, () => body(new Database(handle, shared, session))));
          return 0;
        } catch (error) {
          shared.thrown = { error, at: shared.mark() };
          return 1;
        }
      });
    };
    const pointers: bigint[] = [];
    try {
      pointers.push(await pointer(up));
      if (down) pointers.push(await pointer(down));
      const values = [this.#handle, number, text, pointers[0], pointers[1] ?? null, null];
      await send(this.#lent, {}, () => ({ name: 'rpmadb_add_step', values, handle: false, text: true }));
    } catch (error) {
      for (const one of pointers) lane.release(one);
      throw error;
    }
  }

  /**
   * Has `listener` told when an alert of the monitor fires, is acknowledged or is resolved; null for nobody. There is one for each
   * database. The monitor does not wait for it, and it keeps no process alive.
   */
  async onAlert(listener: ((alert: Alert) => void) | null): Promise<void> {
    const shared = this.#shared;
    // why in turn: what is taken back must be what the library had before
    await shared.listening.run(async () => {
      const next = listener ? await this.#listen(listener) : undefined;
      if (!next) await this.#setAlert(null);
      shared.listener?.();
      shared.listener = next;
    });
  }

  /** Has `listener` told; gives back what ends that, once another one or none is set. */
  async #listen(listener: (alert: Alert) => void): Promise<() => void> {
    // why: a worker can be terminated without a word to anybody, and an alert that comes after would end the process
    if (!isMainThread) return pollAlerts(this, listener);
    const lane = this.#shared.alerts();
    const pointer = await lane.alert((text) => listener(parse(text) as Alert));
    try {
      await this.#setAlert(pointer);
    } catch (error) {
      lane.release(pointer);
      throw error;
    }
    return () => lane.release(pointer);
  }

  async #setAlert(pointer: bigint | null): Promise<void> {
    const values = [this.#handle, pointer, null];
    await send(this.#lent, {}, () => ({ name: 'rpmadb_on_alert', values, handle: false, text: true }));
  }

  /** Closes the handle: calls that run on it are cancelled and waited for. Closing it again does nothing. */
  close(): Promise<void> {
    this.#closing ??= this.#close().catch((error: unknown) => {
      this.#closing = undefined;
      throw error;
    });
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#lent && !this.#lent.active) return;
    const session = sessionOf(this.#lent);
    const { status } = await (session ? session.lane.call(closing(this.#handle)) : closeSoon(this.#handle));
    this.#over(status);
  }

  #over(status: number): void {
    if (status !== 0) throw closeError(status);
    this.#closed = true;
    if (this.#lent) return;
    forgotten.unregister(this);
    forgetHandle(this.#handle);
    this.#shared.release();
  }

  /** Closes the handle, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Closes the handle before it returns, for `using`. What a transaction or a step of this thread holds is closed behind it instead:
   * waiting for what waits for this thread would never end.
   */
  [dispose](): void {
    if (this.#closing) return;
    if (this.#lent || sessions.getStore()?.active || this.#shared.calledBack) {
      void this.close().catch(() => undefined);
      return;
    }
    this.#over(native().rpmadb_close([this.#handle]) as number);
    this.#closing = Promise.resolve();
  }

  [inspect.custom](): string {
    const path = this.#opened ? ` ${inspect(this.#opened.database_path)}` : '';
    return `Database${path}${this.isClosed ? ' (closed)' : ''}`;
  }
}
