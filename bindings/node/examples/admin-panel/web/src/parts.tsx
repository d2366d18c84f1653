// What the panels are made of.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

import type { Refused } from './api';
import type { Running } from './hooks';
import { useTexts } from './i18n';

export function Card({
  title,
  actions,
  wide,
  children,
}: {
  title: string;
  actions?: ComponentChildren;
  wide?: boolean;
  children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class={wide ? 'card wide' : 'card'} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

export function Problem({ error }: { error: { name: string; message: string; hint?: string } | Refused | undefined }) {
  const { t } = useTexts();
  if (!error) return null;
  const hint = 'hint' in error ? error.hint : undefined;
  return (
    <p class="problem" role="alert">
      <strong>
        {t.failed} ({error.name})
      </strong>
      : {error.message}
      {hint && <span class="quiet"> {hint}</span>}
    </p>
  );
}

export function Badge({ state, children }: { state: string; children: ComponentChildren }) {
  return (
    <span class={`badge ${state}`}>
      <span aria-hidden="true" class="dot" />
      {children}
    </span>
  );
}

/** A table that scrolls by itself, also with the keyboard. */
export function Table({ label, heads, children }: { label: string; heads: string[]; children: ComponentChildren }) {
  return (
    <div class="scroll" role="group" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {heads.map((head, at) => (
              <th key={at} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** How far a job is. */
export function JobView({ job, stop, what }: { job: Running | undefined; stop: () => void; what: string }) {
  const { t, number } = useTexts();
  const id = useId();
  if (!job) return null;
  if (job.error) return <Problem error={job.error} />;
  const share = job.total > 0 ? Math.round((100 * job.done) / job.total) : 0;
  return (
    <div class="job">
      <label for={id}>
        {what} – {t.progress}
      </label>
      <progress id={id} max={100} {...(job.over ? { value: 100 } : job.total > 0 ? { value: share } : {})} />
      <p class="quiet" role="status">
        {job.over ? t.done : `${job.stage} ${job.total > 0 ? `${number(job.done)} / ${number(job.total)}` : ''}`}
      </p>
      {!job.over && (
        <button type="button" onClick={stop}>
          {t.stop}
        </button>
      )}
    </div>
  );
}

/** Asks before something is done. */
export function Ask({ text, detail, yes, no }: { text: string; detail?: string; yes: () => void; no: () => void }) {
  const { t } = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onCancel={no}>
      <p id={id}>{text}</p>
      {detail && <p class="code">{detail}</p>}
      <div class="actions">
        <button type="button" onClick={no}>
          {t.cancel}
        </button>
        <button type="button" class="danger" onClick={yes}>
          {t.confirm}
        </button>
      </div>
    </dialog>
  );
}
