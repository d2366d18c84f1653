// Passwords as scrypt hashes: `scrypt$N$r$p$SALT$HASH`, the last two in base64.
import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const COST = { N: 32768, r: 8, p: 1 };
const LENGTH = 32;

function derive(password: string, salt: Buffer, { N, r, p }: { N: number; r: number; p: number }): Promise<Buffer> {
  const options: ScryptOptions = { N, r, p, maxmem: 256 * N * r };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, LENGTH, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** The hash of a password. */
export async function hash(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST);
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString('base64')}$${key.toString('base64')}`;
}

/** Whether `password` is that of `stored`. */
export async function matches(password: string, stored: string): Promise<boolean> {
  const [kind, N, r, p, salt, key] = stored.split('$');
  if (kind !== 'scrypt' || !salt || !key) throw new Error('a password in the configuration is not a scrypt hash');
  const expected = Buffer.from(key, 'base64');
  const found = await derive(password, Buffer.from(salt, 'base64'), { N: Number(N), r: Number(r), p: Number(p) });
  return expected.length === found.length && timingSafeEqual(expected, found);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // why from standard input: an argument stands in the list of processes
  process.stdout.write('password: ');
  for await (const line of (await import('node:readline')).createInterface({ input: process.stdin })) {
    console.log(await hash(line));
    break;
  }
}
