import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { api, type Me, type Refused } from './api';
import { LanguageContext, languages, useTexts, type Language } from './i18n';
import { Audit, Backups, Checkpoint, Diagnostics, Health, Migrations, Overview, Scripts, Slow, Tables } from './panels';
import { Problem } from './parts';
import './styles.css';

const stored = (name: string) => localStorage.getItem(`rpmadb.${name}`);
const store = (name: string, value: string) => localStorage.setItem(`rpmadb.${name}`, value);

type Theme = 'light' | 'dark';
const firstLanguage = (): Language => ((stored('language') ?? navigator.language.slice(0, 2)) === 'en' ? 'en' : 'fr');
const firstTheme = (): Theme =>
  (stored('theme') as Theme | null) ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');

interface Choices {
  theme: Theme;
  setTheme(theme: Theme): void;
  setLanguage(language: Language): void;
}

function App() {
  const [language, setLanguage] = useState(firstLanguage);
  const [theme, setTheme] = useState(firstTheme);
  const [me, setMe] = useState<Me | null | undefined>(undefined);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${languages[language].title} – RPMA`;
  }, [language]);
  document.documentElement.dataset.theme = theme;
  useEffect(() => void api.me().then(setMe, () => setMe(null)), []);
  const choices: Choices = {
    theme,
    setTheme: (next) => (store('theme', next), setTheme(next)),
    setLanguage: (next) => (store('language', next), setLanguage(next)),
  };
  return (
    <LanguageContext.Provider value={language}>
      {me === undefined ? null : me === null ? (
        <Login choices={choices} entered={setMe} />
      ) : (
        <Page me={me} choices={choices} left={() => setMe(null)} />
      )}
    </LanguageContext.Provider>
  );
}

function Chooser({ choices: { theme, setTheme, setLanguage } }: { choices: Choices }) {
  const { t, language } = useTexts();
  const other: Language = language === 'fr' ? 'en' : 'fr';
  return (
    <>
      <button type="button" lang={other} onClick={() => setLanguage(other)}>
        {languages[other].language}
      </button>
      <button
        type="button"
        aria-label={`${t.theme}: ${theme === 'dark' ? t.light : t.dark}`}
        onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')}
      >
        {theme === 'dark' ? t.light : t.dark}
      </button>
    </>
  );
}

function Login({ choices, entered }: { choices: Choices; entered(me: Me): void }) {
  const { t } = useTexts();
  const [error, setError] = useState<Refused | undefined>(undefined);
  const enter = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    api.login(String(data.get('name')), String(data.get('password'))).then(entered, setError);
  };
  return (
    <main class="login">
      <form class="card" onSubmit={enter}>
        <h1>{t.signInTo}</h1>
        <label>
          {t.name}
          <input name="name" autocomplete="username" required />
        </label>
        <label>
          {t.password}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <Problem error={error} />
        <button type="submit" class="primary">
          {t.login}
        </button>
        <div class="actions">
          <Chooser choices={choices} />
        </div>
      </form>
    </main>
  );
}

function Page({ me, choices, left }: { me: Me; choices: Choices; left(): void }) {
  const { t } = useTexts();
  const [tick, setTick] = useState(0);
  const changed = () => setTick((count) => count + 1);
  const props = { tick, changed, theme: choices.theme, mayChange: me.role === 'admin' };
  return (
    <>
      <header class="top">
        <div>
          <h1>{t.title}</h1>
          <p class="quiet">{t.subtitle}</p>
        </div>
        <div class="actions">
          <span>
            {me.user} <span class="quiet">({t.roles[me.role]})</span>
          </span>
          <button type="button" onClick={changed}>
            {t.refresh}
          </button>
          <Chooser choices={choices} />
          <button type="button" onClick={() => void api.logout().finally(left)}>
            {t.logout}
          </button>
        </div>
      </header>
      {me.role === 'user' ? (
        <main class="login">
          <div class="card">
            <h2>{t.refused}</h2>
            <p role="alert">{t.refusedText}</p>
          </div>
        </main>
      ) : (
        <main>
          {!props.mayChange && (
            <p class="note" role="note">
              {t.readOnly}
            </p>
          )}
          <Overview {...props} />
          <div class="grid">
            <Backups {...props} />
            <div class="stack">
              <Tables {...props} />
              <Checkpoint {...props} />
            </div>
            <div class="stack">
              <Diagnostics {...props} />
              <Health {...props} />
            </div>
            <Scripts {...props} />
            <Slow {...props} />
            <Migrations {...props} />
            <Audit {...props} />
          </div>
        </main>
      )}
    </>
  );
}

render(<App />, document.getElementById('panel')!);
