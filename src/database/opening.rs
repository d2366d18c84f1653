//! Opening a database: options, source of migrations, steps in code, and then the open itself.
//!
//! Leaves to others: connections (`sqlite/`), migrating (`migrations/`).
//!
//! Invariant: a migrations folder is read and checked before the database file is touched.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::call::Gate;
use super::{Core, Database, HostStep, monitor, next_owner, rights};
use crate::archive::vault::Vault;
use crate::audit::Log;
use crate::error::{Error, Result};
use crate::lua;
use crate::migrations::{Catalog, Set, Source, Style};
use crate::operation::{self, Caller, Operation, Origin};
use crate::ops;
use crate::report::{self, elapsed_ms};
use crate::request::{self, Request};
use crate::sqlite::{Access, Pool, Settings};

/// A database about to be opened; see [`Database::at`].
pub struct Opening {
    path: PathBuf,
    options: request::Open,
    set: Option<Arc<Set>>,
    steps: Vec<HostStep>,
    may_lack_backups: bool,
}

impl Opening {
    pub(super) fn new(path: &Path) -> Opening {
        Opening {
            path: path.to_owned(),
            options: request::Open::default(),
            set: None,
            steps: Vec::new(),
            may_lack_backups: false,
        }
    }

    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: request::Open) -> Opening {
        self.options = options;
        self
    }

    /// Uses a set of migrations that was read before, in place of the embedded set or a folder.
    #[must_use]
    pub fn migrations(mut self, set: Arc<Set>) -> Opening {
        self.set = Some(set);
        self
    }

    /// Registers a step in code before the database is migrated.
    #[must_use]
    pub fn step(mut self, step: HostStep) -> Opening {
        self.steps.push(step);
        self
    }

    /// Opens also when the folder of the backups is not there, as that on a disk which is not mounted: only what needs it fails then.
    #[must_use]
    pub fn may_lack_backups(mut self) -> Opening {
        self.may_lack_backups = true;
        self
    }

    /// Opens it.
    pub fn open(mut self, operation: &Operation) -> Result<(Database, report::Open)> {
        let start = Instant::now();
        operation.check()?;
        self.options.check()?;
        let path = file(&self.path)?;
        super::ready()?;
        absolute_folders(&mut self.options);
        let settings = Settings::new(path, &self.options);
        let vault = vault(settings.identity(), &self.options, self.may_lack_backups)?;
        let catalog = catalog(self.set, &self.options)?;

        let entered = operation::enter(operation.begin("open", 0, Arc::default()));
        let database_path = settings.display();
        let audit = Log::new(&settings, &self.options.audit);
        let (pool, created) = Pool::open(settings)?;
        if created {
            audit.was_made();
        }
        let journal_mode = pool.journal_mode()?;
        drop(entered);

        let core = Arc::new(Core {
            access: Some(Access::Pool(Arc::new(pool))),
            catalog: Arc::new(catalog),
            vault,
            audit,
            limits: self.options.script.clone(),
            measured: Arc::default(),
            board: Arc::default(),
            monitor: monitor::Slot::default(),
            process: std::process::id(),
            owner: next_owner(),
            around: None,
            lent: Mutex::default(),
        });
        let actor: Arc<str> = self.options.actor.as_deref().unwrap_or("host").into();
        for step in self.steps {
            core.catalog.add(step.bind(&core, &actor))?;
        }
        // why as admin: the migration is the library's own work, whatever the handle may do afterwards
        let library = Database {
            gate: Arc::new(Gate::new(Arc::clone(&core))),
            caller: Caller { actor: Arc::clone(&actor), role: request::Role::Admin, origin: Origin::Migration },
        };
        let migrate = match self.options.migrate.unwrap_or(!self.options.read_only) {
            true => Some(library.migrate(&request::Migrate::default(), operation)?),
            false => None,
        };
        core.catalog.opened();
        let caller = Caller { actor, role: self.options.role, origin: operation.origin() };
        let database = Database { gate: Arc::new(Gate::new(core)), caller };
        drop(library);
        if let Some(request) = &self.options.monitor {
            database.monitor_start(request)?;
        }
        Ok((
            database,
            report::Open {
                database_path,
                created,
                journal_mode: journal_mode.to_owned(),
                migrate,
                duration_ms: elapsed_ms(start),
            },
        ))
    }
}

/// The file of a path; `None` for a database in memory.
fn file(path: &Path) -> Result<Option<PathBuf>> {
    let invalid = |reason: String| Err(Error::InvalidArgument { name: "path".into(), reason });
    if path.as_os_str() == ":memory:" {
        return Ok(None);
    }
    if path.as_os_str().is_empty() {
        return invalid("is empty".into());
    }
    // why not of a folder: that is told by what it is
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") && !path.is_dir() {
        return invalid(format!("{} ends as the path of a folder does", path.display()));
    }
    std::path::absolute(path).map(Some).map_err(|error| Error::from_io(path.display().to_string(), &error))
}

/// A host that changes its working folder later still means the folder of now.
fn absolute_folders(options: &mut request::Open) {
    for folder in [&mut options.backup.folder, &mut options.migrations].into_iter().flatten() {
        if let Ok(absolute) = std::path::absolute(&*folder) {
            *folder = absolute.display().to_string();
        }
    }
}

fn vault(database: String, options: &request::Open, may_lack_folder: bool) -> Result<Vault> {
    if let Some(folder) = &options.backup.folder
        && !may_lack_folder
        && !Path::new(folder).is_dir()
    {
        return Err(Error::InvalidOption { key: "backup.folder".into(), reason: format!("{folder} is not a folder") });
    }
    Vault::new(database, &options.backup)
}

fn catalog(set: Option<Arc<Set>>, options: &request::Open) -> Result<Catalog> {
    let style = match &options.style {
        None => Style::default(),
        Some(name) => Style::from_name(name).ok_or_else(|| {
            let names = Style::ALL.map(Style::name).join(", ");
            Error::InvalidOption { key: "style".into(), reason: format!("'{name}' is none of {names}") }
        })?,
    };
    let source = match (set, &options.migrations) {
        (Some(set), _) => Source::Given(set),
        (None, Some(folder)) => Source::Folder(folder.into(), style),
        (None, None) => Source::Embedded,
    };
    let catalog = Catalog::new(source, lua::run_step);
    catalog.check()?;
    Ok(catalog)
}

/// See [`Database::restore_file`].
pub(super) fn restore_file(
    database: &Path,
    path: &Path,
    options: &request::Open,
    request: &request::Restore,
    operation: &Operation,
) -> Result<report::Restore> {
    rights::check("restore", options.role)?;
    options.check()?;
    request.check()?;
    let Some(file) = file(database)? else {
        return Err(Error::InvalidArgument { name: "path".into(), reason: ":memory: is no file".into() });
    };
    let mut options = options.clone();
    absolute_folders(&mut options);
    if options.read_only {
        return Err(Error::ReadOnly { what: database.display().to_string() });
    }
    super::ready()?;
    let settings = Settings::new(Some(file), &options);
    let (vault, catalog) = (vault(settings.identity(), &options, false)?, catalog(None, &options)?);
    let operation = operation.begin("restore", 0, Arc::default());
    let _entered = operation::enter(operation.clone());
    operation.check()?;
    let audit = Log::new(&settings, &options.audit);
    settings.before_open();
    let place = ops::restore::Place { vault: &vault, catalog: &catalog, audit: &audit };
    ops::restore::to_file(database, &place, path, request, &operation)
}
