//! What the rows of a history mean, tool by tool, but for Flyway.
//!
//! Leaves to others: finding the table (`find.rs`), whether we have the versions and whether the texts are the same
//! (`adopt.rs`).
//!
//! Invariant: a history that its tool has marked as unfinished is refused before any of it is believed.

use super::checksum::Sum;
use super::{Claim, Claims, Foreign, Ours, Refusal, Stop, cell, up_to};
use crate::error::Error;
use crate::sqlite::{Connection, Value};

/// A row a run, and the highest version counts: rows of versions below it may be missing or be of another set.
pub(super) fn rpma(connection: &Connection, foreign: &Foreign, ours: &Ours<'_>) -> Result<Claims, Stop> {
    let mut times = Vec::new();
    for [version, time] in cell::rows(connection, foreign, "version, applied_at", "version")? {
        let time = if let Value::Integer(ms) = time { Some(ms) } else { None };
        times.push((cell::version(foreign, &version)?, time));
    }
    let highest = times.iter().map(|(version, _)| *version).max().unwrap_or(0);
    if highest == 0 {
        return Ok(Claims::new());
    }
    if let Some(latest) = ours.keys().next_back().filter(|latest| **latest < highest) {
        return Err(Error::DatabaseTooNew { database: highest, library: *latest }.into());
    }
    let mut claims = up_to(foreign, ours, highest)?;
    for (version, time) in times {
        if let Some(claim) = claims.get_mut(&version) {
            claim.applied_at_ms = time;
        }
    }
    Ok(claims)
}

/// A row an applied version.
pub(super) fn refinery(connection: &Connection, foreign: &Foreign) -> Result<Claims, Stop> {
    let mut claims = Claims::new();
    for [version, name, time, sum] in cell::rows(connection, foreign, "version, name, applied_on, checksum", "version")?
    {
        let name = cell::text(foreign, "name", &name)?.to_owned();
        let hash = cell::text(foreign, "checksum", &sum)?.parse();
        let hash = hash.map_err(|_| foreign.unreadable("its checksum is not a number of 64 bits"))?;
        let claim = Claim { applied_at_ms: cell::time(&time), sum: Some(Sum::Refinery { name, hash }) };
        claims.insert(cell::version(foreign, &version)?, claim);
    }
    Ok(claims)
}

/// The number is how many migrations of the set, in their order, are applied.
pub(super) fn rusqlite_migration(foreign: &Foreign, ours: &Ours<'_>) -> Result<Claims, Stop> {
    if foreign.rows > ours.len() {
        let reason =
            format!("{} counts {} migrations, more than the {} of the set", foreign.table, foreign.rows, ours.len());
        return Err(Refusal::new(reason, "open with the set that this database was migrated with").into());
    }
    Ok(ours.keys().take(foreign.rows).map(|version| (*version, Claim::default())).collect())
}

/// A row an applied version; one without success is half-applied.
pub(super) fn sqlx(connection: &Connection, foreign: &Foreign) -> Result<Claims, Stop> {
    let mut claims = Claims::new();
    for [version, time, success, sum] in
        cell::rows(connection, foreign, "version, installed_on, success, checksum", "version")?
    {
        let version = cell::version(foreign, &version)?;
        if !cell::flag(foreign, "success", &success)? {
            return Err(foreign.unfinished(version).into());
        }
        let Value::Blob(digest) = sum else {
            return Err(foreign.unreadable("its checksum is not a BLOB").into());
        };
        claims.insert(version, Claim { applied_at_ms: cell::time(&time), sum: Some(Sum::Sqlx(digest)) });
    }
    Ok(claims)
}

/// A row an applied version, as digits.
pub(super) fn diesel(connection: &Connection, foreign: &Foreign) -> Result<Claims, Stop> {
    let mut claims = Claims::new();
    for [version, time] in cell::rows(connection, foreign, "version, run_on", "version")? {
        let claim = Claim { applied_at_ms: cell::time(&time), sum: None };
        claims.insert(cell::version(foreign, &version)?, claim);
    }
    Ok(claims)
}

/// A journal: the last row about a version tells whether it is applied. Version 0 marks the table as goose's.
pub(super) fn goose(connection: &Connection, foreign: &Foreign) -> Result<Claims, Stop> {
    let mut claims = Claims::new();
    for [version, is_applied, time] in cell::rows(connection, foreign, "version_id, is_applied, tstamp", "id")? {
        let version = cell::version(foreign, &version)?;
        if cell::flag(foreign, "is_applied", &is_applied)? {
            claims.insert(version, Claim { applied_at_ms: cell::time(&time), sum: None });
        } else {
            claims.remove(&version);
        }
    }
    claims.remove(&0);
    Ok(claims)
}

/// One row: the version reached, and whether the way there or back was finished.
pub(super) fn golang_migrate(connection: &Connection, foreign: &Foreign, ours: &Ours<'_>) -> Result<Claims, Stop> {
    let rows = cell::rows(connection, foreign, "version, dirty", "version")?;
    let [[version, dirty]] = rows.as_slice() else {
        let reason = format!("the table {} has {} rows, and golang-migrate keeps one", foreign.table, rows.len());
        return Err(Refusal::new(reason, "leave the row of the version that was reached, then adopt").into());
    };
    let version = cell::version(foreign, version)?;
    if cell::flag(foreign, "dirty", dirty)? {
        return Err(foreign.unfinished(version).into());
    }
    up_to(foreign, ours, version)
}

/// A row an applied version, as digits.
pub(super) fn dbmate(connection: &Connection, foreign: &Foreign) -> Result<Claims, Stop> {
    let mut claims = Claims::new();
    for [version] in cell::rows(connection, foreign, "version", "version")? {
        claims.insert(cell::version(foreign, &version)?, Claim::default());
    }
    Ok(claims)
}

/// A revision, of which the caller says which version it stands for; one row for each branch that is not merged.
pub(super) fn alembic(
    connection: &Connection,
    foreign: &Foreign,
    ours: &Ours<'_>,
    target: Option<i64>,
) -> Result<Claims, Stop> {
    let mut revisions = Vec::new();
    for [revision] in cell::rows(connection, foreign, "version_num", "version_num")? {
        revisions.push(cell::text(foreign, "version_num", &revision)?.escape_debug().to_string());
    }
    let branches = revisions.len();
    let revisions = revisions.join(", ");
    if branches > 1 {
        let reason = format!("the table {} holds branches that are not merged: {revisions}", foreign.table);
        return Err(Refusal::new(reason, "merge the heads with alembic and upgrade to the merge, then adopt").into());
    }
    let Some(target) = target else {
        let reason =
            format!("the table {} holds the revision {revisions}, which is no version of the set", foreign.table);
        return Err(Refusal::new(reason, "pass the version of the set that this revision stands for").into());
    };
    if !ours.contains_key(&target) {
        let table = &foreign.table;
        let reason = format!(
            "version {target} is not in the set and cannot stand for revision {revisions} of the table {table}"
        );
        return Err(Refusal::new(reason, "pass the version of the set that this revision stands for")
            .about(target)
            .into());
    }
    up_to(foreign, ours, target)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{adopted, refusal, set, versions};
    use super::super::{Adopted, Known, Stop, Tool, applied, find};
    use crate::sqlite::Connection;

    const RPMA: &str = "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER);";
    const REFINERY: &str = "CREATE TABLE IF NOT EXISTS refinery_schema_history(
             version int4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255));";
    const SQLX: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
             version BIGINT PRIMARY KEY, description TEXT NOT NULL,
             installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
             checksum BLOB NOT NULL, execution_time BIGINT NOT NULL);";
    const DIESEL: &str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
             version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);";
    const GOOSE: &str = "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT,
             version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));";
    const GOLANG_MIGRATE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (version uint64,dirty bool);
             CREATE UNIQUE INDEX IF NOT EXISTS version_unique ON schema_migrations (version);";
    const DBMATE: &str = "create table if not exists \"schema_migrations\" (version varchar(128) primary key);";
    const ALEMBIC: &str = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
             CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));";

    const CARS: &str = "CREATE TABLE cars (\n    id int,\n    name varchar(255)\n);\n";

    fn cars(version: i64) -> [Known<'static>; 1] {
        [Known { version, file: "2_cars.sql", text: Some(CARS) }]
    }

    fn plain(version: i64, applied_at_ms: Option<i64>) -> Adopted {
        Adopted { version, applied_at_ms, verified: false }
    }

    #[test]
    fn rpma_has_everything_up_to_its_highest_version() {
        let sql = format!("{RPMA} INSERT INTO schema_version VALUES (1, 1700000000123), (3, NULL), (4, 1700000000456)");
        let adopted_now = adopted(&sql, &set(&[1, 2, 4, 5]), None);
        let expected = [plain(1, Some(1_700_000_000_123)), plain(2, None), plain(4, Some(1_700_000_000_456))];
        assert_eq!(adopted_now.expect("adopted"), expected);
        let newer = adopted(&sql, &set(&[1, 2, 3]), None).expect_err("must be refused");
        let Stop::Error(newer) = newer else { panic!("{newer:?}") };
        assert_eq!((newer.status().name(), newer.to_string().contains('4')), ("DATABASE_TOO_NEW", true), "{newer}");
        let refused = refusal(adopted(&sql, &set(&[1, 2, 5]), None));
        assert_eq!(refused.reason, "the table schema_version records version 4, which is not in the set");
        assert_eq!(refused.version, Some(4));
    }

    #[test]
    fn rpma_at_version_0_has_nothing() {
        let sql = format!("{RPMA} INSERT INTO schema_version VALUES (0, 1700000000123)");
        assert_eq!(adopted(&sql, &set(&[1]), None), Ok(vec![]));
    }

    #[test]
    fn a_refinery_checksum_is_verified_under_the_name_it_was_made_with() {
        let row = "VALUES (2, 'add_cars_table', '2024-05-01T10:20:30.123456789Z', '8238603820526370208')";
        let sql = format!("{REFINERY} INSERT INTO refinery_schema_history {row}");
        let expected = Adopted { version: 2, applied_at_ms: Some(1_714_558_830_123), verified: true };
        assert_eq!(adopted(&sql, &cars(2), None), Ok(vec![expected]));
        let refused = refusal(adopted(&sql, &set(&[2]), None));
        assert_eq!(
            refused.reason,
            "the text that refinery applied is not the text of a file (version 2 in the table refinery_schema_history)"
        );
    }

    #[test]
    fn a_row_that_its_tool_did_not_write_is_refused() {
        for (sql, expected) in [
            (
                format!("{REFINERY} INSERT INTO refinery_schema_history VALUES (2, 'a', '2024-05-01T10:20:30Z', '-1')"),
                "the table refinery_schema_history has a row that refinery did not write: \
                 its checksum is not a number of 64 bits",
            ),
            (
                format!("{REFINERY} INSERT INTO refinery_schema_history VALUES (NULL, 'a', '', '1')"),
                "the table refinery_schema_history has a row that refinery did not write: \
                 its version is neither a number nor text",
            ),
            (
                format!("{SQLX} INSERT INTO _sqlx_migrations VALUES (2, 'a', '', 1, 'text', 0)"),
                "the table _sqlx_migrations has a row that sqlx did not write: its checksum is not a BLOB",
            ),
            (
                format!("{GOOSE} INSERT INTO goose_db_version (version_id, is_applied) VALUES (2, 5)"),
                "the table goose_db_version has a row that goose did not write: its is_applied is neither 0 nor 1",
            ),
            (
                format!("{GOLANG_MIGRATE} INSERT INTO schema_migrations VALUES (1, 0), (2, 0)"),
                "the table schema_migrations has 2 rows, and golang-migrate keeps one",
            ),
            (
                format!("{DBMATE} INSERT INTO schema_migrations VALUES ('2' || char(10) || 'b')"),
                "the table schema_migrations records version '2\\nb', which is no whole number",
            ),
        ] {
            assert_eq!(refusal(adopted(&sql, &set(&[1, 2]), None)).reason, expected);
        }
    }

    #[test]
    fn a_sqlx_checksum_is_verified() {
        // hashlib.sha384 of Python gave the digest
        let sum = "304e50f261d87e974b15e7c36360c4faa2d08bcd954499e74fcc12ebb9d38e468b66dbb6562de2867d909b28173ca827";
        let sql = format!(
            "{SQLX} INSERT INTO _sqlx_migrations VALUES \
             (20240501102030, 'cars', '2024-05-01 10:20:30', TRUE, x'{sum}', -1)"
        );
        let expected = Adopted { version: 20_240_501_102_030, applied_at_ms: Some(1_714_558_830_000), verified: true };
        assert_eq!(adopted(&sql, &cars(20_240_501_102_030), None), Ok(vec![expected]));
        let refused = refusal(adopted(&sql, &set(&[20_240_501_102_030]), None));
        assert!(refused.reason.starts_with("the text that sqlx applied is not the text of a file"), "{refused:?}");
    }

    #[test]
    fn a_half_applied_sqlx_version_is_refused_with_its_version() {
        let sql =
            format!("{SQLX} INSERT INTO _sqlx_migrations VALUES (2, 'cars', '2024-05-01 10:20:30', FALSE, x'00', -1)");
        let refused = refusal(adopted(&sql, &cars(2), None));
        assert_eq!(refused.reason, "the table _sqlx_migrations marks version 2 as not finished by sqlx");
        assert_eq!(refused.version, Some(2));
    }

    #[test]
    fn versions_written_as_digits_are_adopted_and_gaps_are_kept() {
        let diesel =
            format!("{DIESEL} INSERT INTO __diesel_schema_migrations VALUES ('20221023135826', '2022-10-23 14:00:00')");
        let expected = vec![plain(20_221_023_135_826, Some(1_666_533_600_000))];
        assert_eq!(adopted(&diesel, &set(&[1, 20_221_023_135_826]), None), Ok(expected));
        let dbmate = format!("{DBMATE} INSERT INTO schema_migrations VALUES ('001'), ('010')");
        assert_eq!(versions(adopted(&dbmate, &set(&[1, 2, 10, 11]), None)), [1, 10]);
        let refused = refusal(adopted(&dbmate, &set(&[1, 2]), None));
        assert_eq!(refused.reason, "the table schema_migrations records version 10, which is not in the set");
    }

    #[test]
    fn the_last_goose_row_of_a_version_decides() {
        let sql = format!(
            "{GOOSE} INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (0, 1, NULL), \
             (1, 1, '2024-05-01 10:20:30'), (2, 1, NULL), (2, 0, NULL), (1, 0, NULL), (1, 1, '2024-05-01 10:20:31')"
        );
        assert_eq!(adopted(&sql, &set(&[1, 2]), None), Ok(vec![plain(1, Some(1_714_558_831_000))]));
    }

    #[test]
    fn golang_migrate_has_everything_up_to_its_version() {
        let sql = format!("{GOLANG_MIGRATE} INSERT INTO schema_migrations VALUES (4, FALSE)");
        assert_eq!(versions(adopted(&sql, &set(&[1, 2, 4, 5]), None)), [1, 2, 4]);
        assert_eq!(refusal(adopted(&sql, &set(&[1, 2, 3, 5]), None)).version, Some(4));
    }

    #[test]
    fn a_dirty_history_is_refused_with_its_version() {
        let sql = format!("{GOLANG_MIGRATE} INSERT INTO schema_migrations VALUES (2, TRUE)");
        let refused = refusal(adopted(&sql, &set(&[1, 2]), None));
        assert_eq!(refused.reason, "the table schema_migrations marks version 2 as not finished by golang-migrate");
        assert_eq!(refused.version, Some(2));
    }

    #[test]
    fn a_revision_of_alembic_stands_for_the_version_that_the_caller_names() {
        let sql = format!("{ALEMBIC} INSERT INTO alembic_version VALUES ('1975ea83b712')");
        assert_eq!(versions(adopted(&sql, &set(&[1, 2, 3]), Some(2))), [1, 2]);
        let refused = |target| refusal(adopted(&sql, &set(&[1, 2, 3]), target)).reason;
        assert_eq!(
            refused(None),
            "the table alembic_version holds the revision 1975ea83b712, which is no version of the set"
        );
        assert_eq!(
            refused(Some(9)),
            "version 9 is not in the set and cannot stand for revision 1975ea83b712 of the table alembic_version"
        );
    }

    #[test]
    fn branches_of_alembic_that_are_not_merged_are_refused() {
        let sql = format!("{ALEMBIC} INSERT INTO alembic_version VALUES ('b'), ('a')");
        let refused = refusal(adopted(&sql, &set(&[1]), Some(1)));
        assert_eq!(refused.reason, "the table alembic_version holds branches that are not merged: a, b");
    }

    #[test]
    fn a_user_version_counts_the_first_migrations_of_the_set() {
        let adopted = |known: &[Known<'_>]| {
            let connection = Connection::open_in_memory().expect("opens");
            connection.execute_batch("PRAGMA user_version=2").expect("sets");
            let foreign = find(&connection, Some(Tool::RusqliteMigration)).expect("looks").expect("found");
            applied(&connection, &foreign, known, None)
        };
        assert_eq!(versions(adopted(&set(&[30, 10, 20]))), [10, 20]);
        let Err(Stop::Refused(refused)) = adopted(&set(&[10])) else { panic!("must be refused") };
        assert_eq!(refused.reason, "PRAGMA user_version counts 2 migrations, more than the 1 of the set");
    }
}
