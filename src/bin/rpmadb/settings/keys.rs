//! Every key that can be set, with its default: those of `rpmadb_open` but for what the verb decides, and those of the command.
//!
//! Leaves to others: the ranges of values, which the library knows.
//!
//! Invariant: the table names every option of `rpmadb_open`; a test asks the library which there are.

/// How a variable's text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Truth,
    /// Recipients of age with commas between them; in a file also a passphrase, which is never shown.
    Recipients,
    /// A truth value, a number or a text.
    Any,
    /// A text that is never shown.
    Secret,
    /// Texts that are never shown.
    Secrets,
}

impl Kind {
    pub(crate) fn is_secret(self) -> bool {
        matches!(self, Kind::Secret | Kind::Secrets)
    }
}

pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// As JSON; `null` for none.
    pub(crate) default: &'static str,
}

const fn key(name: &'static str, kind: Kind, default: &'static str) -> Key {
    Key { name, kind, default }
}

/// What the verb decides, so that it cannot be set.
pub(super) const DECIDED: &[&str] = &["create", "migrate"];

/// What is the command's own and not an option of `rpmadb_open`.
pub(super) const OWN: &[&str] = &["timeout_ms"];

pub(crate) const KEYS: &[Key] = &[
    key("actor", Kind::Text, "\"cli\""),
    key("role", Kind::Text, "\"admin\""),
    key("read_only", Kind::Truth, "false"),
    key("migrations", Kind::Text, "null"),
    key("style", Kind::Text, "null"),
    key("timeout_ms", Kind::Number, "0"),
    key("busy_timeout_ms", Kind::Number, "5000"),
    key("journal_mode", Kind::Text, "\"wal\""),
    key("synchronous", Kind::Text, "\"normal\""),
    key("foreign_keys", Kind::Truth, "true"),
    key("trusted_schema", Kind::Truth, "false"),
    key("defensive", Kind::Truth, "true"),
    key("mmap_size_bytes", Kind::Number, "0"),
    key("ballast_bytes", Kind::Number, "null"),
    key("statement_cache", Kind::Number, "64"),
    key("metrics", Kind::Truth, "false"),
    key("slow_query_ms", Kind::Number, "100"),
    key("foreign_sqlite", Kind::Text, "\"coexist\""),
    key("pool.max", Kind::Number, "10"),
    key("pool.min_idle", Kind::Number, "2"),
    key("pool.timeout_ms", Kind::Number, "30000"),
    key("pool.idle_ms", Kind::Number, "60000"),
    key("backup.folder", Kind::Text, "null"),
    key("backup.before_migrate", Kind::Truth, "false"),
    key("backup.every_hours", Kind::Number, "null"),
    key("backup.compress", Kind::Any, "false"),
    key("backup.encrypt_to", Kind::Recipients, "null"),
    key("backup.identities", Kind::Secrets, "[]"),
    key("backup.passphrase", Kind::Secret, "null"),
    key("backup.sign_key", Kind::Secret, "null"),
    key("backup.keep_last", Kind::Number, "null"),
    key("backup.keep_hourly", Kind::Number, "null"),
    key("backup.keep_daily", Kind::Number, "null"),
    key("backup.keep_weekly", Kind::Number, "null"),
    key("backup.keep_monthly", Kind::Number, "null"),
    key("backup.keep_yearly", Kind::Number, "null"),
    key("backup.keep_minimum", Kind::Number, "1"),
    key("backup.keep_pre_migrate", Kind::Number, "3"),
    key("backup.keep_pre_restore", Kind::Number, "3"),
    // why longer than a host's: whoever typed it is there to stop it, and a night's work takes longer
    key("script.timeout_ms", Kind::Number, "3600000"),
    key("script.memory_bytes", Kind::Number, "67108864"),
    key("audit.enabled", Kind::Truth, "null"),
    key("audit.reads", Kind::Truth, "true"),
    key("audit.key", Kind::Secret, "null"),
    key("audit.literals", Kind::Truth, "false"),
    key("audit.redact", Kind::Secrets, "[]"),
    key("audit.keep_days", Kind::Number, "null"),
    key("monitor.tick_ms", Kind::Number, "1000"),
    key("monitor.quick_check_hours", Kind::Number, "24"),
    key("monitor.deep_check_days", Kind::Number, "7"),
    key("monitor.backup", Kind::Truth, "true"),
    key("monitor.optimize_hours", Kind::Number, "24"),
    key("monitor.idle_ms", Kind::Number, "5000"),
    key("monitor.wal_restart_bytes", Kind::Number, "67108864"),
    key("monitor.require_users", Kind::Truth, "false"),
    key("monitor.alerts.for_ms", Kind::Number, "null"),
    key("monitor.alerts.clear_ms", Kind::Number, "5000"),
    key("monitor.alerts.disk_free_bytes", Kind::Number, "536870912"),
    key("monitor.alerts.wal_bytes", Kind::Number, "134217728"),
    key("monitor.alerts.backup_age_hours", Kind::Number, "48"),
    key("monitor.alerts.backup_jump_percent", Kind::Number, "50"),
    key("monitor.alerts.busy_percent", Kind::Number, "10"),
    key("monitor.alerts.pool_exhausted_ms", Kind::Number, "5000"),
    key("monitor.alerts.call_max_ms", Kind::Number, "60000"),
    key("monitor.alerts.slow_percent", Kind::Number, "300"),
    key("monitor.alerts.scan_rows", Kind::Number, "100000"),
    key("monitor.alerts.denials", Kind::Number, "5"),
];

impl Key {
    /// The variable that sets it.
    pub(crate) fn variable(&self) -> String {
        match self.name {
            // why: these had names before the others
            "metrics" => "RPMA_DB_METRICS".into(),
            "backup.passphrase" => "RPMADB_PASSPHRASE".into(),
            "backup.sign_key" => "RPMADB_SIGN_KEY".into(),
            name => format!("RPMADB_{}", name.replace('.', "_").to_uppercase()),
        }
    }
}

/// The key of this name.
pub(crate) fn named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rpmadb::{Request as _, request};

    use super::*;

    /// The keys that the library knows in a section, as its message about an unknown one lists them.
    fn known(section: &str) -> BTreeSet<String> {
        let inner = "{\"no_such_key\": 1}".to_owned();
        let document = section
            .rsplit('.')
            .filter(|name| !name.is_empty())
            .fold(inner, |inner, name| format!("{{\"{name}\": {inner}}}"));
        let message = request::Open::from_json(Some(&document)).expect_err("unknown").to_string();
        let listed = message.split(", expected ").nth(1).expect("a list");
        listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_table_has_every_option_of_the_library_and_no_other() {
        let sections = ["", "pool", "backup", "script", "audit", "monitor", "monitor.alerts"];
        let mut wanted = BTreeSet::new();
        for section in sections {
            let dotted = |name: &String| if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
            wanted.extend(known(section).iter().map(dotted).filter(|name| !sections.contains(&name.as_str())));
        }
        let mut found: BTreeSet<String> = KEYS.iter().map(|key| key.name.to_owned()).collect();
        OWN.iter().for_each(|name| assert!(found.remove(*name), "{name}"));
        found.extend(DECIDED.iter().map(|name| (*name).to_owned()));
        assert_eq!(found, wanted);
    }

    #[test]
    fn no_two_keys_have_one_variable() {
        let variables: BTreeSet<String> = KEYS.iter().map(Key::variable).collect();
        assert_eq!(variables.len(), KEYS.len());
        assert!(KEYS.iter().all(|key| serde_json::from_str::<serde_json::Value>(key.default).is_ok()));
    }
}
