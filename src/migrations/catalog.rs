//! What a handle may apply: a [`Source`] of files, with steps in code that win over the file of their version.
//!
//! Leaves to others: reading files (`set.rs`) and running any of it (`run.rs`).
//!
//! Invariant: the stamp of an up-to-date database is known without reading a file of the embedded set: the build
//! has summed it up, so an open with nothing to do costs no look at the migrations.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use include_dir::{Dir, include_dir};
use once_cell::sync::OnceCell;
use parking_lot::Mutex;

use super::glance::Glance;
use super::scan;
use super::set::{Migration, Repeatable, Set, Text};
use super::style::Style;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::sqlite::Connection;

static EMBEDDED: Dir<'static> = include_dir!("$RPMADB_EMBEDDED_DIR");
const EMBEDDED_DIGEST: &str = env!("RPMADB_EMBEDDED_DIGEST");
const EMBEDDED_LATEST: &str = env!("RPMADB_EMBEDDED_LATEST");

/// Where the migration files are.
#[derive(Debug, Clone, Default)]
pub enum Source {
    /// Built into the library.
    #[default]
    Embedded,
    /// A folder, read anew by every call that looks at it.
    Folder(PathBuf, Style),
    /// Read before.
    Given(Arc<Set>),
}

/// Code that runs inside the migration's transaction, on its connection.
pub type StepFn = Arc<dyn Fn(&Connection, &Operation) -> Result<()> + Send + Sync>;

/// A migration whose code is the host's.
#[derive(Clone)]
pub struct Step {
    /// Its version, from 1.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Applies it.
    pub up: StepFn,
    /// Takes it back, where there is a way.
    pub down: Option<StepFn>,
}

/// A Lua migration, or what the history kept of one.
pub struct LuaStep<'a> {
    /// Its name, for messages.
    pub file: &'a str,
    /// The chunk.
    pub text: &'a str,
    /// Whether to call `down` in place of `up`.
    pub back: bool,
}

/// Loads a Lua migration and, with a connection, runs it there. Tells whether it has a way back.
pub type LuaRunner = fn(&LuaStep<'_>, Option<&Connection>, &Operation) -> Result<bool>;

/// What a handle may apply.
pub struct Catalog {
    source: Source,
    steps: Mutex<BTreeMap<i64, Step>>,
    /// The folder as `check` read it, for the first call that looks at it.
    checked: Mutex<Option<Arc<Set>>>,
    /// The digest of the folder as it was read last, for as long as a glance finds it unchanged.
    glanced: Mutex<Option<(Glance, String)>>,
    pub(super) run_lua: LuaRunner,
}

/// One numbered migration with its code.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) version: i64,
    pub(super) name: String,
    pub(super) body: Body,
}

/// What a numbered migration runs.
#[derive(Clone)]
pub(super) enum Body {
    File(Arc<Migration>),
    Code(Step),
}

impl Entry {
    pub(super) fn kind(&self) -> &'static str {
        match &self.body {
            Body::File(file) if file.is_lua => "lua",
            Body::File(_) => "sql",
            Body::Code(_) => "host",
        }
    }

    /// The file as messages name it.
    pub(super) fn file(&self) -> String {
        match &self.body {
            Body::File(file) => file.file.clone(),
            Body::Code(_) => format!("{} {}", crate::error::HOST_STEP, self.name),
        }
    }

    /// The text and the sum over it; none for code, whose text we don't have.
    pub(super) fn text(&self) -> Option<&Text> {
        match &self.body {
            Body::File(file) => Some(&file.text),
            Body::Code(_) => None,
        }
    }

    pub(super) fn checksum(&self) -> Option<&str> {
        let Body::File(file) = &self.body else { return None };
        let sum = if file.is_lua { lua_checksum } else { scan::checksum };
        Some(file.checksum.get_or_init(|| sum(&file.text)))
    }

    /// Whether it asks to run without a transaction around it.
    pub(super) fn is_without_transaction(&self) -> bool {
        matches!(&self.body, Body::File(file) if file.directives.without_transaction)
    }

    /// Whether there is a way back; `None` for a Lua file that does not load.
    pub(super) fn is_reversible(&self, load: impl Fn(&LuaStep<'_>) -> Result<bool>) -> Option<bool> {
        match &self.body {
            Body::File(file) if file.is_lua => load(&LuaStep { file: &file.file, text: &file.text, back: false }).ok(),
            Body::File(file) => Some(file.down.is_some()),
            Body::Code(step) => Some(step.down.is_some()),
        }
    }
}

/// A sum over the text. What has another sum may still be the same program, see `plan::compared`.
fn lua_checksum(text: &str) -> String {
    blake3::hash(text.replace("\r\n", "\n").as_bytes()).to_hex()[..32].to_owned()
}

/// Everything that could be applied, steps in code included.
pub(super) struct Listing {
    pub(super) numbered: BTreeMap<i64, Entry>,
    pub(super) repeatables: Arc<[Repeatable]>,
    pub(super) stamp: i64,
}

impl Listing {
    pub(super) fn latest(&self) -> i64 {
        self.numbered.keys().next_back().copied().unwrap_or(0)
    }
}

impl Catalog {
    /// A catalog without steps in code.
    #[must_use]
    pub fn new(source: Source, run_lua: LuaRunner) -> Catalog {
        Catalog { source, steps: Mutex::default(), checked: Mutex::default(), glanced: Mutex::default(), run_lua }
    }

    /// Registers a step; its version must have no step yet. It wins over a file of its version.
    pub fn add(&self, step: Step) -> Result<()> {
        let invalid = |name: &str, reason: String| Err(Error::InvalidArgument { name: name.into(), reason });
        if step.version < 1 {
            return invalid("version", format!("is {} and must be at least 1", step.version));
        }
        if step.name.is_empty() {
            return invalid("name", "is empty".into());
        }
        let mut steps = self.steps.lock();
        if steps.contains_key(&step.version) {
            return invalid("version", format!("{} has a step already", step.version));
        }
        steps.insert(step.version, step);
        Ok(())
    }

    /// Reads and checks the files, so that a bad folder is refused before anything is opened.
    pub fn check(&self) -> Result<()> {
        if let Source::Folder(folder, style) = &self.source {
            *self.checked.lock() = Some(self.read(folder, *style)?);
        }
        Ok(())
    }

    /// Lets go of what `check` read: from now on a folder is read anew by every call.
    pub fn opened(&self) {
        *self.checked.lock() = None;
    }

    fn read(&self, folder: &Path, style: Style) -> Result<Arc<Set>> {
        let glance = Glance::of(folder).filter(|glance| glance.is_settled(SystemTime::now()));
        let set = Set::read_styled(folder, style)?;
        // why looked at again: what changed while it was read must not be remembered under the look of before
        let glance = glance.filter(|before| Glance::of(folder).as_ref() == Some(before));
        let digest = || blake3::Hash::from(set.digest()).to_hex().to_string();
        *self.glanced.lock() = glance.map(|glance| (glance, digest()));
        Ok(Arc::new(set))
    }

    fn set(&self) -> Result<Arc<Set>> {
        match &self.source {
            Source::Embedded => embedded(),
            Source::Folder(folder, style) => match self.checked.lock().take() {
                Some(set) => Ok(set),
                None => self.read(folder, *style),
            },
            Source::Given(set) => Ok(Arc::clone(set)),
        }
    }

    /// The stamp of a database that has everything, and the highest version, where both are known without reading
    /// files.
    pub(super) fn quick_stamp(&self) -> Option<(i64, i64)> {
        let steps = self.steps.lock();
        match &self.source {
            Source::Embedded if steps.is_empty() => {
                Some((stamp(EMBEDDED_DIGEST, &steps), EMBEDDED_LATEST.parse().ok()?))
            }
            Source::Given(set) => {
                let latest = set.latest().max(steps.keys().next_back().copied().unwrap_or(0));
                Some((stamp(&blake3::Hash::from(set.digest()).to_hex(), &steps), latest))
            }
            Source::Embedded | Source::Folder(..) => None,
        }
    }

    /// The stamp of a database that has everything, where it is known without reading files: of a folder too, while `stat`
    /// says that nothing has changed since it was read.
    pub(super) fn known_stamp(&self) -> Option<i64> {
        let digest = match &self.source {
            Source::Embedded => EMBEDDED_DIGEST.to_owned(),
            Source::Given(set) => blake3::Hash::from(set.digest()).to_hex().to_string(),
            Source::Folder(folder, _) => {
                let glanced = self.glanced.lock().clone();
                let (_, digest) = glanced.filter(|(before, _)| Glance::of(folder).as_ref() == Some(before))?;
                digest
            }
        };
        Some(stamp(&digest, &self.steps.lock()))
    }

    pub(super) fn listing(&self) -> Result<Listing> {
        let set = self.set()?;
        let steps = self.steps.lock();
        let mut numbered: BTreeMap<i64, Entry> = set
            .numbered
            .values()
            .map(|file| {
                (
                    file.version,
                    Entry { version: file.version, name: file.name.clone(), body: Body::File(Arc::clone(file)) },
                )
            })
            .collect();
        for step in steps.values() {
            let entry = Entry { version: step.version, name: step.name.clone(), body: Body::Code(step.clone()) };
            numbered.insert(step.version, entry);
        }
        let stamp = stamp(&blake3::Hash::from(set.digest()).to_hex(), &steps);
        Ok(Listing { numbered, repeatables: Arc::clone(&set.repeatables), stamp })
    }
}

/// 31 bits that stand for the whole set, never 0: `PRAGMA user_version` is 0 in a database nobody stamped.
fn stamp(digest: &str, steps: &BTreeMap<i64, Step>) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(digest.as_bytes());
    for step in steps.values() {
        hasher.update(&step.version.to_le_bytes());
        hasher.update(step.name.as_bytes());
    }
    let hash = hasher.finalize();
    let bits = hash.as_bytes().first_chunk::<4>().map_or(1, |bytes| u32::from_le_bytes(*bytes) & 0x7fff_ffff);
    i64::from(bits.max(1))
}

fn embedded() -> Result<Arc<Set>> {
    static SET: OnceCell<Arc<Set>> = OnceCell::new();
    SET.get_or_try_init(|| {
        let files = EMBEDDED
            .files()
            .filter_map(|file| Some((file.path().file_name()?.to_str()?.to_owned(), Cow::Borrowed(file.contents()))))
            .collect();
        Set::from_files(files).map(Arc::new)
    })
    .cloned()
}

impl Source {
    /// The set built into the library.
    pub fn embedded() -> Result<Arc<Set>> {
        embedded()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_summed_up_the_embedded_set_as_the_run_does() {
        let set = embedded().expect("the embedded set is sound");
        assert_eq!(blake3::Hash::from(set.digest()).to_hex().as_str(), EMBEDDED_DIGEST);
        assert_eq!(set.latest().to_string(), EMBEDDED_LATEST);
        assert!(set.len() >= 12);
    }

    #[test]
    fn the_quick_stamp_is_the_stamp_of_the_listing() {
        let run: LuaRunner = |_, _, _| Ok(false);
        let catalog = Catalog::new(Source::Embedded, run);
        let listing = catalog.listing().expect("sound");
        assert_eq!(catalog.quick_stamp(), Some((listing.stamp, listing.latest())));
        let given = Catalog::new(Source::Given(embedded().expect("sound")), run);
        assert_eq!(given.quick_stamp(), catalog.quick_stamp());
        let step = Step { version: 3, name: "s".into(), up: Arc::new(|_, _| Ok(())), down: None };
        given.add(step.clone()).expect("added");
        assert_ne!(given.quick_stamp(), catalog.quick_stamp(), "a step in code changes the stamp");
        assert!(given.add(step).is_err(), "one step a version");
        assert_eq!(given.known_stamp(), Some(given.listing().expect("sound").stamp), "with a step too");
    }

    #[test]
    fn the_stamp_of_a_folder_is_known_while_nothing_changed_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("1_a.sql");
        std::fs::write(&file, "CREATE TABLE a (x);").expect("writes");
        let catalog = Catalog::new(Source::Folder(folder.path().to_owned(), Style::default()), |_, _, _| Ok(false));
        assert_eq!(catalog.known_stamp(), None, "never read");
        let stamp = catalog.listing().expect("sound").stamp;
        assert_eq!(catalog.known_stamp(), None, "read too soon after it was written");
        std::thread::sleep(std::time::Duration::from_millis(2_200));
        assert_eq!(catalog.listing().expect("sound").stamp, stamp);
        assert_eq!(catalog.known_stamp(), Some(stamp));
        std::fs::write(&file, "CREATE TABLE b (x);").expect("writes");
        assert_eq!(catalog.known_stamp(), None, "changed");
        assert_ne!(catalog.listing().expect("sound").stamp, stamp);
    }
}
