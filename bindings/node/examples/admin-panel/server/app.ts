// The panel's server: each route is a verb of the library, made through the handle of whoever asks.
import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { Database, DeniedError, flushLog, RpmadbError, setLog, type LogLine } from 'rpmadb';

import type { Config } from './config.js';
import { COOKIE, guard, refuse, tokenOf } from './guard.js';
import { Jobs, type Job, type JobEvent } from './jobs.js';
import { pages } from './pages.js';
import { Sessions, TooManyAttempts } from './sessions.js';

/** JSON with integers of any size; those that JavaScript cannot hold are texts. */
const write = (value: unknown) => JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? one.toString() : one));

function describe(error: unknown): { name: string; message: string; hint?: string } {
  if (error instanceof RpmadbError) {
    const { name, message, hint } = error;
    return hint ? { name, message, hint } : { name, message };
  }
  return { name: 'INTERNAL', message: 'the panel has failed' };
}

function codeOf(error: RpmadbError): number {
  if (error instanceof DeniedError) return 403;
  return { NOT_FOUND: 404, ALREADY_EXISTS: 409, BUSY: 409, INVALID_ARGUMENT: 400, STALE_HANDLE: 401 }[error.name] ?? 500;
}

const text = { type: 'string', maxLength: 1000 } as const;
const body = (properties: Record<string, unknown>, required: string[] = []) => ({
  schema: { body: { type: 'object', properties, required, additionalProperties: false } },
});

export interface Panel {
  app: FastifyInstance;
  /** Listens; gives back the address. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

export async function makePanel(config: Config): Promise<Panel> {
  for (const folder of [dirname(config.database), config.backups]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const db = await Database.open(config.database, {
    metrics: true,
    slow_query_ms: 50,
    ...config.open,
    backup: { folder: config.backups, ...config.open.backup },
  });
  const sessions = new Sessions(db, config.accounts);
  const jobs = new Jobs();
  let port = config.port;

  // why one at a time: a log line does not say which script it is of
  let script: { tell: (event: JobEvent) => void } | undefined;
  let scripts: Promise<unknown> = Promise.resolve();
  await setLog('info', ({ level, target, message }: LogLine) => {
    if (target === 'rpmadb::script') script?.tell({ type: 'log', level, message });
  });

  const app = fastify({ bodyLimit: 64 * 1024, routerOptions: { maxParamLength: 200 } });
  app.setReplySerializer(write);
  app.removeContentTypeParser('text/plain');
  guard(app, sessions, () => port);
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof RpmadbError) return reply.code(codeOf(error)).send({ error: describe(error) });
    const code = error.statusCode ?? 500;
    if (code >= 500) console.error(error);
    return refuse(reply, code, code < 500 ? 'INVALID_REQUEST' : 'INTERNAL', code < 500 ? error.message : 'the panel has failed');
  });

  // Who is there.
  app.post<{ Body: { name: string; password: string } }>(
    '/api/login',
    { ...body({ name: text, password: text }, ['name', 'password']), config: { public: true } },
    async ({ body: { name, password } }, reply) => {
      let token;
      try {
        token = await sessions.begin(name, password);
      } catch (error) {
        if (error instanceof TooManyAttempts) return refuse(reply, 429, 'TOO_MANY', 'too many attempts: wait half a minute');
        throw error;
      }
      if (!token) return refuse(reply, 401, 'WRONG_PASSWORD', 'name and password do not belong together');
      reply.header('set-cookie', `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict`);
      const { user, role, csrf } = sessions.find(token)!;
      return { user, role, csrf };
    },
  );
  app.get('/api/session', async (request) => {
    const { user, role, csrf } = request.session!;
    return { user, role, csrf };
  });
  app.post('/api/logout', async (request, reply) => {
    await sessions.end(tokenOf(request)!);
    reply.header('set-cookie', `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`);
    return {};
  });

  // What is to be seen.
  const mine = (request: FastifyRequest) => request.session!.db;
  app.get('/api/health', (request) => mine(request).health());
  app.get('/api/stats', (request) => mine(request).stats());
  app.get('/api/diagnostics', (request) => mine(request).diagnostics());
  app.get('/api/metrics', (request) => mine(request).metrics({ limit: 20, indexes: false }));
  app.get('/api/migrations', (request) => mine(request).migrations());
  app.get('/api/backups', (request) => mine(request).backups());
  app.get('/api/scripts', (request) => mine(request).scripts());
  app.get<{ Querystring: { outcome?: string; actor?: string } }>('/api/audit', (request) => {
    const { outcome, actor } = request.query;
    return mine(request).audit({ limit: 100, ...(outcome ? { outcome } : {}), ...(actor ? { actor } : {}) });
  });

  // What changes something. Each is a job, so that it can be followed and stopped.
  type Work = (own: Database, job: Job, tell: (event: JobEvent) => void) => Promise<unknown>;
  const start = (request: FastifyRequest, work: Work) => {
    const { user, role } = request.session!;
    const run = async (job: Job, tell: (event: JobEvent) => void) => {
      // why not the session's: what its user has begun goes on without it
      const own = await db.as(user, role);
      try {
        return await work(own, job, tell);
      } finally {
        await own.close();
      }
    };
    return { job: jobs.start(user, run, describe).id };
  };
  const watch = (job: Job, tell: (event: JobEvent) => void) => ({
    signal: job.abort.signal,
    onProgress: (progress: { stage: string; done: number; total: number }) => tell({ type: 'progress', ...progress }),
  });

  app.post<{ Body: { mode: string } }>('/api/checkpoint', body({ mode: text }, ['mode']), (request) =>
    mine(request).checkpoint(request.body.mode),
  );
  app.post('/api/backups', body({}), (request) => start(request, (own, job, tell) => own.backup(null, watch(job, tell))));
  /** The backup of that name in the folder: nobody names any other file through here. */
  const backup = async (name: string) => {
    const { backups } = await db.backups();
    const found = backups.find(({ path }) => basename(path) === name);
    // why asked all the same: the library says first who may
    return found?.path ?? join(config.backups, 'no-such-backup');
  };
  app.post<{ Body: { name: string } }>('/api/verify', body({ name: text }, ['name']), async (request) => {
    const path = await backup(request.body.name);
    return start(request, (own, job, tell) => own.verify(path, watch(job, tell)));
  });
  app.post<{ Body: { name: string } }>('/api/restore', body({ name: text }, ['name']), async (request) => {
    const path = await backup(request.body.name);
    return start(request, (own, job, tell) => own.restore(path, watch(job, tell)));
  });
  app.post('/api/undo-restore', body({}), (request) => start(request, (own, job, tell) => own.undoRestore(watch(job, tell))));
  app.post('/api/audit/verify', body({}), (request) => mine(request).audit({ verify: true, limit: 0 }));

  const run = { name: text, args: { type: 'object' }, dry_run: { type: 'boolean' } };
  app.post<{ Body: { name: string; args?: Record<string, unknown>; dry_run?: boolean } }>(
    '/api/scripts',
    body(run, ['name']),
    async (request, reply) => {
      const { name, args = {}, dry_run = false } = request.body;
      const { scripts: known } = await db.scripts();
      // why: a name that is none is a path to the library
      if (!known.some((one) => one.name === name)) return refuse(reply, 404, 'NOT_FOUND', 'there is no script of that name');
      return start(request, (own, job, tell) => {
        const work = async () => {
          script = { tell };
          try {
            return await own.scriptFile(name, { args, dry_run, signal: job.abort.signal });
          } finally {
            await flushLog();
            script = undefined;
          }
        };
        const result = scripts.then(work);
        scripts = result.catch(() => undefined);
        return result;
      });
    },
  );

  // Jobs.
  const jobOf = (request: FastifyRequest) => jobs.find((request.params as { id: string }).id, request.session!.user);
  app.delete('/api/jobs/:id', async (request, reply) => {
    const job = jobOf(request);
    if (!job) return refuse(reply, 404, 'NOT_FOUND', 'there is no such job');
    job.abort.abort();
    return {};
  });
  app.get('/api/jobs/:id/events', (request, reply) => {
    const job = jobOf(request);
    if (!job) return refuse(reply, 404, 'NOT_FOUND', 'there is no such job');
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), 'content-type': 'text/event-stream' });
    const send = (event: JobEvent) => {
      raw.write(`data: ${write(event)}\n\n`);
      if (event.type !== 'done' && event.type !== 'failed') return;
      job.listeners.delete(send);
      raw.end();
    };
    for (const event of job.events) send(event);
    if (job.over) return undefined;
    job.listeners.add(send);
    raw.on('close', () => job.listeners.delete(send));
    return undefined;
  });

  pages(app);

  return {
    app,
    listen: async () => {
      const address = await app.listen({ host: '127.0.0.1', port });
      port = Number(new URL(address).port);
      return address;
    },
    close: async () => {
      // why first: connections that follow a job end with it
      await jobs.stopAll();
      await app.close();
      await sessions.endAll();
      await setLog('off', null);
      await db.close();
    },
  };
}
