// Who is logged in. A session has a handle on the database with the rights of its user: what that user may do is decided by the library.
import { randomBytes, timingSafeEqual } from 'node:crypto';

import type { Database, Role } from 'rpmadb';

import type { Account } from './config.js';
import { hash, matches } from './passwords.js';

const IDLE_MS = 30 * 60_000;
const LONGEST_MS = 12 * 3_600_000;
const MOST_FAILURES = 5;
const LOCK_MS = 30_000;

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

export class Sessions {
  readonly #db: Database;
  readonly #accounts: Map<string, Account>;
  readonly #sessions = new Map<string, Session>();
  readonly #failures = new Map<string, { count: number; until: number }>();
  readonly #nobody = hash(randomBytes(16).toString('hex'));

  constructor(db: Database, accounts: Account[]) {
    this.#db = db;
    this.#accounts = new Map(accounts.map((account) => [account.name, account]));
  }

  /** The token of a new session; undefined when name and password do not belong together. */
  async begin(name: string, password: string): Promise<string | undefined> {
    const failures = this.#failures.get(name);
    if (failures && failures.count >= MOST_FAILURES && Date.now() < failures.until) throw new TooManyAttempts();
    const account = this.#accounts.get(name);
    // why also without an account: how long it takes must not tell which names there are
    const right = await matches(password, account?.password ?? (await this.#nobody));
    if (!account || !right) {
      // why only for names that are: the list must not grow with what somebody makes up
      if (account) this.#failures.set(name, { count: (failures?.count ?? 0) + 1, until: Date.now() + LOCK_MS });
      return undefined;
    }
    this.#failures.delete(name);
    const token = randomBytes(32).toString('base64url');
    const now = Date.now();
    const db = await this.#db.as(account.name, account.role);
    const csrf = randomBytes(32).toString('base64url');
    this.#sessions.set(token, { user: account.name, role: account.role, db, csrf, began: now, seen: now });
    return token;
  }

  /** The session of a token, as long as it is good. */
  find(token: string | undefined): Session | undefined {
    const session = token === undefined ? undefined : this.#sessions.get(token);
    if (!session) return undefined;
    const now = Date.now();
    if (now - session.seen > IDLE_MS || now - session.began > LONGEST_MS) {
      void this.end(token!);
      return undefined;
    }
    session.seen = now;
    return session;
  }

  async end(token: string): Promise<void> {
    const session = this.#sessions.get(token);
    this.#sessions.delete(token);
    await session?.db.close();
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((token) => this.end(token)));
  }
}

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
