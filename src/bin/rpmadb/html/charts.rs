//! What the report draws: bars of sizes, and the line of growth, in figures that the template puts into SVG.
//!
//! Invariant: positions are numbers of ours; a text of the database stands beside a drawing and never in its attributes.

use std::collections::BTreeMap;

use rpmadb::report::{self, ObjectKind};
use serde::Serialize;

use crate::show::text::{escaped, size, time};

/// More bars are not told apart.
const MOST_BARS: usize = 40;
/// Width of the drawing area.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 200.0;

/// A table and its indexes.
#[derive(Serialize)]
pub(super) struct Bar {
    name: String,
    own: String,
    indexes: String,
    share: String,
    /// Of 1,000.
    own_width: f64,
    index_width: f64,
    /// Each index with its size.
    parts: Vec<(String, String)>,
}

/// Bytes of a table, of its indexes, and of each index by name.
type Sizes = (u64, u64, Vec<(String, String)>);

impl Bar {
    pub(super) fn of(stats: &report::Stats) -> Vec<Bar> {
        Bar::of_objects(stats.objects.as_deref().unwrap_or_default())
    }

    pub(super) fn of_objects(objects: &[report::ObjectSize]) -> Vec<Bar> {
        let mut tables: BTreeMap<&str, Sizes> = BTreeMap::new();
        for object in objects {
            let (own, indexes, parts) = tables.entry(object.table.as_str()).or_default();
            match object.kind {
                ObjectKind::Table => *own += object.size_bytes,
                ObjectKind::Index => {
                    *indexes += object.size_bytes;
                    parts.push((escaped(&object.name), size(object.size_bytes)));
                }
            }
        }
        let all: u64 = tables.values().map(|(own, indexes, _)| own + indexes).sum();
        let largest = tables.values().map(|(own, indexes, _)| own + indexes).max().unwrap_or(0).max(1);
        let mut sorted: Vec<_> = tables.into_iter().collect();
        sorted.sort_by_key(|(name, (own, indexes, _))| (std::cmp::Reverse(own + indexes), *name));
        let width = |bytes: u64| (WIDTH * bytes as f64 / largest as f64 * 10.0).round() / 10.0;
        let bar = |(name, (own, indexes, parts)): (&str, Sizes)| Bar {
            name: escaped(name),
            own: size(own),
            indexes: size(indexes),
            share: format!("{:.1} %", 100.0 * (own + indexes) as f64 / all.max(1) as f64),
            own_width: width(own),
            index_width: width(indexes),
            parts,
        };
        sorted.into_iter().take(MOST_BARS).map(bar).collect()
    }
}

/// The size at a time.
pub(super) struct Point {
    pub(super) at: i64,
    pub(super) bytes: u64,
}

/// The line of growth.
#[derive(Serialize)]
pub(super) struct Growth {
    /// Points of the line, as SVG writes them.
    line: String,
    /// Each point: x, y, and what it says.
    dots: Vec<(f64, f64, String)>,
    first: String,
    last: String,
    top: String,
    /// In a sentence.
    told: String,
}

impl Growth {
    /// `None` with less than two points in time.
    pub(super) fn of(mut points: Vec<Point>) -> Option<Growth> {
        points.sort_by_key(|point| point.at);
        let (first, last) = (points.first()?, points.last()?);
        if first.at == last.at {
            return None;
        }
        let top = points.iter().map(|point| point.bytes).max()?.max(1);
        let x = |at: i64| (WIDTH * (at - first.at) as f64 / (last.at - first.at) as f64 * 10.0).round() / 10.0;
        let y = |bytes: u64| (HEIGHT * (1.0 - bytes as f64 / top as f64) * 10.0).round() / 10.0;
        let line: Vec<String> = points.iter().map(|point| format!("{},{}", x(point.at), y(point.bytes))).collect();
        let dots = points
            .iter()
            .map(|point| (x(point.at), y(point.bytes), format!("{}: {}", time(point.at), size(point.bytes))));
        let change = i128::from(last.bytes) - i128::from(first.bytes);
        let by = size(u64::try_from(change.unsigned_abs()).unwrap_or(u64::MAX));
        let how = if change < 0 { "smaller" } else { "bigger" };
        Some(Growth {
            line: line.join(" "),
            dots: dots.collect(),
            first: time(first.at),
            last: time(last.at),
            top: size(top),
            told: format!("{} then, {} now: {by} {how}.", size(first.bytes), size(last.bytes)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_needs_two_points_in_time() {
        assert!(Growth::of(Vec::new()).is_none());
        assert!(Growth::of(vec![Point { at: 5, bytes: 1 }, Point { at: 5, bytes: 2 }]).is_none());
        let growth = Growth::of(vec![Point { at: 10, bytes: 2048 }, Point { at: 0, bytes: 1024 }]).expect("a line");
        assert_eq!(
            (growth.line.as_str(), growth.told.as_str()),
            ("0,100 1000,0", "1.0 KiB then, 2.0 KiB now: 1.0 KiB bigger.")
        );
    }

    #[test]
    fn a_bar_is_a_table_with_its_indexes_the_largest_first() {
        let object = |name: &str, table: &str, kind, size_bytes| report::ObjectSize {
            name: name.into(),
            table: table.into(),
            kind,
            size_bytes,
            ..report::ObjectSize::default()
        };
        let bars = Bar::of_objects(&[
            object("a", "a", ObjectKind::Table, 100),
            object("b", "b", ObjectKind::Table, 300),
            object("i", "b", ObjectKind::Index, 100),
        ]);
        let told: Vec<_> =
            bars.iter().map(|bar| (bar.name.as_str(), bar.own_width, bar.index_width, bar.share.as_str())).collect();
        assert_eq!(told, [("b", 750.0, 250.0, "80.0 %"), ("a", 250.0, 0.0, "20.0 %")]);
    }
}
