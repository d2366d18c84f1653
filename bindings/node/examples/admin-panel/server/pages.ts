// The files that Vite made, read once: there is no path to be bent.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { FastifyInstance } from 'fastify';

const WEB = fileURLToPath(new URL('../web', import.meta.url));
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

export function pages(app: FastifyInstance): void {
  const names = ['index.html', ...readdirSync(join(WEB, 'assets')).map((name) => `assets/${name}`)];
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (!type) throw new Error(`no content type for ${name}`);
    const content = readFileSync(join(WEB, name));
    app.get(name === 'index.html' ? '/' : `/${name}`, { config: { public: true } }, (_request, reply) =>
      reply
        .header('cache-control', name === 'index.html' ? 'no-cache' : 'max-age=31536000, immutable')
        .type(type)
        .send(content),
    );
  }
}
