// The panel as people use it, in Chromium without a window.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Database } from 'rpmadb';

import { PASSWORDS, startPanel } from './panel.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = process.env.PANEL_PICTURES;

let panel;
let browser;
before(async () => {
  assert.ok(existsSync(executablePath), `Chromium is not at ${executablePath}: say where in CHROMIUM`);
  panel = await startPanel({ open: { slow_query_ms: 0 } });
  browser = await chromium.launch({ executablePath, args, headless: true });
});
after(async () => {
  await browser?.close();
  await panel?.stop();
});

/** A page for somebody, in a browser context of its own; errors of its scripts fail the test. */
async function pageOf(t, { locale = 'fr-FR', colorScheme = 'light', ...more } = {}) {
  const context = await browser.newContext({ locale, colorScheme, viewport: { width: 1280, height: 900 }, ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 40[13]/.test(message.text())) errors.push(message.text());
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(errors, []);
  });
  await page.goto(panel.address);
  return page;
}

async function enter(page, name) {
  await page.locator('input[name=name]').fill(name);
  await page.locator('input[name=password]').fill(PASSWORDS[name]);
  await page.locator('button[type=submit]').click();
}

async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }),
  );
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`),
    [],
    what,
  );
}

const card = (page, title) =>
  page.getByRole('region', { name: title, exact: true }).filter({ has: page.getByRole('heading', { name: title, exact: true }) });

test('an admin saves, restores, and takes that back, in French', async (t) => {
  const page = await pageOf(t);
  await picture(page, 'login-light');
  await accessible(page, 'login');
  await enter(page, 'alice');
  await page.getByRole('heading', { name: 'Système', level: 1 }).waitFor();
  assert.equal(await page.getAttribute('html', 'lang'), 'fr');
  const backups = card(page, 'Sauvegardes');
  await backups.getByText('Aucune sauvegarde.').waitFor();

  const live = page.waitForResponse((response) => response.url().includes('/events'));
  await backups.getByRole('button', { name: 'Sauvegarder' }).click();
  assert.equal((await live).headers()['content-type'], 'text/event-stream');
  await backups.getByText('Terminé.').waitFor();
  await backups.getByRole('row').nth(1).waitFor();
  assert.equal(await backups.getByRole('row').count(), 2);

  const db = await Database.open(panel.database);
  t.after(() => db.close());
  const count = async () => (await db.query('SELECT count(*) FROM clients')).rows[0][0];
  await db.query("DELETE FROM clients WHERE id <> 'c1'");
  await backups
    .getByRole('button', { name: /^Restaurer/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await accessible(page, 'dialog');
  await dialog.getByRole('button', { name: 'Annuler' }).click();
  assert.equal(await count(), 1, 'nothing is done before it is confirmed');
  await backups
    .getByRole('button', { name: /^Restaurer/ })
    .first()
    .click();
  await dialog.getByRole('button', { name: 'Confirmer' }).click();
  await backups.getByText('Restaurer – Avancement').waitFor();
  await backups.getByText('Terminé.').waitFor();
  assert.equal(await count(), 3000);

  await backups.getByRole('button', { name: 'Annuler la restauration' }).click();
  await dialog.getByRole('button', { name: 'Confirmer' }).click();
  await backups.getByText('Annuler la restauration – Avancement').waitFor();
  await backups.getByText('Terminé.').waitFor();
  assert.equal(await count(), 1);
});

test('an admin looks into everything, in English, in both themes', async (t) => {
  const page = await pageOf(t, { locale: 'en-GB', colorScheme: 'dark' });
  await enter(page, 'alice');
  await page.getByRole('heading', { name: 'System', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Run the diagnostics' }).click();
  await card(page, 'Diagnostics').getByText('Broken foreign keys').waitFor();
  await card(page, 'Migrations')
    .getByRole('row', { name: /users_and_sessions/ })
    .waitFor();
  await card(page, 'System health').getByText('Good').first().waitFor();
  await card(page, 'Slow queries').getByText('Most expensive queries').waitFor();

  await card(page, 'Checkpoint').getByRole('button', { name: 'Run' }).click();
  await card(page, 'Checkpoint').getByText('pages moved').waitFor();

  const scripts = card(page, 'Scripts');
  await scripts.getByRole('combobox', { name: 'Script' }).selectOption('duplicate_clients');
  await scripts.getByRole('button', { name: 'Run' }).click();
  await scripts.getByRole('region', { name: 'Result of the script' }).waitFor();
  await card(page, 'Slow queries')
    .getByRole('cell', { name: /select/i })
    .first()
    .waitFor();
  await scripts.getByRole('combobox', { name: 'Script' }).selectOption('nightly_maintenance');
  await scripts.getByLabel(/^backup /).uncheck();
  await scripts.getByRole('button', { name: 'Run' }).click();
  await scripts
    .getByRole('log')
    .getByText(/health/)
    .waitFor();
  await scripts.getByRole('region', { name: 'Result of the script' }).waitFor();

  const audit = card(page, 'Audit trail');
  await audit.getByRole('button', { name: 'Verify the chain' }).click();
  await audit.getByText('The chain is intact.').waitFor();
  await audit.getByLabel('Outcome').selectOption('ok');
  await audit
    .getByRole('row', { name: /checkpoint/ })
    .first()
    .waitFor();

  const chart = page.getByRole('img', { name: 'Rows per table' });
  await chart.waitFor();
  const painted = await chart.evaluate((canvas) =>
    canvas
      .getContext('2d')
      .getImageData(0, 0, canvas.width, canvas.height)
      .data.some((value) => value !== 0),
  );
  assert.ok(painted);

  await accessible(page, 'dark');
  await picture(page, 'admin-dark');
  await page.getByRole('button', { name: 'Theme: Light' }).click();
  assert.equal(await page.getAttribute('html', 'data-theme'), 'light');
  await accessible(page, 'light');
  await picture(page, 'admin-light');
  await page.reload();
  assert.equal(await page.getAttribute('html', 'data-theme'), 'light', 'the choice is remembered');
  await page.getByRole('button', { name: 'Français' }).click();
  await page.getByRole('heading', { name: 'Système', level: 1 }).waitFor();

  await page.setViewportSize({ width: 390, height: 800 });
  await page.waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  await picture(page, 'admin-narrow');

  await page.getByRole('button', { name: 'Se déconnecter' }).click();
  await page.locator('input[name=password]').waitFor();
  assert.equal((await page.request.get(`${panel.address}/api/session`)).status(), 401);
});

test('a script with a mistake in its arguments says what', async (t) => {
  const page = await pageOf(t, { locale: 'en-GB' });
  await enter(page, 'alice');
  const scripts = card(page, 'Scripts');
  await scripts.getByRole('combobox', { name: 'Script' }).selectOption('data_quality');
  await scripts.getByLabel(/^samples /).fill('-1');
  await scripts.getByRole('button', { name: 'Run' }).click();
  await scripts
    .getByRole('alert')
    .getByText(/must be at least 0/)
    .waitFor();
});

test('a supervisor sees and cannot change', async (t) => {
  const page = await pageOf(t);
  await enter(page, 'sacha');
  await page.getByRole('note').getByText('sans rien modifier').waitFor();
  await card(page, 'Santé du système').getByRole('row').nth(1).waitFor();
  assert.ok(await card(page, 'Sauvegardes').getByRole('button', { name: 'Sauvegarder' }).isDisabled());
  assert.ok(await card(page, 'Point de reprise').getByRole('button', { name: 'Exécuter' }).isDisabled());
  assert.ok(await card(page, 'Journal d’audit').getByRole('button', { name: 'Vérifier la chaîne' }).isDisabled());
  const scripts = card(page, 'Scripts');
  await scripts.getByRole('combobox', { name: 'Script' }).selectOption('purge_old_rows');
  assert.ok(await scripts.getByRole('button', { name: 'Exécuter' }).isDisabled());
  await scripts.getByRole('combobox', { name: 'Script' }).selectOption('table_growth');
  await scripts.getByRole('button', { name: 'Exécuter' }).click();
  await scripts.getByRole('region', { name: 'Résultat du script' }).waitFor();
  await accessible(page, 'supervisor');
  await picture(page, 'supervisor-light');
});

test('a user is refused', async (t) => {
  const page = await pageOf(t, { colorScheme: 'dark' });
  const asked = [];
  page.on('response', (response) => asked.push(response.url()));
  await enter(page, 'ugo');
  await page.getByRole('heading', { name: 'Accès refusé' }).waitFor();
  await accessible(page, 'user');
  await picture(page, 'user-dark');
  assert.equal((await page.request.get(`${panel.address}/api/stats`)).status(), 403);
  assert.ok(!asked.some((url) => /api\/(?!login|session)/.test(url)));
});

test('a wrong password is said, and nobody comes in', async (t) => {
  const page = await pageOf(t, { locale: 'en-GB' });
  await page.locator('input[name=name]').fill('alice');
  await page.locator('input[name=password]').fill('wrong');
  await page.locator('button[type=submit]').click();
  await page.getByRole('alert').getByText('WRONG_PASSWORD').waitFor();
});

test('it is used with the keyboard alone', async (t) => {
  const page = await pageOf(t, { locale: 'en-GB' });
  await page.locator('input[name=name]').focus();
  await page.keyboard.type('alice');
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORDS.alice);
  await page.keyboard.press('Enter');
  const undo = card(page, 'Backups').getByRole('button', { name: 'Undo the restore' });
  await undo.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  assert.ok(await page.evaluate(() => document.querySelector('dialog').contains(document.activeElement)));
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('a page of another site that a logged-in admin visits gets nothing done', async (t) => {
  const page = await pageOf(t);
  await enter(page, 'alice');
  await page.getByRole('heading', { name: 'Système', level: 1 }).waitFor();
  const before = await backupsOf(page);
  const evil = createServer((_request, reply) => {
    reply.setHeader('content-type', 'text/html');
    reply.end(
      `<title>evil</title><form method="post" action="${panel.address}/api/backups" enctype="text/plain"><input name='{"a":"' value='"}'></form>`,
    );
  });
  await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
  t.after(() => evil.close());
  const other = await page.context().newPage();
  await other.goto(`http://localhost:${evil.address().port}/`);
  const read = await other.evaluate(
    (address) =>
      Promise.all([
        fetch(`${address}/api/stats`, { credentials: 'include' }).then(
          () => 'read',
          () => 'refused',
        ),
        fetch(`${address}/api/backups`, { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}' }).then(
          () => 'answered',
          () => 'refused',
        ),
      ]),
    panel.address,
  );
  assert.deepEqual(read, ['refused', 'refused']);
  const posted = other.waitForResponse((response) => response.url().endsWith('/api/backups') && response.request().method() === 'POST');
  await other.evaluate(() => document.forms[0].submit());
  assert.equal((await posted).status(), 403);
  const framed = await page.context().newPage();
  await framed.goto(`http://localhost:${evil.address().port}/`);
  await framed.evaluate((address) => {
    const frame = document.createElement('iframe');
    frame.src = address;
    document.body.append(frame);
  }, panel.address);
  await framed.waitForTimeout(300);
  assert.ok(
    framed.frames().every((frame) => !frame.url().startsWith(panel.address)),
    'it cannot be framed',
  );
  assert.equal(await backupsOf(page), before);
});

const backupsOf = async (page) => (await (await page.request.get(`${panel.address}/api/backups`)).json()).backups.length;
