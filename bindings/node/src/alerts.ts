// Alerts where the library cannot call: they are asked for.
import type { Database } from './database';
import type { Alert } from './generated';

const POLL_MS = 200;

/** Tells `listener` of alerts as they change; gives back what ends that. */
export async function pollAlerts(db: Database, listener: (alert: Alert) => void): Promise<() => void> {
  let { last_event: since } = await db.alerts();
  // why weak: a handle that was forgotten is to be collected
  const handle = new WeakRef(db);
  let asking = false;
  const ask = async (db: Database) => {
    const { alerts, events, last_event } = await db.alerts({ since, all: true });
    since = last_event;
    for (const { key, to } of events) {
      const [alert] = alerts.filter((one) => one.key === key).sort((one, other) => other.id - one.id);
      // why `to`: it may have gone on since
      if (alert && to !== 'pending') listener({ ...alert, state: to });
    }
  };
  const timer = setInterval(async () => {
    const db = handle.deref();
    if (!db || db.isClosed) {
      clearInterval(timer);
    } else if (!asking) {
      asking = true;
      await ask(db).finally(() => (asking = false));
    }
  }, POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
