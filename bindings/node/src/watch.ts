// Signal, time-out and progress of one call.
import { CancelledError, ownError, toError } from './errors';
import { native } from './native';
import type { Stoppable } from './queue';
import type { CallOptions, CallProgress } from './values';

/** The longest that a timer can be set for. */
const LONGEST_MS = 2 ** 31 - 1;
/** Between two looks at how far a call is. */
const POLL_MS = 50;

export class Watch implements Stoppable {
  readonly #options: CallOptions;
  readonly #started = performance.now();
  #op: bigint | null = null;
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #stop: ((reason: unknown) => void) | undefined;
  #told = '';
  #thrown: { error: unknown } | undefined;

  /** A watch, when there is something to watch for. Throws when the signal has fired already. */
  static over(options: CallOptions): Watch | undefined {
    const { signal, timeout, onProgress } = options;
    if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0)) {
      throw new TypeError(`timeout is ${String(timeout)}, and must be a number of milliseconds`);
    }
    if (signal?.aborted) throw cancelled(signal);
    // why: a limit that no timer can be set for is none
    const limit = timeout !== undefined && timeout <= LONGEST_MS ? timeout : 0;
    return signal || limit || onProgress ? new Watch({ signal, onProgress, timeout: limit }) : undefined;
  }

  private constructor(options: CallOptions) {
    this.#options = options;
    options.signal?.addEventListener('abort', this.#abort);
    if (options.timeout) {
      this.#timer = setTimeout(
        () => this.#stop?.(ownError('TIMEOUT', `the call waited for ${options.timeout} ms and did not begin`)),
        options.timeout,
      );
    }
  }

  onStop(stop: (reason: unknown) => void): () => void {
    this.#stop = stop;
    return () => {
      this.#stop = undefined;
    };
  }

  /** The call begins: what it is to be given. */
  begin(): bigint {
    clearTimeout(this.#timer);
    const { timeout, onProgress, signal } = this.#options;
    const out: [bigint | null] = [null];
    const status = native().rpmadb_op_new(out) as number;
    const op = out[0];
    if (status !== 0 || op === null) throw ownError('NO_MEMORY', 'too many handles are open');
    this.#op = op;
    if (timeout) {
      const left = timeout - (performance.now() - this.#started);
      native().rpmadb_op_set_timeout_ms(op, Math.max(1, Math.ceil(left)));
    }
    // why here too: it may have fired while the call was on its way
    if (signal?.aborted) native().rpmadb_op_cancel(op);
    if (onProgress) this.#poll = setInterval(() => this.#tell(onProgress), POLL_MS);
    return op;
  }

  /** The call is over: lets go of everything. Throws what a callback threw. */
  end(): void {
    const { onProgress, signal } = this.#options;
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    signal?.removeEventListener('abort', this.#abort);
    if (this.#op !== null) {
      if (onProgress) this.#tell(onProgress);
      native().rpmadb_op_free([this.#op]);
      this.#op = null;
    }
    if (this.#thrown) throw this.#thrown.error;
  }

  /** Gives `error` the reason of the signal, when that is why. */
  explain(error: unknown): unknown {
    const { signal } = this.#options;
    return error instanceof CancelledError && signal?.aborted ? cancelled(signal, error) : error;
  }

  readonly #abort = () => {
    const { signal } = this.#options;
    if (this.#op !== null) native().rpmadb_op_cancel(this.#op);
    else if (signal) this.#stop?.(cancelled(signal));
  };

  #tell(onProgress: (progress: CallProgress) => void): void {
    if (this.#thrown || this.#op === null) return;
    const out: [string | null] = [null];
    native().rpmadb_op_progress(this.#op, out);
    const text = out[0];
    if (text === null || text === this.#told) return;
    this.#told = text;
    const { stage, done, total } = JSON.parse(text) as CallProgress;
    if (stage === '') return;
    try {
      onProgress({ stage, done, total });
    } catch (error) {
      this.#thrown = { error };
      native().rpmadb_op_cancel(this.#op);
    }
  }
}

function cancelled(signal: AbortSignal, said?: CancelledError): CancelledError {
  const message = said?.message ?? 'the call was cancelled before it began';
  return toError({ ...said, status: 500, name: 'CANCELLED', message }, { cause: signal.reason }) as CancelledError;
}
