// Who is logged in. A session has a handle on the database with the rights of its user: what that user may do is decided by the library.
import { randomBytes, timingSafeEqual } from 'node:crypto';

import type { Database, Role } from 'rpmadb';

import type { Account } from './config.js';
import { hash, matches } from './passwords.js';

const IDLE_MS = 30 * 60_000;
const LONGEST_MS = 12 * 3_600_000;
const SWEEP_MS = 60_000;
/** Sessions that one user can have at once; one more ends the one that was not used for longest. */
const MOST_SESSIONS = 10;
const MOST_FAILURES = 5;
const LOCK_MS = 30_000;
/** Names without an account whose attempts are counted at once. */
const MOST_UNKNOWN = 10_000;

export interface Session {
  user: string;
  role: Role;
  db: Database;
  /** What a request that changes something has to show besides its cookie. */
  csrf: string;
  began: number;
  seen: number;
}

export class TooManyAttempts extends Error {}

/** Attempts that have failed, or may yet. */
interface Attempts {
  count: number;
  until: number;
}

export class Sessions {
  readonly #db: Database;
  readonly #accounts: Map<string, Account>;
  readonly #sessions = new Map<string, Session>();
  readonly #attempts = new Map<string, Attempts>();
  // why apart: what somebody makes up must not push out what is known of an account
  readonly #unknown = new Map<string, Attempts>();
  readonly #nobody = hash(randomBytes(16).toString('hex'));
  readonly #sweeping: NodeJS.Timeout;

  constructor(db: Database, accounts: Account[]) {
    this.#db = db;
    this.#accounts = new Map(accounts.map((account) => [account.name, account]));
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeping.unref();
  }

  /** The token of a new session; undefined when name and password do not belong together. */
  async begin(name: string, password: string): Promise<string | undefined> {
    this.#count(name);
    const account = this.#accounts.get(name);
    // why also without an account: how long it takes must not tell which names there are
    const right = await matches(password, account?.password ?? (await this.#nobody));
    if (!account || !right) return undefined;
    this.#attempts.delete(name);
    this.#sweep();
    const token = randomBytes(32).toString('base64url');
    const now = Date.now();
    const db = await this.#db.as(account.name, account.role);
    const csrf = randomBytes(32).toString('base64url');
    this.#sessions.set(token, { user: account.name, role: account.role, db, csrf, began: now, seen: now });
    const own = [...this.#sessions].filter(([, { user }]) => user === account.name).sort(([, one], [, other]) => one.seen - other.seen);
    for (const [old] of own.slice(0, -MOST_SESSIONS)) this.#drop(old);
    return token;
  }

  /** Counts an attempt, before it is known what becomes of it: many at once are many. Names without an account are locked alike. */
  #count(name: string): void {
    const list = this.#accounts.has(name) ? this.#attempts : this.#unknown;
    const { count, until } = list.get(name) ?? { count: 0, until: 0 };
    const now = Date.now();
    if (count >= MOST_FAILURES && now < until) throw new TooManyAttempts();
    // why deleted first: it becomes the last one, and the first one goes
    list.delete(name);
    list.set(name, { count: count + 1, until: now + LOCK_MS });
    const [oldest] = this.#unknown.keys();
    if (this.#unknown.size > MOST_UNKNOWN) this.#unknown.delete(oldest!);
  }

  /** Ends the sessions that are over. */
  #sweep(): void {
    for (const [token, session] of this.#sessions) if (isOver(session)) this.#drop(token);
  }

  #drop(token: string): void {
    this.end(token).catch((error: unknown) => console.error(error));
  }

  /** The session of a token, as long as it is good. */
  find(token: string | undefined): Session | undefined {
    const session = token === undefined ? undefined : this.#sessions.get(token);
    if (!session) return undefined;
    if (isOver(session)) {
      this.#drop(token!);
      return undefined;
    }
    session.seen = Date.now();
    return session;
  }

  async end(token: string): Promise<void> {
    const session = this.#sessions.get(token);
    this.#sessions.delete(token);
    await session?.db.close();
  }

  async endAll(): Promise<void> {
    clearInterval(this.#sweeping);
    await Promise.all([...this.#sessions.keys()].map((token) => this.end(token)));
  }
}

function isOver({ seen, began }: Session): boolean {
  const now = Date.now();
  return now - seen > IDLE_MS || now - began > LONGEST_MS;
}

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
