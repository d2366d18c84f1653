//! The backups in the report, and the growth that their manifests tell of.

use std::path::Path;

use rpmadb::report;

use super::charts::{Growth, Point};
use super::facts::{Facts, MOST};
use crate::run::archive;
use crate::show::text::{ago, size, time};

impl Facts {
    pub(super) fn add_backups(&mut self, found: &report::Backups, database: &Path, stats: Option<&report::Stats>) {
        self.backups_in.clone_from(&found.folder);
        // why only its own: the others bring nothing back here, and their sizes are not this database's history
        let (own, others) = archive::own(found, database);
        self.backups_of_others = others;
        for listed in own.iter().take(MOST) {
            let manifest = &listed.manifest;
            let proof = match (listed.verified, listed.complete) {
                (_, false) => "base missing".to_owned(),
                (false, _) => "not verified".to_owned(),
                (true, _) => {
                    let checks = &manifest.checks;
                    let depth =
                        [("full", &checks.integrity_check), ("quick", &checks.quick_check), ("pages", &checks.pages)];
                    let deepest = depth.iter().find(|(_, outcome)| outcome.is_some()).map_or("", |(depth, _)| *depth);
                    format!("verified ({deepest})")
                }
            };
            let name = Path::new(&listed.path)
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let wraps = [&manifest.compression, &manifest.encryption].into_iter().flatten().cloned();
            let kind = std::iter::once(manifest.kind.clone()).chain(wraps).collect::<Vec<_>>().join(", ");
            let (made, age) = (time(manifest.created_at), ago(manifest.created_at));
            let pinned = if listed.pinned { "pinned" } else { "" }.to_owned();
            self.backups.push(vec![
                name,
                made,
                age,
                size(manifest.size_bytes),
                kind,
                proof,
                pinned,
                manifest.reason.clone(),
            ]);
        }
        // why backups: their manifests are the history of the database that there is
        let mut points: Vec<Point> = own
            .iter()
            .map(|listed| Point {
                at: listed.manifest.created_at,
                bytes: u64::from(listed.manifest.page_size) * u64::from(listed.manifest.page_count),
            })
            .collect();
        points
            .extend(stats.map(|stats| Point { at: jiff::Timestamp::now().as_millisecond(), bytes: stats.size_bytes }));
        self.growth = Growth::of(points);
    }
}
