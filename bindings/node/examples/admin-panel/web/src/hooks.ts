import { useCallback, useEffect, useState } from 'preact/hooks';

import { api, follow, type JobEvent, type Refused, type Reports } from './api';

export interface Loaded<T> {
  value: T | undefined;
  error: Refused | undefined;
  reload(): void;
}

/** A report, asked for at once and whenever `tick` or `query` changes. */
export function useReport<K extends keyof Reports>(what: K, tick: number, query = '', wanted = true): Loaded<Reports[K]> {
  const [state, setState] = useState<{ value?: Reports[K]; error?: Refused }>({});
  const [again, setAgain] = useState(0);
  useEffect(() => {
    if (!wanted) return undefined;
    let current = true;
    api.get(what, query).then(
      (value) => current && setState({ value }),
      (error: Refused) => current && setState({ error }),
    );
    return () => {
      current = false;
    };
  }, [what, tick, again, query, wanted]);
  const reload = useCallback(() => setAgain((count) => count + 1), []);
  return { value: state.value, error: state.error, reload };
}

export interface Running {
  id: string;
  stage: string;
  done: number;
  total: number;
  log: { level: string; message: string }[];
  report: unknown;
  error: { name: string; message: string; hint?: string } | undefined;
  over: boolean;
}

const IDLE: Running = { id: '', stage: '', done: 0, total: 0, log: [], report: undefined, error: undefined, over: true };

function after(state: Running, event: JobEvent): Running {
  switch (event.type) {
    case 'progress':
      return { ...state, stage: event.stage, done: event.done, total: event.total };
    case 'log':
      return { ...state, log: [...state.log, { level: event.level, message: event.message }] };
    case 'done':
      return { ...state, report: event.report, over: true };
    case 'failed':
      return { ...state, error: event.error, over: true };
  }
}

/** A job that is started here and followed live. */
export function useJob(finished: () => void) {
  const [job, setJob] = useState<Running | undefined>(undefined);
  const start = async (path: string, body?: object) => {
    setJob({ ...IDLE, over: false });
    try {
      const id = await api.start(path, body);
      setJob((state) => state && { ...state, id });
      follow(id, (event) => {
        setJob((state) => state && after(state, event));
        if (event.type === 'done' || event.type === 'failed') finished();
      });
    } catch (error) {
      const { name, message } = error as Refused;
      setJob({ ...IDLE, error: { name, message } });
    }
  };
  const stop = () => void (job && api.stop(job.id));
  return { job, start, stop };
}
