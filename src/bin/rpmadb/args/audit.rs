//! What can be typed of `audit`.

use std::path::PathBuf;

use clap::Args;
use rpmadb::{Error, Result, request};

/// Tell who did what, and prove that the record of it is whole
#[derive(Args)]
pub(crate) struct Audit {
    pub(crate) database: PathBuf,
    /// Only of this actor
    #[arg(long, value_name = "ACTOR")]
    of: Option<String>,
    /// Only of this role: admin, supervisor or user
    #[arg(long)]
    role: Option<String>,
    /// Only what came through this door: rust, c, lua, cli, monitor or migration
    #[arg(long)]
    origin: Option<String>,
    /// Only of this verb
    #[arg(long)]
    verb: Option<String>,
    /// Only what ended so: ok, denied or error
    #[arg(long)]
    outcome: Option<String>,
    /// Only what has this text in its target
    #[arg(long, value_name = "TEXT")]
    about: Option<String>,
    /// Only from this time on: 2026-01-31, 2026-01-31T12:00:00Z, or how long ago, such as "24h" or "7 days"
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<i64>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<i64>,
    /// Go on behind the record of this number
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// Most records
    #[arg(long, default_value_t = 100)]
    limit: u64,
    /// The oldest first
    #[arg(long)]
    oldest_first: bool,
    /// Print a JSON document a line
    #[arg(long)]
    pub(crate) jsonl: bool,
    /// Prove the chain of hashes and the anchors; exit 1 when it was tampered with
    #[arg(long)]
    pub(crate) verify: bool,
    /// Archive and remove what is older than so many days
    #[arg(long, value_name = "DAYS")]
    prune_days: Option<u64>,
    /// Archive and remove all but so many of the newest
    #[arg(long, value_name = "ROWS")]
    prune_rows: Option<u64>,
    /// Where the archive goes; without it, beside the database
    #[arg(long, value_name = "FOLDER")]
    folder: Option<String>,
    /// Tell what would be removed, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// A point in time in milliseconds since the Unix epoch.
fn time(text: &str) -> std::result::Result<i64, String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(time.as_millisecond());
    }
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?;
        return Ok(midnight.timestamp().as_millisecond());
    }
    let span: jiff::Span = text.parse().map_err(|_| "is neither a time, a date nor how long ago".to_owned())?;
    let ago = span
        .total((jiff::Unit::Millisecond, jiff::SpanRelativeTo::days_are_24_hours()))
        .map_err(|error| error.to_string())?;
    #[allow(clippy::cast_possible_truncation, reason = "a span of jiff is at most some ten thousand years")]
    Ok(jiff::Timestamp::now().as_millisecond().saturating_sub(ago as i64))
}

impl Audit {
    /// Whether records would be removed.
    pub(crate) fn prunes(&self) -> bool {
        (self.prune_days.is_some() || self.prune_rows.is_some()) && !self.dry_run
    }

    pub(crate) fn request(&self) -> Result<request::Audit> {
        let prunes = self.prune_days.is_some() || self.prune_rows.is_some();
        if !prunes && (self.dry_run || self.folder.is_some()) {
            return Err(Error::InvalidArgument {
                name: "--dry-run and --folder".into(),
                reason: "belong to --prune-days or --prune-rows".into(),
            });
        }
        let request = request::Audit {
            actor: self.of.clone(),
            role: self.role.clone(),
            origin: self.origin.clone(),
            verb: self.verb.clone(),
            outcome: self.outcome.clone(),
            target: self.about.clone(),
            since: self.since,
            until: self.until,
            after: self.after,
            limit: Some(self.limit),
            oldest_first: self.oldest_first,
            format: if self.jsonl { request::AuditFormat::Jsonl } else { request::AuditFormat::Json },
            verify: self.verify,
            prune: prunes.then(|| request::AuditPrune {
                keep_days: self.prune_days,
                keep_rows: self.prune_rows,
                folder: self.folder.clone(),
                dry_run: self.dry_run,
            }),
        };
        request::Request::check(&request)?;
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn a_time_is_a_date_or_how_long_ago() {
        assert_eq!(time("2026-01-31"), Ok(1_769_817_600_000));
        assert_eq!(time("2026-01-31T00:00:01Z"), Ok(1_769_817_601_000));
        let now = jiff::Timestamp::now().as_millisecond();
        for (text, ago) in [("24h", 86_400_000), ("7 days", 604_800_000), ("90s", 90_000)] {
            let found = time(text).expect(text);
            assert!((now - ago..=now - ago + 10_000).contains(&found), "{text}");
        }
        assert!(time("yesterday").is_err());
    }
}
