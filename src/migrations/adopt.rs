//! Taking a database over from another migration tool: which tool's history it holds, and which of our migrations
//! that history says are applied.
//!
//! One noun a file: `find` (the table), `tables` and `flyway` (what its rows mean), `checksum` (whether the text is the
//! same), `cell` (one value of a row).
//! Leaves to others: writing anything (the engine records what is adopted), and when to look.
//!
//! Invariant: in doubt a history is refused, never guessed at: what is left out here is run again by the engine, and
//! what is adopted wrongly is never run.

mod cell;
mod checksum;
mod find;
mod flyway;
mod tables;

use std::collections::BTreeMap;

use self::checksum::Sum;
pub(super) use self::find::find;
use crate::error::Error;
use crate::sqlite::Connection;

/// A tool whose history we can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    /// The application that this library comes from.
    Rpma,
    /// refinery, for Rust.
    Refinery,
    /// rusqlite_migration, for Rust; found only when named, for a `user_version` may be anything.
    RusqliteMigration,
    /// SQLx, for Rust.
    Sqlx,
    /// Diesel, for Rust.
    Diesel,
    /// goose, for Go.
    Goose,
    /// golang-migrate, for Go.
    GolangMigrate,
    /// dbmate.
    Dbmate,
    /// Flyway, for Java.
    Flyway,
    /// Alembic, for Python; its revisions are no versions, so the caller says which version they stand for.
    Alembic,
}

impl Tool {
    /// Every tool.
    pub(super) const ALL: &[Tool] = &[
        Tool::Rpma,
        Tool::Refinery,
        Tool::RusqliteMigration,
        Tool::Sqlx,
        Tool::Diesel,
        Tool::Goose,
        Tool::GolangMigrate,
        Tool::Dbmate,
        Tool::Flyway,
        Tool::Alembic,
    ];

    /// The name as options and messages spell it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Tool::Rpma => "rpma",
            Tool::Refinery => "refinery",
            Tool::RusqliteMigration => "rusqlite_migration",
            Tool::Sqlx => "sqlx",
            Tool::Diesel => "diesel",
            Tool::Goose => "goose",
            Tool::GolangMigrate => "golang-migrate",
            Tool::Dbmate => "dbmate",
            Tool::Flyway => "flyway",
            Tool::Alembic => "alembic",
        }
    }

    /// The tool of a name, or `None` for a name that is not one.
    pub(super) fn from_name(name: &str) -> Option<Tool> {
        Tool::ALL.iter().copied().find(|tool| tool.name() == name)
    }
}

/// One numbered migration of our set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// Its version.
    pub(super) version: i64,
    /// Its file as messages name it.
    pub(super) file: &'a str,
    /// Its SQL as it was read; `None` for code and for Lua, which no other tool can have summed up.
    pub(super) text: Option<&'a str>,
}

/// A history found in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    /// Whose it is.
    pub(super) tool: Tool,
    /// Its table as the schema spells it, or `PRAGMA user_version`.
    pub(super) table: String,
    /// How many rows it has, or the number in `user_version`.
    pub(super) rows: usize,
}

/// One of our migrations that a history says is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Adopted {
    /// Its version.
    pub(super) version: i64,
    /// When, in milliseconds since 1970 in UTC, where the history tells.
    pub(super) applied_at_ms: Option<i64>,
    /// Whether the tool kept a checksum and our text has that checksum.
    pub(super) verified: bool,
}

/// Why a history cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What is wrong, naming the table.
    pub(super) reason: String,
    /// What to do about it.
    pub(super) hint: &'static str,
    /// The version it is about.
    pub(super) version: Option<i64>,
    /// Our file it is about.
    pub(super) file: Option<String>,
}

/// What ends a look at a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// SQLite failed, or the call was stopped.
    Error(Error),
    /// The history cannot be taken over.
    Refused(Refusal),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Error(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

impl Refusal {
    fn new(reason: String, hint: &'static str) -> Refusal {
        Refusal { reason, hint, version: None, file: None }
    }

    fn about(self, version: i64) -> Refusal {
        Refusal { version: Some(version), ..self }
    }
}

impl Foreign {
    /// The history as messages name it.
    fn display(&self) -> String {
        if self.tool == Tool::RusqliteMigration { self.table.clone() } else { format!("the table {}", self.table) }
    }

    fn unknown(&self, version: i64) -> Refusal {
        Refusal::new(
            format!("{} records version {version}, which is not in the set", self.display()),
            "bring the file of that version back, or open with the set that this database was migrated with",
        )
        .about(version)
    }

    fn unfinished(&self, version: i64) -> Refusal {
        Refusal::new(
            format!("{} marks version {version} as not finished by {}", self.display(), self.tool.name()),
            "finish or undo that migration with the tool that began it, then adopt",
        )
        .about(version)
    }

    fn no_number(&self, version: &str) -> Refusal {
        Refusal::new(
            format!("{} records version '{}', which is no whole number", self.display(), version.escape_debug()),
            "number that migration with whole numbers in the table and in the set, then adopt",
        )
    }

    fn unreadable(&self, what: &str) -> Refusal {
        Refusal::new(
            format!("{} has a row that {} did not write: {what}", self.display(), self.tool.name()),
            "look at the rows of that table; nothing was changed",
        )
    }

    fn changed(&self, known: &Known<'_>) -> Refusal {
        let (tool, version) = (self.tool.name(), known.version);
        Refusal {
            reason: format!(
                "the text that {tool} applied is not the text of {} (version {version} in {})",
                known.file,
                self.display()
            ),
            hint: "bring back the text that was applied and put the change into a new migration",
            version: Some(version),
            file: Some(known.file.to_owned()),
        }
    }
}

/// What a history says of one version.
#[derive(Debug, Default)]
struct Claim {
    applied_at_ms: Option<i64>,
    sum: Option<Sum>,
}

/// What a history says is applied, by version.
type Claims = BTreeMap<i64, Claim>;

/// Our migrations by version.
type Ours<'a> = BTreeMap<i64, &'a Known<'a>>;

/// Which of our migrations the history says are applied, in ascending order. `target` is the version that Alembic's
/// revision stands for; the other tools record versions themselves and take none. Looked at under the lock that it was
/// found under, a history cannot have moved on.
pub(super) fn applied(
    connection: &Connection,
    foreign: &Foreign,
    known: &[Known<'_>],
    target: Option<i64>,
) -> Result<Vec<Adopted>, Stop> {
    let ours: Ours<'_> = known.iter().map(|known| (known.version, known)).collect();
    if target.is_some() && foreign.tool != Tool::Alembic {
        let reason = format!("{} records versions itself and leaves no choice of a target version", foreign.display());
        return Err(Refusal::new(reason, "leave the target version out, it is for alembic").into());
    }
    let claims = match foreign.tool {
        Tool::Rpma => tables::rpma(connection, foreign, &ours),
        Tool::Refinery => tables::refinery(connection, foreign),
        Tool::RusqliteMigration => tables::rusqlite_migration(foreign, &ours),
        Tool::Sqlx => tables::sqlx(connection, foreign),
        Tool::Diesel => tables::diesel(connection, foreign),
        Tool::Goose => tables::goose(connection, foreign),
        Tool::GolangMigrate => tables::golang_migrate(connection, foreign, &ours),
        Tool::Dbmate => tables::dbmate(connection, foreign),
        Tool::Flyway => flyway::claims(connection, foreign, &ours),
        Tool::Alembic => tables::alembic(connection, foreign, &ours, target),
    }?;
    claims.iter().map(|(version, claim)| adopt(foreign, &ours, *version, claim)).collect()
}

fn adopt(foreign: &Foreign, ours: &Ours<'_>, version: i64, claim: &Claim) -> Result<Adopted, Stop> {
    let known = ours.get(&version).ok_or_else(|| foreign.unknown(version))?;
    let verified = match (&claim.sum, known.text) {
        (Some(sum), Some(text)) if !sum.fits(version, text) => return Err(foreign.changed(known).into()),
        (sum, text) => sum.is_some() && text.is_some(),
    };
    Ok(Adopted { version, applied_at_ms: claim.applied_at_ms, verified })
}

/// The claims of a history that holds one version and means everything up to it.
fn up_to(foreign: &Foreign, ours: &Ours<'_>, version: i64) -> Result<Claims, Stop> {
    if !ours.contains_key(&version) {
        return Err(foreign.unknown(version).into());
    }
    Ok(ours.range(..=version).map(|(version, _)| (*version, Claim::default())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A set of migrations that differ in their version alone.
    pub(super) fn set(versions: &[i64]) -> Vec<Known<'static>> {
        versions.iter().map(|version| Known { version: *version, file: "a file", text: Some("SELECT 1") }).collect()
    }

    /// The history in a database that `sql` makes, and what it says is applied.
    pub(super) fn adopted(sql: &str, known: &[Known<'_>], target: Option<i64>) -> Result<Vec<Adopted>, Stop> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(sql)?;
        let foreign = find(&connection, None)?.expect("a history is found");
        applied(&connection, &foreign, known, target)
    }

    pub(super) fn versions(adopted: Result<Vec<Adopted>, Stop>) -> Vec<i64> {
        adopted.expect("adopted").iter().map(|adopted| adopted.version).collect()
    }

    pub(super) fn refusal(outcome: Result<Vec<Adopted>, Stop>) -> Refusal {
        match outcome.expect_err("must be refused") {
            Stop::Refused(refusal) => refusal,
            Stop::Error(error) => panic!("failed: {error}"),
        }
    }

    #[test]
    fn every_tool_is_found_by_its_name() {
        for tool in Tool::ALL {
            assert_eq!(Tool::from_name(tool.name()), Some(*tool));
        }
        assert_eq!(Tool::from_name("liquibase"), None);
    }

    #[test]
    fn a_migration_without_text_is_adopted_unverified() {
        let known = [Known { version: 1, file: "the host's step first", text: None }];
        let sql = "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name VARCHAR(255),
                     applied_on VARCHAR(255), checksum VARCHAR(255));
                   INSERT INTO refinery_schema_history VALUES (1, 'first', '2024-05-01T10:20:30Z', '1')";
        let adopted = adopted(sql, &known, None).expect("adopted");
        assert_eq!(adopted, [Adopted { version: 1, applied_at_ms: Some(1_714_558_830_000), verified: false }]);
    }

    #[test]
    fn a_target_version_is_refused_where_the_history_has_versions() {
        let sql =
            "CREATE TABLE schema_migrations (version uint64,dirty bool); INSERT INTO schema_migrations VALUES (1, 0)";
        let refusal = refusal(adopted(sql, &set(&[1, 2]), Some(2)));
        assert_eq!(
            refusal.reason,
            "the table schema_migrations records versions itself and leaves no choice of a target version"
        );
    }
}
