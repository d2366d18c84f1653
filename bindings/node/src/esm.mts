// The same module, not another copy: classes and the default database are one, whichever way a host imports them.
export * from './index.js';
