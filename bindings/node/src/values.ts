/** What a column holds. Integers beyond 2^53 are bigint, BLOBs are Buffer (any Uint8Array as a parameter). */
export type Value = null | number | bigint | string | Uint8Array;

/** Parameters of a statement: a list for `?`, an object for `:name`. `true` and `false` are 1 and 0. */
export type Params = readonly (Value | boolean)[] | Readonly<Record<string, Value | boolean>>;

/** How far a call is. */
export interface CallProgress {
  /** What is being done now. */
  stage: string;
  /** Units done. */
  done: number;
  /** Units in all; 0 while unknown. */
  total: number;
}

/** What every call takes beside its own options. */
export interface CallOptions {
  /** Stops the call, which then fails with CancelledError and the signal's reason as its cause. */
  signal?: AbortSignal | undefined;
  /** Milliseconds after which the call fails with TimeoutError; 0 or absent is no limit. */
  timeout?: number | undefined;
  /** Told how far the call is, about 20 times a second. What it throws stops the call and is thrown to the caller. */
  onProgress?: ((progress: CallProgress) => void) | undefined;
}

/** An argument of a verb on its way down. */
export type Argument =
  | { text: string | null | undefined; name: string }
  | { integer: number | bigint; name: string }
  | { json: Params | null | undefined; name: string };

/** What follows the arguments of a verb: options and an operation, options alone, or nothing. */
export type Shape = 'watched' | 'unwatched' | 'bare';
