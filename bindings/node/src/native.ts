// The shared library: where it is found, and its functions as koffi calls them.
import * as koffi from 'koffi';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { ownError } from './errors';
import { ABI_VERSION, prototypes } from './generated';

/** A function of the library: on this thread, or with `async` on one of libuv's. */
export type NativeFunction = koffi.KoffiFunc<(...values: any[]) => any>;
/** The functions of the library by name. */
export type Native = { readonly [name in keyof typeof prototypes]: NativeFunction };
/** The callbacks that the library takes. */
export type CallbackKind = 'progress' | 'step' | 'alert' | 'log';

// why: koffi runs native code on stacks of its own, and the 128 KiB that it gives calls on other threads by default are not
// enough for SQLite's parser. They are mapped, not used, until something needs them.
const STACK = 4 * 1024 * 1024;

interface Loaded {
  path: string;
  functions: Native;
  register(kind: CallbackKind, code: (...values: any[]) => any): bigint;
}

let loaded: Loaded | undefined;

function fileName(): string {
  if (process.platform === 'win32') return 'rpmadb.dll';
  return process.platform === 'darwin' ? 'librpmadb.dylib' : 'librpmadb.so';
}

/** Where the library may be; the last one is for the system's loader to find. */
function candidates(): string[] {
  const chosen = process.env.RPMADB_LIBRARY;
  if (chosen) return [chosen];
  const root = join(__dirname, '..');
  const beside = [join(root, fileName()), join(root, 'lib', fileName())].filter((path) => existsSync(path));
  return [...beside, fileName()];
}

function openLibrary(path?: string): { path: string; library: koffi.LibraryHandle } {
  const problems: string[] = [];
  for (const candidate of path === undefined ? candidates() : [path]) {
    try {
      return { path: candidate, library: koffi.load(candidate) };
    } catch (error) {
      problems.push(`${candidate}: ${(error as Error).message}`);
    }
  }
  throw ownError('NOT_FOUND', `the rpmadb library could not be loaded: ${problems.join('; ')}`);
}

function configure(): void {
  const { async_stack_size = 0, sync_stack_size = 0 } = koffi.config();
  if (async_stack_size >= STACK && sync_stack_size >= STACK) return;
  try {
    koffi.config({ async_stack_size: Math.max(async_stack_size, STACK), sync_stack_size: Math.max(sync_stack_size, STACK) });
  } catch (cause) {
    const message = 'koffi has loaded another library already, with stacks that are too small: call loadLibrary() of rpmadb first';
    throw ownError('UNSUPPORTED', message, { cause });
  }
}

function load(path?: string): Loaded {
  configure();
  const { path: found, library } = openLibrary(path);

  // why first, and only these: another ABI may lack other functions
  let abi: number;
  try {
    abi = library.func('rpmadb_abi_version', 'uint32', [])() as number;
  } catch (cause) {
    throw ownError('ABI_MISMATCH', `${found} is not the rpmadb library`, { cause });
  }
  if (library.func('rpmadb_check_abi', 'int32', ['uint32'])(ABI_VERSION) !== 0) {
    throw ownError('ABI_MISMATCH', `the library ${found} has ABI ${abi}, and this package is made for ABI ${ABI_VERSION}`);
  }

  const pointer = koffi.pointer('void');
  const protos: Record<CallbackKind, koffi.TypeObject> = {
    progress: koffi.pointer(koffi.proto('int32', ['uint64', 'uint64', 'str', pointer])),
    step: koffi.pointer(koffi.proto('int32', [pointer, pointer])),
    alert: koffi.pointer(koffi.proto('void', ['str', pointer])),
    log: koffi.pointer(koffi.proto('void', ['int32', 'str', 'str', pointer])),
  };
  // why disposable: koffi copies the text and hands it back to rpmadb_free by itself
  const text = koffi.disposable(koffi.types.str, library.func('rpmadb_free', 'void', [pointer]));
  const types = {
    ...protos,
    void: 'void',
    int32: 'int32',
    uint32: 'uint32',
    int64: 'int64',
    uint64: 'uint64',
    text: 'str',
    pointer,
    handle: pointer,
    'owned text': pointer,
    'text out': koffi.out(koffi.pointer(text)),
    'handle out': koffi.out(koffi.pointer(pointer)),
    'handle inout': koffi.inout(koffi.pointer(pointer)),
    'int64 out': koffi.out(koffi.pointer('int64')),
    'double out': koffi.out(koffi.pointer('double')),
  };
  const functions: Record<string, NativeFunction> = {};
  for (const [name, [result, parameters]] of Object.entries(prototypes)) {
    functions[name] = library.func(
      name,
      types[result],
      parameters.map((one) => types[one]),
    ) as NativeFunction;
  }
  return {
    path: found,
    functions: functions as Native,
    register: (kind, code) => koffi.register(code, protos[kind]),
  };
}

/**
 * Loads the library now, from `path` or from where it is found: in `RPMADB_LIBRARY`, beside this package, or where the system
 * looks. The first call of anything else does so too. Gives back what was loaded.
 */
export function loadLibrary(path?: string): string {
  if (loaded && path !== undefined && path !== loaded.path) {
    throw ownError('INVALID_ARGUMENT', `the library ${loaded.path} is loaded already, and ${path} cannot be loaded beside it`);
  }
  loaded ??= load(path);
  return loaded.path;
}

/** The functions of the library, for what the classes here do not do: each as the header has it. */
export function native(): Native {
  loaded ??= load();
  return loaded.functions;
}

/** A pointer to a function of this thread's; it never goes away. */
export function register(kind: CallbackKind, code: (...values: any[]) => any): bigint {
  loaded ??= load();
  return loaded.register(kind, code);
}

/** Gives a pointer back that nothing will call any more. */
export function unregister(pointer: bigint): void {
  koffi.unregister(pointer);
}
