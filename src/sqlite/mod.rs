//! The floor that knows SQLite, and the only one that names rusqlite: open and configure, the writer and the
//! readers, statements and values, checkpoint and page copy.
//!
//! Leaves to others: what to run and why. Nothing here has an opinion on migrations, backups or roles beyond
//! the switch that says whose SQL a connection is running ([`Whose`]).
//!
//! Invariant: every failure leaves this floor as an [`crate::error::Error`], and every wait polls the
//! operation of the call.

mod access;
mod ballast;
mod checker;
mod checkpoint;
mod connection;
mod cursor;
mod data_version;
mod engine;
mod estimate;
mod failure;
pub mod file;
mod foreign;
pub mod foreign_keys;
mod fork;
#[cfg(feature = "host-sqlite")]
mod functions;
mod handed;
mod header;
#[cfg(feature = "bundled")]
mod heap;
#[cfg(not(feature = "bundled"))]
#[path = "heap/none.rs"]
mod heap;
pub mod indexes;
mod journal;
mod kept;
mod leases;
mod limits;
mod meter;
mod opening;
mod page;
mod pages;
mod readers;
mod replace;
mod rules;
pub mod schema;
mod scratch;
mod seen;
mod settings;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod shim;
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
#[path = "shim/none.rs"]
mod shim;
mod sizes;
mod statement;
mod switches;
mod value;
mod waiting;
mod watch;

pub use access::{Access, Lease, Pool};
pub use ballast::BallastState;
pub use checkpoint::{WalState, checkpoint, wal_state};
pub use connection::{Connection, Watched};
pub use cursor::{Cell, Cursor};
pub use data_version::DataVersion;
pub use engine::{Engine, HostApi, ready, source_id, version, version_number};
pub use estimate::estimate;
pub use fork::{AtWork, ClosedInChild};
#[cfg(feature = "host-sqlite")]
pub use functions::Definition;
pub use handed::HostConnection;
pub use heap::share;
pub use journal::Journal;
pub use kept::kept;
pub use leases::{LeaseInfo, LockCounters, ReaderCounters};
pub use meter::Meter;
pub use pages::{Where, for_each_page, page_figures, page_owners, unmark_wal};
pub use replace::{fold_log, is_open_elsewhere, open_elsewhere};
pub use rules::Whose;
pub use scratch::Scratch;
pub use seen::Remembered;
pub use settings::{Settings, Stamp};
pub use sizes::sizes;
pub use statement::{Params, Row, Statement};
pub use switches::{Effective, ForeignKeys};
pub use value::{FromValue, Value};
pub use waiting::BusyWait;
pub use watch::{Action, Watch};

/// What the SQLite was compiled with.
pub fn compile_options(connection: &Connection) -> crate::error::Result<Vec<String>> {
    let rows = connection.rows("PRAGMA compile_options", &[])?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next().and_then(schema::text)).collect())
}

/// Whether a version of SQLite, as a number like 3051003, can lose part of a commit when the log is reset by a checkpoint while
/// another connection begins to write: from 3.7.0 to 3.51.2, but for 3.44.6 and 3.50.7 and what follows them in their series.
#[must_use]
pub fn has_wal_reset_bug(version: i32) -> bool {
    match version {
        3_044_006..3_045_000 | 3_050_007..3_051_000 => false,
        _ => (3_007_000..=3_051_002).contains(&version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_with_the_bug_of_the_log_are_known() {
        for (version, has_it) in [
            (3_006_023, false),
            (3_007_000, true),
            (3_044_005, true),
            (3_044_006, false),
            (3_044_009, false),
            (3_045_000, true),
            (3_050_006, true),
            (3_050_007, false),
            (3_051_000, true),
            (3_051_002, true),
            (3_051_003, false),
            (3_052_000, false),
        ] {
            assert_eq!(has_wal_reset_bug(version), has_it, "{version}");
        }
        assert!(!has_wal_reset_bug(version_number()), "the one inside");
    }
}
