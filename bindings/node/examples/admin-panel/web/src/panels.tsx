// The panels of the page, one a subject.
import { useMemo, useState } from 'preact/hooks';
import type { CheckpointReport, ScriptArg, ScriptEntry, ScriptReport } from 'rpmadb';

import { api, type Refused } from './api';
import { Bars } from './chart';
import { useJob, useReport } from './hooks';
import { useTexts } from './i18n';
import { Ask, Badge, Card, JobView, Problem, Table } from './parts';

export interface PanelProps {
  /** Changes when everything is to be asked for anew. */
  tick: number;
  /** Whether the user may change anything. */
  mayChange: boolean;
  theme: string;
  changed(): void;
}

const nameOf = (path: string) => path.split('/').pop() ?? path;

export function Overview({ tick }: PanelProps) {
  const { t, number, bytes } = useTexts();
  const health = useReport('health', tick);
  const stats = useReport('stats', tick);
  const metrics = useReport('metrics', tick);
  const pool = metrics.value?.pool;
  return (
    <div class="figures">
      <Figure label={t.health}>
        {health.value ? <Badge state={health.value.status}>{t.states[health.value.status]}</Badge> : '…'}
        {health.value && (
          <small>
            {t.score} {number(health.value.score)} / 100
          </small>
        )}
      </Figure>
      <Figure label={t.size}>{stats.value ? bytes(stats.value.size_bytes) : '…'}</Figure>
      <Figure label={t.wal}>{stats.value ? bytes(stats.value.wal_size_bytes) : '…'}</Figure>
      <Figure label={t.pool}>
        {pool ? number(pool.connections) : '…'}
        {pool && (
          <small>
            {number(pool.idle_connections)} {t.poolText} {number(pool.max_connections)}
          </small>
        )}
      </Figure>
    </div>
  );
}

function Figure({ label, children }: { label: string; children: preact.ComponentChildren }) {
  return (
    <div class="figure" role="group" aria-label={label}>
      <span class="quiet">{label}</span>
      <strong>{children}</strong>
    </div>
  );
}

export function Health({ tick }: PanelProps) {
  const { t, number, bytes } = useTexts();
  const { value, error } = useReport('health', tick);
  const order = ['critical', 'degraded', 'unknown', 'ok'];
  const checks = [...(value?.checks ?? [])].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  const written = (id: string, measured: unknown) => {
    if (typeof measured === 'number') return /disk|size/.test(id) ? bytes(measured) : number(measured);
    if (typeof measured === 'boolean') return measured ? t.yes : t.no;
    return measured === null ? '–' : String(measured);
  };
  return (
    <Card title={t.health}>
      <Problem error={error} />
      {value && checks.every(({ status }) => status === 'ok') && <p>{t.allWell}</p>}
      <Table label={t.health} heads={[t.check, t.state, t.value, t.remedy]}>
        {checks.map(({ id, status, value: measured, remedy }) => (
          <tr key={id}>
            <th scope="row">{id}</th>
            <td>
              <Badge state={status}>{t.states[status]}</Badge>
            </td>
            <td>{written(id, measured)}</td>
            <td>{remedy ?? '–'}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

/** The tables that the original system's page showed. */
const MAIN = ['users', 'tasks', 'clients', 'interventions'];
const MOST_BARS = 12;

export function Tables({ tick, theme }: PanelProps) {
  const { t, number } = useTexts();
  const { value, error } = useReport('stats', tick);
  const rows = useMemo(() => {
    const known = Object.entries(value?.tables ?? {}).filter((entry): entry is [string, number] => entry[1] !== null);
    return known.sort((a, b) => b[1] - a[1]);
  }, [value]);
  const bars = useMemo(() => {
    // why without these: what the library and the full-text search keep for themselves says nothing to a reader
    const others = rows.filter(([name]) => !MAIN.includes(name) && !/^rpmadb_|_fts(_|$)/.test(name));
    return [...rows.filter(([name]) => MAIN.includes(name)), ...others].slice(0, MOST_BARS);
  }, [rows]);
  return (
    <Card title={t.tables}>
      <Problem error={error} />
      {bars.length > 0 && <Bars values={bars} label={t.tables} theme={theme} />}
      <details>
        <summary>{t.showTable}</summary>
        <Table label={t.tables} heads={[t.table, t.rows]}>
          {rows.map(([name, count]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{number(count)}</td>
            </tr>
          ))}
        </Table>
      </details>
    </Card>
  );
}

export function Diagnostics({ tick }: PanelProps) {
  const { t, number, bytes } = useTexts();
  const [asked, setAsked] = useState(false);
  const { value, error, reload } = useReport('diagnostics', tick, '', asked);
  const facts: [string, string][] = value
    ? [
        [t.integrity, value.integrity],
        [t.journal, value.journal_mode],
        [t.wal, `${number(value.wal_checkpoint[1])} / ${number(value.wal_checkpoint[0])}`],
        [t.busyTimeout, `${number(value.busy_timeout_ms)} ms`],
        [
          t.pool,
          `${number(value.pool_state.connections)} (${number(value.pool_state.idle_connections)} ${t.poolText} ${number(value.pool_state.max_connections)})`,
        ],
        [t.foreignKeys, value.foreign_key_check ? number(value.foreign_key_check.length) : '–'],
        [t.drift, value.schema_drift ? number(value.schema_drift.length) : '–'],
        [t.disk, value.disks.map((disk) => `${disk.what}: ${bytes(disk.free_bytes)}`).join(', ')],
        [t.sqlite, value.sqlite_version],
      ]
    : [];
  return (
    <Card
      title={t.diagnostics}
      actions={
        <button type="button" onClick={() => (asked ? reload() : setAsked(true))}>
          {t.diagnose}
        </button>
      }
    >
      <Problem error={error} />
      {asked && !value && !error && <p role="status">{t.loading}</p>}
      {value && (
        <dl>
          {facts.map(([name, fact]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{fact}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}

export function Checkpoint({ mayChange, changed }: PanelProps) {
  const { t, number } = useTexts();
  const [state, setState] = useState<{ report?: CheckpointReport; error?: Refused }>({});
  const run = () =>
    api.checkpoint().then(
      (report) => {
        setState({ report });
        changed();
      },
      (error: Refused) => setState({ error }),
    );
  return (
    <Card
      title={t.checkpoint}
      actions={
        <button type="button" disabled={!mayChange} onClick={run}>
          {t.run}
        </button>
      }
    >
      <p class="quiet">{t.checkpointText}</p>
      <Problem error={state.error} />
      <p role="status">
        {state.report && `${number(state.report.checkpointed)} / ${number(state.report.log)} ${t.checkpointDone}. `}
        {state.report?.busy && t.checkpointBusy}
      </p>
    </Card>
  );
}

export function Migrations({ tick }: PanelProps) {
  const { t, time, ms } = useTexts();
  const { value, error } = useReport('migrations', tick);
  return (
    <Card title={t.migrations} wide>
      <Problem error={error} />
      <Table label={t.migrations} heads={[t.version, t.name, t.state, t.appliedAt, t.by, t.duration]}>
        {[...(value?.migrations ?? [])].reverse().map((one) => (
          <tr key={`${one.version}-${one.name}`}>
            <th scope="row">{one.version ?? 'R'}</th>
            <td>{one.name}</td>
            <td>{one.state}</td>
            <td>{time(one.applied_at)}</td>
            <td>{one.actor ?? '–'}</td>
            <td class="number">{ms(one.duration_ms)}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

export function Slow({ tick }: PanelProps) {
  const { t, number, time, ms } = useTexts();
  const { value, error } = useReport('metrics', tick);
  return (
    <Card title={t.slow} wide>
      <Problem error={error} />
      {value?.slow.length === 0 && <p>{t.noSlow}</p>}
      {value && value.slow.length > 0 && (
        <Table label={t.slow} heads={[t.when, t.statement, t.duration, t.who]}>
          {value.slow.map((one, at) => (
            <tr key={at}>
              <td>{time(one.at)}</td>
              <td class="code">{one.fingerprint}</td>
              <td class="number">{ms(one.duration_ms)}</td>
              <td>{one.actor}</td>
            </tr>
          ))}
        </Table>
      )}
      <h3>{t.statements}</h3>
      {value?.statements.length === 0 && <p>{t.none}</p>}
      <Table label={t.statements} heads={[t.statement, t.calls, t.total, t.mean]}>
        {(value?.statements ?? []).slice(0, 8).map((one) => (
          <tr key={one.fingerprint}>
            <td class="code">{one.fingerprint}</td>
            <td class="number">{number(one.calls)}</td>
            <td class="number">{ms(one.total_ms)}</td>
            <td class="number">{ms(one.mean_ms)}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

export function Backups({ tick, mayChange, changed }: PanelProps) {
  const { t, time, bytes } = useTexts();
  const { value, error } = useReport('backups', tick);
  const { job, start, stop } = useJob(changed);
  const [what, setWhat] = useState('');
  const [asking, setAsking] = useState<{ text: string; detail?: string; yes: () => void } | undefined>(undefined);
  const begin = (label: string, path: string, body?: object) => {
    setWhat(label);
    setAsking(undefined);
    void start(path, body);
  };
  const busy = job !== undefined && !job.over;
  const off = !mayChange || busy;
  return (
    <Card
      title={t.backups}
      wide
      actions={
        <>
          <button type="button" disabled={off} onClick={() => setAsking({ text: t.undoAsk, yes: () => begin(t.undo, 'undo-restore') })}>
            {t.undo}
          </button>
          <button type="button" class="primary" disabled={off} onClick={() => begin(t.save, 'backups')}>
            {t.save}
          </button>
        </>
      }
    >
      <Problem error={error} />
      <JobView job={job} stop={stop} what={what} />
      {value?.backups.length === 0 && <p>{t.noBackups}</p>}
      {value && value.backups.length > 0 && (
        <Table label={t.backups} heads={[t.file, t.date, t.size, t.reason, t.verified, t.actions]}>
          {value.backups.map(({ path, verified, manifest }) => {
            const name = nameOf(path);
            return (
              <tr key={path}>
                <th scope="row" class="code">
                  {name}
                </th>
                <td>{time(manifest.created_at)}</td>
                <td class="number">{bytes(manifest.size_bytes)}</td>
                <td>{manifest.reason}</td>
                <td>{verified ? t.yes : t.no}</td>
                <td class="actions">
                  <button type="button" disabled={off} onClick={() => begin(t.verify, 'verify', { name })}>
                    {t.verify}
                    <span class="hidden"> {name}</span>
                  </button>
                  <button
                    type="button"
                    disabled={off}
                    onClick={() => setAsking({ text: t.restoreAsk, detail: name, yes: () => begin(t.restore, 'restore', { name }) })}
                  >
                    {t.restore}
                    <span class="hidden"> {name}</span>
                  </button>
                </td>
              </tr>
            );
          })}
        </Table>
      )}
      {asking && <Ask {...asking} no={() => setAsking(undefined)} />}
    </Card>
  );
}

export function Audit({ tick, mayChange }: PanelProps) {
  const { t, time } = useTexts();
  const [outcome, setOutcome] = useState('');
  const [verdict, setVerdict] = useState<{ sound?: boolean; error?: Refused }>({});
  const { value, error } = useReport('audit', tick, outcome && `?outcome=${outcome}`);
  const verify = () =>
    api.verifyAudit().then(
      ({ verify }) => setVerdict({ sound: verify?.status === 'ok' }),
      (error: Refused) => setVerdict({ error }),
    );
  return (
    <Card
      title={t.audit}
      wide
      actions={
        <>
          <select aria-label={t.outcome} value={outcome} onChange={(event) => setOutcome(event.currentTarget.value)}>
            <option value="">{t.allOutcomes}</option>
            {Object.entries(t.outcomes).map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
          <button type="button" disabled={!mayChange} onClick={verify}>
            {t.auditVerify}
          </button>
        </>
      }
    >
      <Problem error={error ?? verdict.error} />
      <p role="status">{verdict.sound === undefined ? '' : verdict.sound ? t.auditSound : t.auditBroken}</p>
      <Table label={t.audit} heads={[t.when, t.who, t.what, t.target, t.outcome]}>
        {(value?.records ?? []).map((one) => (
          <tr key={one.seq}>
            <td>{time(one.at)}</td>
            <td>
              {one.actor} <span class="quiet">({one.role})</span>
            </td>
            <td>
              {one.verb}
              {one.calls > 1 && <span class="quiet"> × {one.calls}</span>}
            </td>
            <td class="code">{one.target ?? '–'}</td>
            <td>
              <Badge state={one.outcome === 'ok' ? 'ok' : one.outcome === 'denied' ? 'degraded' : 'critical'}>
                {t.outcomes[one.outcome as keyof typeof t.outcomes] ?? one.outcome}
              </Badge>
            </td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

export function Scripts({ tick, mayChange, changed }: PanelProps) {
  const { t } = useTexts();
  const { value, error } = useReport('scripts', tick);
  const { job, start, stop } = useJob(changed);
  const [chosen, setChosen] = useState('');
  const scripts = value?.scripts ?? [];
  const script = scripts.find(({ name }) => name === chosen) ?? scripts[0];
  const may = mayChange || script?.role === 'supervisor';
  const run = (event: SubmitEvent) => {
    event.preventDefault();
    if (!script) return;
    const { args, dry_run } = readForm(event.currentTarget as HTMLFormElement, script);
    void start('scripts', { name: script.name, args, dry_run });
  };
  const report = job?.report as ScriptReport | undefined;
  return (
    <Card title={t.scripts} wide>
      <Problem error={error} />
      {script && (
        <form key={script.name} class="fields" onSubmit={run}>
          <label>
            {t.script}
            <select value={script.name} onChange={(event) => setChosen(event.currentTarget.value)}>
              {scripts.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <p class="full">
            {script.purpose}{' '}
            <span class="quiet">
              {t.changes}: {script.changes === 'nothing' || !script.changes ? t.nothing : script.changes}
            </span>
          </p>
          {script.args.map((arg) => (
            <label key={arg.name} title={arg.doc ?? ''}>
              <span>
                {arg.name}
                {arg.required && ' *'} <span class="quiet">{arg.doc}</span>
              </span>
              <Field arg={arg} />
            </label>
          ))}
          <div class="actions full">
            <label class="inline">
              <input type="checkbox" name=":dry_run" /> {t.dryRun}
            </label>
            <button type="submit" class="primary" disabled={!may || (job !== undefined && !job.over)}>
              {t.run}
            </button>
          </div>
        </form>
      )}
      <JobView job={job} stop={stop} what={t.scripts} />
      {job && job.log.length > 0 && (
        <>
          <h3>{t.log}</h3>
          <pre class="log" role="log" aria-label={t.log} tabIndex={0}>
            {job.log.map(({ level, message }) => `${level === 'info' ? '' : `[${level}] `}${message}\n`).join('')}
          </pre>
        </>
      )}
      {report && (
        <>
          <h3>{t.result}</h3>
          <pre class="log" role="region" aria-label={t.result} tabIndex={0}>
            {typeof report.result === 'string' ? report.result : JSON.stringify(report.result, null, 2)}
          </pre>
        </>
      )}
    </Card>
  );
}

function Field({ arg: { name, type, required, default: given } }: { arg: ScriptArg }) {
  if (type === 'boolean') return <input type="checkbox" name={name} defaultChecked={given === true} />;
  const value = given === null || given === undefined ? '' : String(given);
  if (type === 'string') return <input type="text" name={name} required={required} defaultValue={value} />;
  return <input type="number" step={type === 'number' ? 'any' : '1'} name={name} required={required} defaultValue={value} />;
}

/** The arguments in a form; what is left empty is left out. */
function readForm(form: HTMLFormElement, script: ScriptEntry): { args: Record<string, unknown>; dry_run: boolean } {
  const data = new FormData(form);
  const args: Record<string, unknown> = {};
  for (const { name, type } of script.args) {
    const value = data.get(name);
    if (type === 'boolean') args[name] = value !== null;
    else if (typeof value === 'string' && value !== '') args[name] = type === 'string' ? value : Number(value);
  }
  return { args, dry_run: data.has(':dry_run') };
}
