// What takes long: it goes on by itself, and its events can be followed from their beginning.
import { randomUUID } from 'node:crypto';

export type JobEvent =
  | { type: 'progress'; stage: string; done: number; total: number }
  | { type: 'log'; level: string; message: string }
  | { type: 'done'; report: unknown }
  | { type: 'failed'; error: { name: string; message: string; hint?: string } };

export interface Job {
  id: string;
  user: string;
  events: JobEvent[];
  over: boolean;
  abort: AbortController;
  listeners: Set<(event: JobEvent) => void>;
}

/** How long a job that is over can still be asked about. */
const KEEP_MS = 5 * 60_000;
const MOST_EVENTS = 5000;

export class Jobs {
  readonly #jobs = new Map<string, Job>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  /** Starts `work` for a user. What it throws is the job's last event, as `describe` tells it. */
  start(
    user: string,
    work: (job: Job, tell: (event: JobEvent) => void) => Promise<unknown>,
    describe: (error: unknown) => { name: string; message: string },
  ): Job {
    const job: Job = { id: randomUUID(), user, events: [], over: false, abort: new AbortController(), listeners: new Set() };
    this.#jobs.set(job.id, job);
    const tell = (event: JobEvent) => {
      if (job.events.length < MOST_EVENTS || event.type === 'done' || event.type === 'failed') job.events.push(event);
      for (const listener of job.listeners) listener(event);
    };
    if (this.#stopped) job.abort.abort();
    const run = async () => {
      try {
        const report = await work(job, tell);
        job.over = true;
        tell({ type: 'done', report });
      } catch (error) {
        job.over = true;
        tell({ type: 'failed', error: describe(error) });
      }
      setTimeout(() => this.#jobs.delete(job.id), KEEP_MS).unref();
    };
    const running = run();
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
    return job;
  }

  /** A job of that user's. */
  find(id: string, user: string): Job | undefined {
    const job = this.#jobs.get(id);
    return job?.user === user ? job : undefined;
  }

  /** Stops what runs, and all that is started from now on; ends when nothing runs any more. */
  async stopAll(): Promise<void> {
    this.#stopped = true;
    for (const job of this.#jobs.values()) job.abort.abort();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
