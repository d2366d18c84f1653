//! Proving the audit: the chain from its first record to its last, and the anchors outside of the database against it.
//!
//! | what was done | how it shows | class |
//! |---|---|---|
//! | a field or hash was changed | its hash does not fit | `edited` |
//! | a record was removed | a number is missing | `missing` |
//! | the newest were removed | an anchor is beyond the last | `tail_cut` |
//! | the oldest were removed | no record of pruning says so, or no line beside an anchor of theirs does | `head_removed` |
//! | all was written anew, or the end was cut and has grown again | an anchor's hash is another, or no hash fits the key | `rewritten` |
//! | the table is gone, or was made anew | an anchor is left, or a line says so | `table_dropped` |
//! | records are changed or kept out as they are written | a trigger is on the table | `trigger` |
//! | a record was added by who lacks the key | it stands behind one of the key | `unkeyed` |
//!
//! Leaves to others: finding the anchors (`anchor.rs`, `ops/audit.rs`).
//!
//! Invariant: every anchor is asked for; one with another hash does not take the place of an earlier one of its number.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::anchor::Anchors;
use super::chain::{Fields, Key};
use super::prune;
use super::record::{Head, unhex};
use super::table;
use crate::error::Result;
use crate::operation::Operation;
use crate::report::{AuditFinding, AuditVerify, elapsed_ms};
use crate::sqlite::Connection;

/// Findings that are told one by one.
const MOST_FINDINGS: usize = 100;
/// Records between two looks at the operation.
const STEP: u64 = 10_000;

/// The hashes that a record of a number must have: one, if nobody cut the chain and let it grow again.
type Heads = BTreeMap<u64, BTreeSet<[u8; 32]>>;

/// A head that was noted elsewhere than in the file beside the database.
#[derive(Debug, Clone)]
pub struct Outside {
    /// Number of the record.
    pub seq: u64,
    /// Its hash in hexadecimal.
    pub hash: String,
    /// When it was noted.
    pub at: i64,
}

/// What the walk along the chain finds.
#[derive(Default)]
struct Walk {
    rows: u64,
    first: u64,
    last: u64,
    /// Hashes of the records that are anchored.
    anchored: BTreeMap<u64, Option<[u8; 32]>>,
    edited: Vec<(u64, u64)>,
    /// Records whose hash was looked at, and of them those that did not fit.
    looked_at: u64,
    wrong: u64,
    missing: Vec<(u64, u64)>,
    /// Records of keys that were not given.
    unknown_key: Vec<(u64, u64)>,
    /// The newest record of the key, where one was given and there is one.
    newest_of_key: Option<u64>,
    /// Records without a key behind one of the key.
    unkeyed: Vec<(u64, u64)>,
    /// Rows with a number that no record has.
    strays: u64,
}

/// Proves the audit that `connection` sees.
pub fn verify(
    connection: &Connection,
    key: &Key,
    anchors: &Anchors,
    outside: &[Outside],
    operation: &Operation,
) -> Result<AuditVerify> {
    let start = Instant::now();
    let heads = expected(anchors, outside);
    let mut findings = Vec::new();
    let head = table::head(connection)?;
    let lost = heads.keys().max().filter(|_| head.is_none()).copied().max(anchors.dropped.map(|head| head.seq));
    if let Some(highest) = lost {
        let what = if head.is_none() { "is gone" } else { "was gone or emptied, and was begun anew" };
        let message = format!("the table rpmadb_audit {what}; it had at least {highest} records");
        findings.push(AuditFinding { class: "table_dropped", from_seq: 1, to_seq: highest, message });
    }
    let Some(head) = head else {
        return Ok(report(start, 0, heads.len(), findings, anchors));
    };
    findings.extend(table::triggers(connection)?.into_iter().map(|name| AuditFinding {
        class: "trigger",
        from_seq: 0,
        to_seq: 0,
        message: format!("the trigger {name} is on the table rpmadb_audit, and can keep records out or change them"),
    }));
    let mut walk = Walk { anchored: heads.keys().map(|seq| (*seq, None)).collect(), ..Walk::default() };
    let pruned = prune::newest(connection)?;
    walk.along(connection, key, pruned, head.seq, operation)?;
    let rows = walk.rows;
    walk.judge(key, &heads, pruned, anchors, &mut findings);
    Ok(report(start, rows, heads.len(), findings, anchors))
}

/// Every head that must be found, by its number.
fn expected(anchors: &Anchors, outside: &[Outside]) -> Heads {
    let mut heads = Heads::new();
    for head in outside {
        // why not after a restore: what was brought back then may have another past
        let is_void = anchors.restored.iter().any(|at| *at >= head.at);
        if let Some(hash) = unhex(&head.hash).filter(|_| !is_void && head.seq > 0) {
            heads.entry(head.seq).or_default().insert(hash);
        }
    }
    for head in &anchors.heads {
        heads.entry(head.seq).or_default().insert(head.hash);
    }
    heads
}

fn report(start: Instant, rows: u64, heads: usize, mut findings: Vec<AuditFinding>, anchors: &Anchors) -> AuditVerify {
    if anchors.edited > 0 {
        findings.push(AuditFinding {
            class: "anchor_edited",
            from_seq: 0,
            to_seq: 0,
            message: format!("{} line(s) of the file of anchors were not written with this key", anchors.edited),
        });
    }
    let more = findings.len().saturating_sub(MOST_FINDINGS);
    let tampered = findings.iter().any(|finding| finding.class != "unknown_key");
    findings.truncate(MOST_FINDINGS);
    let status = match (tampered, findings.is_empty()) {
        (true, _) => "tampered",
        (false, true) if rows > 0 => "ok",
        // why not ok: nothing was proved
        (false, _) => "unknown",
    };
    AuditVerify {
        status,
        rows,
        anchors: heads as u64,
        findings,
        more_findings: more as u64,
        duration_ms: elapsed_ms(start),
    }
}

/// Adds a number to spans of numbers that come in order.
fn extend(spans: &mut Vec<(u64, u64)>, seq: u64) {
    match spans.last_mut() {
        Some((_, to)) if *to + 1 == seq => *to = seq,
        _ => spans.push((seq, seq)),
    }
}

impl Walk {
    fn along(
        &mut self,
        connection: &Connection,
        key: &Key,
        pruned: Option<Head>,
        total: u64,
        operation: &Operation,
    ) -> Result<()> {
        let everybodys = Key::new(None);
        // the hash of the record before; none where that is not known
        let mut before = Some([0; 32]);
        table::for_each(connection, |number, stored| {
            let Some(seq) = u64::try_from(number).ok().filter(|seq| *seq > 0) else {
                self.strays += 1;
                return Ok(());
            };
            if self.rows == 0 {
                self.first = seq;
                before = match pruned {
                    _ if seq == 1 => before,
                    Some(head) if head.seq == seq - 1 => Some(head.hash),
                    _ => None,
                };
            } else if seq != self.last + 1 {
                self.missing.push((self.last + 1, seq - 1));
                before = None;
            }
            self.rows += 1;
            self.last = seq;
            if self.rows.is_multiple_of(STEP) {
                operation.report("proving the audit", self.rows, total)?;
            }
            let hash = stored.as_ref().and_then(|stored| <[u8; 32]>::try_from(stored.hash).ok());
            if let Some(anchored) = self.anchored.get_mut(&seq) {
                *anchored = hash;
            }
            match (stored, before) {
                (Some(stored), before) if stored.fields.key != key.id() && !stored.fields.key.is_empty() => {
                    // why: then nothing but the name of the key was changed
                    let fits = |key: &Key| {
                        let fields = Fields { key: key.id(), ..stored.fields };
                        before.is_some_and(|before| Some(key.hash(&before, &fields)) == hash)
                    };
                    if fits(key) || fits(&everybodys) || !Key::is_id(stored.fields.key) {
                        extend(&mut self.edited, seq);
                    } else {
                        extend(&mut self.unknown_key, seq);
                    }
                }
                (Some(stored), before) => {
                    let is_unkeyed = stored.fields.key.is_empty();
                    if !is_unkeyed && let Some(newest) = self.newest_of_key.replace(seq) {
                        // why: a host that changed its key does not go back to the old one
                        let between = self.unknown_key.partition_point(|(from, _)| *from < newest);
                        self.edited.extend(self.unknown_key.drain(between..));
                    }
                    if is_unkeyed && self.newest_of_key.is_some() {
                        extend(&mut self.unkeyed, seq);
                    }
                    let key = if is_unkeyed { &everybodys } else { key };
                    if let Some(before) = before {
                        self.looked_at += 1;
                        if Some(key.hash(&before, &stored.fields)) != hash {
                            self.wrong += 1;
                            extend(&mut self.edited, seq);
                        }
                    }
                }
                (None, _) => {
                    self.looked_at += 1;
                    self.wrong += 1;
                    extend(&mut self.edited, seq);
                }
            }
            before = hash;
            Ok(())
        })
    }

    fn judge(
        mut self,
        key: &Key,
        heads: &Heads,
        pruned: Option<Head>,
        anchors: &Anchors,
        findings: &mut Vec<AuditFinding>,
    ) {
        self.edited.sort_unstable();
        let mut add = |class, (from_seq, to_seq), message: String| {
            findings.push(AuditFinding { class, from_seq, to_seq, message });
        };
        let told = |(from, to): (u64, u64), one: &str, many: &str| match from == to {
            true => format!("record {from} {one}"),
            false => format!("records {from} to {to} {many}"),
        };
        if self.strays > 0 {
            let message = format!("{} row(s) have a number below 1, which no record has", self.strays);
            add("edited", (0, 0), message);
        }
        if self.rows > 0 && self.first != 1 && pruned.is_none_or(|head| head.seq != self.first - 1) {
            let span = (1, self.first - 1);
            add(
                "head_removed",
                span,
                format!("{}, and no record says that it was pruned", told(span, "is gone", "are gone")),
            );
        } else if anchors.heads.iter().any(|head| head.seq < self.first)
            && pruned.is_none_or(|head| !anchors.pruned.contains(&head))
        {
            let span = (1, self.first - 1);
            let gone = told(span, "is gone", "are gone");
            add(
                "head_removed",
                span,
                format!("{gone}, and beside the anchors nothing says that it was this library that pruned"),
            );
        }
        for span in self.missing {
            add("missing", span, told(span, "is gone", "are gone"));
        }
        let all_wrong = self.looked_at > 1 && self.wrong == self.looked_at;
        let is_edited = |seq: u64| self.edited.iter().any(|(from, to)| (*from..=*to).contains(&seq));
        let fits = |seq: u64, found: &[u8; 32]| heads.get(&seq).is_none_or(|hashes| hashes.contains(found));
        // an anchored record that is there with another hash, and whose own hash fits, or one that is anchored in two ways
        let other = heads.iter().filter(|(seq, hashes)| {
            let found = self.anchored.get(seq).copied().flatten();
            hashes.len() > 1 || found.is_some_and(|found| !fits(**seq, &found) && !is_edited(**seq))
        });
        let other: Vec<u64> = other.map(|(seq, _)| *seq).collect();
        if all_wrong {
            let message = "no record fits the key: all were written anew, or with another key".to_owned();
            add("rewritten", (self.first, self.last), message);
        } else {
            for span in &self.edited {
                add(
                    "edited",
                    *span,
                    told(*span, "was changed after it was written", "were changed after they were written"),
                );
            }
            if let (Some(first), Some(last)) = (other.first(), other.last()) {
                let is_good =
                    |seq: &&u64| self.anchored.get(*seq).copied().flatten().is_some_and(|found| fits(**seq, &found));
                let good = heads.keys().take_while(|seq| *seq < first).filter(is_good).max();
                // why not above it: one that is anchored in two ways may be pruned by now
                let from = good.map_or(1, |seq| seq.saturating_add(1)).max(self.first).min(*first);
                let span = (from, *last);
                add(
                    "rewritten",
                    span,
                    told(span, "is not the one", "are not those") + " anchored outside of the database",
                );
            }
        }
        if let Some(highest) = heads.keys().max().filter(|highest| **highest > self.last) {
            let span = (self.last + 1, *highest);
            add("tail_cut", span, told(span, "is gone from the end", "are gone from the end"));
        }
        for span in self.unkeyed {
            add("unkeyed", span, told(span, "was", "were") + " written without the key, behind records of the key");
        }
        if !key.id().is_empty() && self.newest_of_key.is_none() && self.rows > 0 && self.unknown_key.is_empty() {
            let span = (self.first, self.last);
            // why no alarm: the key may be new
            let message =
                told(span, "was", "were") + " written without a key: none proves itself with the one that was given";
            add("unknown_key", span, message);
        }
        for span in self.unknown_key {
            add("unknown_key", span, told(span, "was", "were") + " written with another key, which was not given");
        }
    }
}
