//! `test`: tries the migrations of a handle on scratch databases, from every earlier version, with generated rows.
//!
//! From each version: rows are generated, the rest is applied under the guards, taken back and applied again, and the schemas
//! are compared. Each migration is also ended at every statement, as a crash would end it, and run anew.
//! Leaves to others: making rows (`rows.rs`) and everything that migrating is.
//!
//! Invariants: the handle's own database is never touched; what is found wrong is a line of the report, not an error, so one
//! problem hides no other; the same seed finds the same.

mod attempt;
mod checks;
mod columns;
mod filling;
mod parents;
mod pools;
mod random;
mod rows;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::error::{Error, Result};
use crate::migrations::{self, Catalog};
use crate::operation::Operation;
use crate::report::{self, elapsed_ms};
use crate::request;
use crate::sqlite::schema::{self, Object};
use crate::sqlite::{Access, Pool, Settings, foreign_keys};

/// Above this many versions, as many spread over all of them are started from.
const MOST_VERSIONS: usize = 50;

struct Kit<'k> {
    folder: PathBuf,
    catalog: &'k Catalog,
    actor: &'k str,
    operation: &'k Operation,
    report: report::Test,
    /// What repeatables made, by kind and name: it belongs to no version.
    repeatables: Vec<(String, String)>,
}

/// What a database looks like, as far as two of them must agree.
#[derive(PartialEq)]
struct Look {
    objects: Vec<Object>,
    rows: BTreeMap<String, u64>,
}

/// Tries the migrations.
pub fn run(catalog: &Catalog, request: &request::Test, actor: &str, operation: &Operation) -> Result<report::Test> {
    let start = Instant::now();
    let folder = Folder::new()?;
    let mut kit = Kit {
        folder: folder.0.clone(),
        catalog,
        actor,
        operation,
        report: report::Test { seed: request.seed(), ..report::Test::default() },
        repeatables: Vec::new(),
    };
    kit.everything(request)?;
    kit.report.passed = kit.report.problems.is_empty();
    kit.report.duration_ms = elapsed_ms(start);
    Ok(kit.report)
}

/// A folder that goes away.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder> {
        let base = std::env::temp_dir();
        // why a loop: a folder that was there may be somebody else's
        for attempt in 0..1_000_u32 {
            let path = base.join(format!("rpmadb-test-{}-{attempt}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Folder(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::from_io(path.display().to_string(), &error)),
            }
        }
        Err(Error::AlreadyExists { path: base.join("rpmadb-test").display().to_string() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // why ignored: what is left in the system's folder for such things does no harm
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Kit<'_> {
    fn everything(&mut self, request: &request::Test) -> Result<()> {
        let all: Vec<i64> = {
            let access = open(&self.folder.join("versions.db"))?;
            let status = migrations::status(&access, self.catalog, self.operation)?;
            self.report.irreversible = irreversible(&status);
            status.migrations.iter().filter_map(|migration| migration.version).collect()
        };
        let Some(latest) = all.last().copied() else { return Ok(()) };
        let chosen = chosen(&all, request.versions.as_deref())?;
        let total = all.len() as u64;
        let mut before = 0;
        let base = self.folder.join("base.db");
        // why: where nothing is started from the first one, nobody else makes it
        drop(open(&base)?);
        for (done, version) in all.iter().enumerate() {
            self.operation.report(&format!("trying migration {version}"), done as u64, total)?;
            if chosen.contains(&before) {
                self.fill(&base, request)?;
                self.there_and_back(&base, before, latest)?;
            }
            if request.crash.unwrap_or(true) {
                self.crashes(&base, *version)?;
            }
            let access = open(&base)?;
            if let Err(error) = self.migrate(&access, Some(*version)) {
                self.problem(before, format!("migrating to {version}"), error)?;
                return Ok(());
            }
            before = *version;
        }
        if chosen.contains(&before) {
            self.fill(&base, request)?;
            self.there_and_back(&base, before, latest)?;
        }
        Ok(())
    }

    fn without_repeatables(&self, mut look: Look) -> Look {
        let made = |object: &Object| {
            self.repeatables.iter().any(|(kind, name)| *kind == object.kind && name.eq_ignore_ascii_case(&object.name))
        };
        look.objects.retain(|object| !made(object));
        look
    }

    /// Gives every table rows.
    fn fill(&mut self, base: &Path, request: &request::Test) -> Result<()> {
        let access = open(base)?;
        let writer = access.writer(self.operation)?;
        let generated = rows::generate(&writer, request.rows.unwrap_or(8), request.seed())?;
        self.report.skipped_tables.extend(generated.skipped);
        for (table, rows) in generated.tables {
            let most = self.report.rows.entry(table).or_default();
            *most = rows.max(*most);
        }
        Ok(())
    }

    /// From `from` up, back and up again.
    fn there_and_back(&mut self, base: &Path, from: i64, latest: i64) -> Result<()> {
        let path = self.copy(base, "there.db")?;
        let access = open(&path)?;
        let start = look(&access, self.operation)?;
        self.report.started_from.push(from);
        if let Err(error) = self.migrate(&access, None) {
            return self.problem(from, format!("migrating from {from} to {latest}"), error);
        }
        self.sound(&access, from, "after migrating up")?;
        let up = look(&access, self.operation)?;
        self.repeatables = migrations::made_by_repeatables(&*access.reader(self.operation)?)?;
        if self.report.irreversible.iter().any(|version| *version > from) {
            return Ok(());
        }
        let request = request::Rollback::default();
        if let Err(error) =
            migrations::rollback(&access, self.catalog, from, &request, self.operation, &mut || Ok(None))
        {
            return self.problem(from, format!("going back from {latest} to {from}"), error);
        }
        self.sound(&access, from, "after going back")?;
        let back = self.without_repeatables(look(&access, self.operation)?);
        let start = self.without_repeatables(start);
        self.same_schema(from, "going back", &start.objects, &back.objects);
        if let Err(error) = self.migrate(&access, None) {
            return self.problem(from, format!("migrating from {from} to {latest} again"), error);
        }
        let again = look(&access, self.operation)?;
        self.same_schema(from, "migrating again", &up.objects, &again.objects);
        Ok(())
    }

    /// Ends the migration `version` at every statement and runs it anew from what was left.
    fn crashes(&mut self, base: &Path, version: i64) -> Result<()> {
        let path = self.copy(base, "crash.db")?;
        let left: Arc<Mutex<Vec<PathBuf>>> = Arc::default();
        // why opened once: to close it while it is worked on would drop the locks of the process
        let database = File::open(&path).map_err(|error| Error::from_io(path.display().to_string(), &error))?;
        let database = Arc::new(database);
        let opened = Arc::clone(&database);
        let (folder, source, noted) = (self.folder.clone(), path.clone(), Arc::clone(&left));
        let watch = Operation::new();
        watch.on_boundary(Some(Arc::new(move |_| {
            let mut left = noted.lock().unwrap_or_else(PoisonError::into_inner);
            let to = folder.join(format!("left-{}.db", left.len()));
            // why a plain copy: what a process that ends here leaves is what stands in the files
            let copied = ["-wal", "-journal"].iter().all(|suffix| {
                let file = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
                !file(&source).exists() || std::fs::copy(file(&source), file(&to)).is_ok()
            });
            let copied = copied && copy_all(&opened, &to).is_ok();
            if copied {
                left.push(to);
            }
        })));
        let access = open(&path)?;
        let request = request::Migrate { target: Some(version), ..request::Migrate::default() };
        let outcome = migrations::migrate(&access, self.catalog, &request, self.actor, &watch, &mut || Ok(None));
        watch.on_boundary(None);
        // why no problem here: the run without crashes says it
        if outcome.is_err() {
            return Ok(());
        }
        let wanted = look(&access, self.operation)?;
        drop(access);
        drop(database);
        let left = std::mem::take(&mut *left.lock().unwrap_or_else(PoisonError::into_inner));
        for path in left {
            self.operation.check()?;
            self.report.crashes += 1;
            let access = open(&path)?;
            match self.migrate(&access, Some(version)) {
                Err(error) => {
                    self.problem(version, format!("running migration {version} anew after a crash"), error)?
                }
                Ok(()) => {
                    self.sound(&access, version, "after a crash")?;
                    let found = look(&access, self.operation)?;
                    self.same_schema(version, "a crash", &wanted.objects, &found.objects);
                    if found.rows != wanted.rows {
                        let what =
                            format!("after a crash in migration {version} the tables have other numbers of rows");
                        self.report.problems.push(report::TestProblem { from: version, what, error: None });
                    }
                }
            }
            drop(access);
            remove(&path);
        }
        Ok(())
    }

    fn migrate(&self, access: &Access, target: Option<i64>) -> Result<()> {
        let request = request::Migrate { target, ..request::Migrate::default() };
        migrations::migrate(access, self.catalog, &request, self.actor, self.operation, &mut || Ok(None)).map(|_| ())
    }

    /// Notes what a step of the test failed with; what stopped the test itself is an error of the test.
    fn problem(&mut self, from: i64, what: String, error: Error) -> Result<()> {
        self.operation.check()?;
        let error = Some(error.document().error);
        self.report.problems.push(report::TestProblem { from, what: format!("{what} failed"), error });
        Ok(())
    }

    fn sound(&mut self, access: &Access, from: i64, when: &str) -> Result<()> {
        let connection = access.reader(self.operation)?;
        let mut found = Vec::new();
        foreign_keys::check(&connection, |violation| {
            found.push(format!("a row of {} points to no row of {}", violation.table, violation.parent));
            false
        })?;
        let integrity: String = connection.value("PRAGMA integrity_check(1)", &[])?.unwrap_or_default();
        if integrity != "ok" {
            found.push(integrity);
        }
        let problem = |what| report::TestProblem { from, what: format!("{when}: {what}"), error: None };
        self.report.problems.extend(found.into_iter().map(problem));
        Ok(())
    }

    fn same_schema(&mut self, from: i64, after: &str, wanted: &[Object], found: &[Object]) {
        for change in migrations::schema_differences(wanted, found) {
            let report::SchemaChange { change, kind, name, .. } = change;
            let what = format!("after {after} the schema is another: {kind} {name} is {change}");
            self.report.problems.push(report::TestProblem { from, what, error: None });
        }
    }

    /// A copy of a database that nobody has open.
    fn copy(&self, from: &Path, name: &str) -> Result<PathBuf> {
        let to = self.folder.join(name);
        remove(&to);
        if from.exists() {
            std::fs::copy(from, &to).map_err(|error| Error::from_io(to.display().to_string(), &error))?;
        }
        Ok(to)
    }
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        // why ignored: most of them do not exist
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
}

fn open(path: &Path) -> Result<Access> {
    // why few readers and nothing synced: there are hundreds of these, each open for milliseconds
    let pool = request::Pool { max: Some(1), min_idle: Some(0), ..request::Pool::default() };
    let options = request::Open { synchronous: request::Synchronous::Off, pool, ..request::Open::default() };
    let settings = Settings::new(Some(path.to_owned()), &options);
    Pool::open(settings).map(|(pool, _)| Access::Pool(Arc::new(pool)))
}

fn look(access: &Access, operation: &Operation) -> Result<Look> {
    let connection = access.reader(operation)?;
    let mut rows = BTreeMap::new();
    for table in schema::tables(&connection)?.into_iter().filter(|table| !table.starts_with("rpmadb_")) {
        if let Some(count) = schema::count_rows(&connection, &table)? {
            rows.insert(table, count);
        }
    }
    Ok(Look { objects: schema::objects(&connection)?, rows })
}

fn irreversible(status: &report::Migrations) -> Vec<i64> {
    let one_way = status.migrations.iter().filter(|migration| migration.reversible != Some(true));
    one_way.filter_map(|migration| migration.version).collect()
}

/// The versions to start from, 0 among them.
fn chosen(all: &[i64], wanted: Option<&[i64]>) -> Result<BTreeSet<i64>> {
    if let Some(wanted) = wanted {
        return match wanted.iter().find(|version| **version != 0 && !all.contains(version)) {
            Some(unknown) => {
                Err(Error::InvalidOption { key: "versions".into(), reason: format!("there is no migration {unknown}") })
            }
            None => Ok(wanted.iter().copied().collect()),
        };
    }
    let every = all.len().div_ceil(MOST_VERSIONS).max(1);
    Ok(std::iter::once(0).chain(all.iter().copied().step_by(every)).chain(all.last().copied()).collect())
}

/// Copies a file that stays open.
fn copy_all(mut from: &File, to: &Path) -> io::Result<u64> {
    from.rewind()?;
    io::copy(&mut from, &mut File::create(to)?)
}
