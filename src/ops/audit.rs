//! `audit`: who did what, whether that record is whole, and what of it goes to an archive.
//!
//! Leaves to others: writing records (`audit/`), who may ask (`database.rs`).
//!
//! Invariants: what is asked for is written first, if that can be done; records are removed only when they are in an archive
//! that is safe on the disk.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::archive::vault::{Vault, stem};
use crate::audit::{self, Archived, Filter, Log, Outside, Prunable};
use crate::error::{Error, Result};
use crate::operation::{self, Operation};
use crate::report::{self, elapsed_ms, now_ms};
use crate::request;
use crate::request::{AuditFormat, AuditPrune};
use crate::sqlite::file::{folder_of, sync_folder, with_suffix};
use crate::sqlite::{Access, Connection};

/// How long a report waits for the writer, to have in it what waits to be written.
const PATIENCE: Duration = Duration::from_millis(100);
const DAY_MS: i64 = 86_400_000;
const DEFAULT_LIMIT: u64 = 100;

/// Reports, and proves and prunes where that is asked for. With `only`, records of this actor and no other.
pub fn run(
    access: &Access,
    log: &Log,
    vault: &Vault,
    request: &request::Audit,
    only: Option<&str>,
    operation: &Operation,
) -> Result<report::Audit> {
    let start = Instant::now();
    if !access.is_bound() {
        // why ignored: what could not be written is told by `waiting`
        let _ = log.flush(access, PATIENCE);
    }
    let pruned = match &request.prune {
        Some(prune) => Some(self::prune(access, log, vault, prune, operation)?),
        None => None,
    };
    // why before the rows: an anchor is of a commit, and what is read later has that
    let anchors = request.verify.then(|| log.anchors()).transpose()?;
    let outside = if request.verify { outside(vault)? } else { Vec::new() };
    operation.boundary("the anchors were read");
    let connection = access.reader(operation)?;
    if !access.is_bound() {
        connection.begin_snapshot()?;
    }
    let ends = audit::ends(&connection)?;
    let head = audit::head(&connection)?;
    let enabled = log.is_on() && head.is_some();
    let mut listed = Listed::default();
    if enabled {
        listed = list(&connection, request, only)?;
    }
    let verify = match anchors {
        Some(mut anchors) => {
            let mut verify = audit::verify(&connection, log.key(), &anchors, &outside, operation)?;
            if verify.status == "tampered" {
                // why asked only now: whoever says so does that before the database is replaced, or records are removed
                let later = log.anchors()?;
                if anchors.was_replaced(&later) {
                    let what = format!("{}, which is being restored,", access.settings().display());
                    return Err(Error::Busy { what, waited_ms: 0 });
                }
                if anchors.take_prunings(&later) {
                    verify = audit::verify(&connection, log.key(), &anchors, &outside, operation)?;
                }
            }
            Some(verify)
        }
        None => None,
    };
    let head = head.filter(|head| head.seq > 0 && only.is_none()).map(|head| head.report());
    let (waiting, lost) = log.waiting();
    Ok(report::Audit {
        enabled,
        rows: ends.map_or(0, |(first, last)| last - first + 1),
        head,
        records: listed.records,
        text: listed.text,
        next: listed.next,
        waiting,
        lost,
        verify,
        pruned,
        duration_ms: elapsed_ms(start),
    })
}

#[derive(Default)]
struct Listed {
    records: Vec<report::AuditRecord>,
    text: Option<String>,
    next: Option<u64>,
}

fn list(connection: &Connection, request: &request::Audit, only: Option<&str>) -> Result<Listed> {
    let limit = usize::try_from(request.limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or(usize::MAX);
    let mut listed = Listed { text: (request.format == AuditFormat::Jsonl).then(String::new), ..Listed::default() };
    let (mut count, mut last) = (0, 0);
    audit::records(connection, &Filter::new(request, only), |record| {
        if count == limit {
            listed.next = (limit > 0).then_some(last);
            return Ok(false);
        }
        (count, last) = (count + 1, record.seq);
        match &mut listed.text {
            Some(text) => {
                text.push_str(&line(&record)?);
                text.push('\n');
            }
            None => listed.records.push(record),
        }
        Ok(true)
    })?;
    Ok(listed)
}

fn line(record: &report::AuditRecord) -> Result<String> {
    serde_json::to_string(record).map_err(|error| Error::Internal { detail: error.to_string() })
}

/// The heads in the manifests of backups.
fn outside(vault: &Vault) -> Result<Vec<Outside>> {
    let Some(folder) = vault.folder() else { return Ok(Vec::new()) };
    let listing = vault.list(folder)?;
    // why not those: what they hold was replaced right after
    let kept = listing.entries.into_iter().filter(|entry| entry.manifest.reason != "pre_restore");
    let heads = kept.filter_map(|entry| {
        let head = entry.manifest.audit_head?;
        Some(Outside { seq: head.count, hash: head.hash, at: entry.manifest.created_at })
    });
    Ok(heads.collect())
}

/// Archives and removes the oldest records.
pub fn prune(
    access: &Access,
    log: &Log,
    vault: &Vault,
    request: &AuditPrune,
    operation: &Operation,
) -> Result<report::AuditPruned> {
    if access.is_bound() {
        return Err(Error::Unsupported {
            what: "pruning the audit inside a transaction".into(),
            instead: Some("do it after the transaction"),
        });
    }
    let nothing = report::AuditPruned { from_seq: 0, to_seq: 0, rows: 0, archive: None, dry_run: request.dry_run };
    let before = request.keep_days.map(|days| now_ms() - i64::try_from(days).unwrap_or(0).saturating_mul(DAY_MS));
    let prunable = {
        let connection = access.reader(operation)?;
        match audit::ends(&connection)? {
            Some(_) => audit::prunable(&connection, before, request.keep_rows)?,
            None => None,
        }
    };
    let Some(Prunable { from, to }) = prunable else { return Ok(nothing) };
    let report = report::AuditPruned { from_seq: from, to_seq: to, rows: to - from + 1, ..nothing.clone() };
    if request.dry_run {
        return Ok(report);
    }
    let paths = archive_paths(access, vault, request, from, to)?;
    let (path, archived) = write_archive(access, paths, from, to, operation)?;
    operation.boundary("the audit was archived");
    // why not of the operation: a script hands its own to all that it calls
    let caller = operation::current();
    let Some(account) = caller.as_ref().and_then(Operation::account) else {
        return Err(Error::Internal { detail: "the audit was to be pruned by nobody".into() });
    };
    if !log.prune(access, account, Prunable { from, to }, &archived)? {
        // why: another has pruned them meanwhile, and has an archive of them
        std::fs::remove_file(&path).map_err(|error| Error::from_io(path.display().to_string(), &error))?;
        return Ok(nothing);
    }
    operation.boundary("the audit was pruned");
    Ok(report::AuditPruned { archive: Some(path.display().to_string()), ..report })
}

/// The names that the archive may have, best first.
fn archive_paths(
    access: &Access,
    vault: &Vault,
    request: &AuditPrune,
    from: u64,
    to: u64,
) -> Result<impl Iterator<Item = PathBuf> + use<>> {
    let settings = access.settings();
    let given = request.folder.as_ref().map(PathBuf::from);
    let folder = given.or_else(|| vault.folder().map(Path::to_owned)).or_else(|| settings.folder().map(Path::to_owned));
    let Some(folder) = folder else {
        let reason = "is needed: a database in memory has no folder for the archive".into();
        return Err(Error::InvalidOption { key: "prune.folder".into(), reason });
    };
    let name = format!("{}-audit-{from}-{to}", stem(settings));
    // why numbered: a kill between archive and removal leaves an archive of records that are still there
    let numbered = (2_u64..).map({
        let name = name.clone();
        move |number| format!("{name}-{number}")
    });
    Ok(std::iter::once(name).chain(numbered).map(move |name| folder.join(format!("{name}.jsonl.zst"))))
}

/// Writes the records to the first of `paths` that is free, whole or not at all.
fn write_archive(
    access: &Access,
    paths: impl Iterator<Item = PathBuf>,
    from: u64,
    to: u64,
    operation: &Operation,
) -> Result<(PathBuf, Archived)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut paths = paths.skip_while(|path| path.exists());
    let none = || Error::Internal { detail: "no name is left for an archive".into() };
    let mut path = paths.next().ok_or_else(none)?;
    let name = path.display().to_string();
    let failed = |error: std::io::Error| Error::from_io(name.clone(), &error);
    // why numbered: another handle of this process may archive the same records
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let partial = with_suffix(&path, &format!(".{}-{number}.partial", std::process::id()));
    // why removed first: a process of this number may have died here
    let _ = std::fs::remove_file(&partial);
    let written = (|| {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial).map_err(failed)?;
        let mut writer = zstd::Encoder::new(file, 3).map_err(failed)?;
        let connection = access.reader(operation)?;
        let mut last = String::new();
        audit::records(&connection, &Filter::span(from, to), |record| {
            if record.seq.is_multiple_of(10_000) {
                operation.report("archiving the audit", record.seq - from, to - from + 1)?;
            }
            writer.write_all(line(&record)?.as_bytes()).and_then(|()| writer.write_all(b"\n")).map_err(failed)?;
            last = record.hash;
            Ok(true)
        })?;
        let file = writer.finish().map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(&partial).map_err(failed)?).map_err(failed)?;
        // why a link and not a new name: that would take the place of an archive that is there already
        while let Err(error) = std::fs::hard_link(&partial, &path) {
            if error.kind() != std::io::ErrorKind::AlreadyExists {
                return Err(failed(error));
            }
            path = paths.next().ok_or_else(none)?;
        }
        sync_folder(folder_of(&path)).map_err(failed)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((path, Archived { name, blake3: hasher.finalize().to_hex().to_string(), last }))
    })();
    // why ignored: a second name of the archive, or a part of one that failed
    let _ = std::fs::remove_file(&partial);
    written
}
