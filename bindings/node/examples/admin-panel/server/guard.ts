// Keeps out what does not come from the panel's own pages in a browser on this machine.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { sameText, type Session, type Sessions } from './sessions.js';

export const COOKIE = 'rpmadb_session';

declare module 'fastify' {
  interface FastifyRequest {
    session: Session | null;
  }
  interface FastifyContextConfig {
    /** Whether a route is there for who is not logged in; without it, it is not. */
    public?: boolean;
  }
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** The token in the cookie of a request. */
export function tokenOf(request: FastifyRequest): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === COOKIE) return value;
  }
  return undefined;
}

/** What is wrong with where a request comes from. */
function foreign(request: FastifyRequest, port: number): string | undefined {
  const { host, origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (!LOOPBACK.has(request.ip)) return 'the panel answers this machine only';
  // why: a page elsewhere can have its own name point here
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  if (!host || !hosts.includes(host)) return 'the panel is not here by that name';
  if (origin !== undefined && origin !== `http://${host}`) return 'the request comes from another page';
  if (site !== undefined && site !== 'same-origin' && !(site === 'none' && request.method === 'GET')) {
    return 'the request comes from another site';
  }
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  if (changes && origin === undefined) return 'the request does not say where it comes from';
  return undefined;
}

export function guard(app: FastifyInstance, sessions: Sessions, port: () => number): void {
  app.decorateRequest('session', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    // why the route: a path can be written in many ways, and where it leads to has been decided
    const { url, config } = request.routeOptions;
    if (!config.public || url?.startsWith('/api/')) reply.header('cache-control', 'no-store');
    const wrong = foreign(request, port());
    if (wrong) return refuse(reply, 403, 'FOREIGN', wrong);
    if (config.public) return undefined;
    request.session = sessions.find(tokenOf(request)) ?? null;
    if (!request.session) return refuse(reply, 401, 'LOGGED_OUT', 'nobody is logged in');
    const shown = request.headers['x-csrf-token'];
    if (request.method !== 'GET' && !(typeof shown === 'string' && sameText(shown, request.session.csrf))) {
      return refuse(reply, 403, 'FORGED', 'the request does not show the token of the session');
    }
    return undefined;
  });
}

export function refuse(reply: FastifyReply, code: number, name: string, message: string): FastifyReply {
  return reply.code(code).send({ error: { name, message } });
}
