//! `verify`: whether a backup is what its manifest says, and would bring the database back.
//!
//! Leaves to others: reading and comparing (`archive/`).
//!
//! Invariants: changes nothing; what was decrypted is on no disk in the plain; a backup that is not sound is an error, so that
//! nobody takes the report of a bad one for a good one.

use std::path::Path;
use std::time::Instant;

use crate::archive::check;
use crate::archive::read::{self, Link};
use crate::archive::rebuild::{self, Nowhere};
use crate::archive::vault::Vault;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report::{self, Checks, elapsed_ms};
use crate::request::{self, Depth};
use crate::sqlite::file::folder_of;
use crate::sqlite::{Access, Connection, Scratch};

/// Proves the backup at `path`, or of that name in the folder of `vault`.
pub fn run(
    access: &Access,
    vault: &Vault,
    path: &Path,
    request: &request::Verify,
    operation: &Operation,
) -> Result<report::Verify> {
    let start = Instant::now();
    let path = vault.find(path)?;
    if access.is_file(&path) {
        // why: to open the file of a live database by other means than SQLite's gives up the locks on it
        return Err(Error::SameFile { path: path.display().to_string() });
    }
    let keys = vault.keys(&request.identities, request.passphrase.as_ref());
    let depth = request.depth.unwrap_or(Depth::Quick);
    let chain = read::chain(&path, vault.sign_key())?;
    let Some(last) = chain.last() else { return Err(Error::Internal { detail: "a chain without a link".into() }) };
    let named = path.display().to_string();
    let mut checks = Checks { pages: Some("ok".into()), ..Checks::default() };
    let bytes = match (&chain[..], depth >= Depth::Quick) {
        ([only], true) if only.is_plain() => {
            let bytes = rebuild::rebuild(&chain, &keys, vault.sign_key(), &mut Nowhere, &named, operation)?;
            look(&check::open(&path, depth)?, only, depth, &named, &mut checks, operation)?;
            bytes
        }
        (_, true) => {
            let scratch = scratch_for(&path)?;
            let bytes = rebuild::rebuild(&chain, &keys, vault.sign_key(), &mut &scratch, &named, operation)?;
            look(&scratch.open()?, last, depth, &named, &mut checks, operation)?;
            bytes
        }
        (_, false) => rebuild::rebuild(&chain, &keys, vault.sign_key(), &mut Nowhere, &named, operation)?,
    };
    Ok(report::Verify {
        path: named,
        depth: depth.name().unwrap_or("pages"),
        chain: chain.iter().map(|link| link.path.display().to_string()).collect(),
        checks,
        signature: last.signature,
        bytes,
        manifest: last.manifest.clone(),
        duration_ms: elapsed_ms(start),
    })
}

fn look(
    copy: &Connection,
    link: &Link,
    depth: Depth,
    named: &str,
    checks: &mut Checks,
    operation: &Operation,
) -> Result<()> {
    operation.report("checking the database in it", 0, 0)?;
    check::run(copy, depth, named, checks)?;
    operation.report("counting rows", 0, 0)?;
    check::compare_rows(copy, &link.manifest.tables, named)
}

/// Beside the backup, or where temporary files go when that is read-only.
fn scratch_for(path: &Path) -> Result<Scratch> {
    match Scratch::new(folder_of(path)) {
        Err(Error::Permission { .. } | Error::Io { .. }) => Scratch::new(&std::env::temp_dir()),
        outcome => outcome,
    }
}
