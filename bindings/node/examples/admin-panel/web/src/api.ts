// The panel's server, as the pages call it.
import type {
  AuditReport,
  BackupsReport,
  CheckpointReport,
  DiagnosticsReport,
  Figures,
  HealthReport,
  MigrationsReport,
  Role,
  ScriptsReport,
  StatsReport,
} from 'rpmadb';

export interface Me {
  user: string;
  role: Role;
  csrf: string;
}

export class Refused extends Error {
  constructor(
    readonly code: number,
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

export type JobEvent =
  | { type: 'progress'; stage: string; done: number; total: number }
  | { type: 'log'; level: string; message: string }
  | { type: 'done'; report: unknown }
  | { type: 'failed'; error: { name: string; message: string; hint?: string } };

let csrf = '';

async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET') headers['x-csrf-token'] = csrf;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const answer = await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const said = (await answer.json()) as T & { error?: { name: string; message: string } };
  if (!answer.ok) throw new Refused(answer.status, said.error?.name ?? 'UNKNOWN', said.error?.message ?? answer.statusText);
  return said;
}

const remember = (me: Me) => {
  csrf = me.csrf;
  return me;
};

export interface Reports {
  health: HealthReport;
  stats: StatsReport;
  diagnostics: DiagnosticsReport;
  metrics: Figures;
  migrations: MigrationsReport;
  backups: BackupsReport;
  scripts: ScriptsReport;
  audit: AuditReport;
}

export const api = {
  me: () => request<Me>('GET', '/api/session').then(remember),
  login: (name: string, password: string) => request<Me>('POST', '/api/login', { name, password }).then(remember),
  logout: () => request<object>('POST', '/api/logout'),
  get: <K extends keyof Reports>(what: K, query = '') => request<Reports[K]>('GET', `/api/${what}${query}`),
  checkpoint: () => request<CheckpointReport>('POST', '/api/checkpoint', { mode: 'truncate' }),
  verifyAudit: () => request<AuditReport>('POST', '/api/audit/verify', {}),
  start: (path: string, body: object = {}) => request<{ job: string }>('POST', `/api/${path}`, body).then(({ job }) => job),
  stop: (job: string) => request<object>('DELETE', `/api/jobs/${job}`),
};

/** Follows a job to its end. */
export function follow(job: string, listener: (event: JobEvent) => void): () => void {
  const source = new EventSource(`/api/jobs/${job}/events`);
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data as string) as JobEvent;
    if (event.type === 'done' || event.type === 'failed') source.close();
    listener(event);
  };
  source.onerror = () => {
    source.close();
    listener({ type: 'failed', error: { name: 'CONNECTION', message: 'the connection to the server was lost' } });
  };
  return () => source.close();
}
