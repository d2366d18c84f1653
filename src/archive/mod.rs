//! A backup as a file: written in one pass, described by a manifest, read back byte for byte, listed, kept or removed.
//!
//! One noun a file: `codec` (compression and encryption), `hashes` (of the pages), `manifest` (what a backup must be),
//! `write`, `aside` (the database's own file), `read`, `store` (names, locks, kills), `folder` (the backups of a folder), `retention` (which of them stay).
//! Leaves to others: SQLite's checks, and when a backup is made (`ops/`).
//!
//! Invariant: a backup counts when it and its manifest have their names, and never before both are whole and on the disk.

pub mod aside;
pub mod check;
pub mod codec;
pub mod flush;
pub mod folder;
pub mod hashes;
pub mod make;
pub mod manifest;
pub mod read;
pub mod rebuild;
pub mod retention;
pub mod store;
pub mod vault;
pub mod write;
