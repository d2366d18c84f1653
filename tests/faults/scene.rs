//! A database with backups of every kind, the verbs that are to meet faults, and what must be true afterwards.
//!
//! Leaves to others: the faults.
//!
//! Each row of the table `pad` carries the number of the state that wrote it, so that a mix of two states is seen in any page. The
//! scene is made once; before each fault a copy of it takes its place, under the same path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rpmadb::{Request as _, request};
use serde_json::{Value as Json, json};

use super::child::Order;
use crate::crash::ask;
use crate::support::{Scratch, text, watch};

/// One page of 512 bytes each: more than one step of a restore as a transaction, and few bytes.
const ROWS: u32 = 1_150;
const TABLES: &str = "CREATE TABLE state (v TEXT); CREATE TABLE mark (n INTEGER); CREATE TABLE pad (id INTEGER PRIMARY KEY, tag INTEGER, b BLOB);";

pub(super) struct Scene {
    scratch: Scratch,
    recipient: String,
    identity: String,
}

/// What is under a folder: the contents of each file that is no database.
type Files = BTreeMap<String, Vec<u8>>;

fn set(state: &str, tag: u32) -> String {
    format!("UPDATE state SET v = '{state}'; UPDATE pad SET tag = {tag};")
}

fn tag_of(state: &str) -> &'static str {
    match state {
        "one" => "1",
        "two" => "2",
        "three" => "3",
        "four" => "4",
        _ => "9",
    }
}

impl Scene {
    pub(super) fn new() -> Scene {
        let scratch = Scratch::new();
        for folder in ["work/app", "work/backups", "work/out", "work/outside", "m", "look"] {
            std::fs::create_dir_all(scratch.path(folder)).expect("makes");
        }
        let fill = format!(
            "INSERT INTO state VALUES ('one'); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) \
             INSERT INTO pad SELECT i, 1, randomblob(400) FROM n;"
        );
        scratch.migrations(
            "m",
            &[
                ("1_tables.sql", TABLES),
                ("2_rows.sql", &fill),
                ("3_three.sql", &set("three", 3)),
                ("4_four.sql", &set("four", 4)),
            ],
        );
        let (identity, recipient, _) = crate::archive::identity(&scratch);
        let scene = Scene { scratch, recipient, identity };
        let raw = rusqlite::Connection::open(scene.database()).expect("opens");
        raw.execute_batch("PRAGMA page_size = 512; VACUUM;").expect("makes");
        drop(raw);
        let order = scene.order("", "prune", "", json!({}));
        let database = order.open(&watch()).expect("opens");
        let backup = |file: &str, options: Json| {
            let file = (!file.is_empty()).then(|| scene.work(file));
            let options = request::Backup::from_json(Some(&options.to_string())).expect("options");
            database.backup(file.as_deref(), &options, &watch()).expect("backs up");
        };
        let migrate = request::Migrate { target: Some(2), ..request::Migrate::default() };
        database.migrate(&migrate, &watch()).expect("migrates");
        backup("out/old.db", json!({}));
        backup("backups/one.db", json!({}));
        scene.set(&database, "two");
        backup("backups/two.inc", json!({"incremental": true, "compress": 1}));
        scene.set(&database, "three");
        backup("backups/three.age", json!({"encrypt_to": scene.recipient, "compress": 1}));
        database.restore(&scene.work("backups/two.inc"), &request::Restore::default(), &watch()).expect("restores");
        scene.set(&database, "now");
        backup("backups/last.db", json!({}));
        database.close().expect("closes");
        for (name, what) in [
            ("outside/notes.txt", "mine"),
            ("backups/readme.txt", "mine too"),
            ("backups/.mine.deleted", "not a backup's"),
            ("backups/.mine.partial", "nor this"),
            ("out/.mine.partial", "nor this"),
        ] {
            scene.scratch.write(&format!("work/{name}"), what);
        }
        std::fs::rename(scene.work(""), scene.scratch.path("template")).expect("is set aside");
        scene.set_up();
        scene
    }

    fn set(&self, database: &rpmadb::Database, state: &str) {
        let tag = tag_of(state);
        database.query(&format!("UPDATE state SET v = '{state}'"), None, &watch()).expect("writes");
        database.query(&format!("UPDATE pad SET tag = {tag}"), None, &watch()).expect("writes");
    }

    pub(super) fn work(&self, name: &str) -> PathBuf {
        self.scratch.path("work").join(name)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.work("app/app.db")
    }

    /// Where a log may go.
    pub(super) fn log(&self) -> PathBuf {
        self.scratch.path("log")
    }

    /// Everything as it was.
    pub(super) fn set_up(&self) {
        let _ = std::fs::remove_dir_all(self.work(""));
        copy_folder(&self.scratch.path("template"), &self.work(""));
    }

    fn order(&self, name: &'static str, verb: &'static str, file: &str, options: Json) -> Order {
        let backup = json!({"folder": text(&self.work("backups")), "identities": [self.identity], "keep_last": 100,
                            "keep_pre_migrate": 100, "keep_pre_restore": 100});
        Order {
            name,
            verb,
            database: text(&self.database()),
            open: json!({"migrations": text(&self.scratch.path("m")), "migrate": false, "backup": backup}),
            options,
            file: if file.is_empty() { String::new() } else { text(&self.work(file)) },
            guest: false,
        }
    }

    /// Every verb that is to meet faults.
    pub(super) fn orders(&self) -> Vec<Order> {
        let sealed = json!({"encrypt_to": self.recipient, "compress": 1});
        let transaction = json!({"busy_timeout_ms": 50});
        let migrate = |name, per: &str| {
            let mut order = self.order(name, "migrate", "", json!({"transaction": per}));
            order.open["backup"]["before_migrate"] = true.into();
            order
        };
        vec![
            self.order("a plain backup", "backup", "", json!({})),
            self.order("a pinned, compressed backup", "backup", "", json!({"compress": 1, "pin": true})),
            self.order("an encrypted backup", "backup", "", sealed.clone()),
            self.order("a backup to a path", "backup", "out/new.db", json!({})),
            self.order("a backup over another", "backup", "out/old.db", json!({"overwrite": true})),
            self.order(
                "a compact backup over another",
                "backup",
                "out/old.db",
                json!({"overwrite": true, "compact": true}),
            ),
            self.order("an incremental backup", "backup", "", json!({"incremental": true})),
            self.order("a verify", "verify", "backups/two.inc", json!({})),
            self.order("a restore by rename", "restore", "backups/two.inc", json!({})),
            Order { guest: true, ..self.order("a restore as a transaction", "restore", "backups/one.db", transaction) },
            self.order("an undo", "undo_restore", "", json!({})),
            self.order("a prune", "prune", "", json!({"keep_last": 1, "keep_pre_restore": 0})),
            migrate("a migration per run", "run"),
            migrate("a migration per file", "file"),
        ]
    }

    pub(super) fn order_named(&self, name: &str) -> Order {
        self.orders().into_iter().find(|order| order.name == name).expect(name)
    }

    /// The states that a fault in this may leave, the last one when it was completed.
    fn states(order: &Order) -> &'static [&'static str] {
        match order.name {
            "a restore by rename" => &["now", "two"],
            "a restore as a transaction" => &["now", "one"],
            // what the restore in the template replaced
            "an undo" => &["now", "three"],
            "a migration per run" => &["now", "four"],
            "a migration per file" => &["now", "three", "four"],
            _ => &["now"],
        }
    }

    /// What a fault may leave at once, before anybody helped.
    #[track_caller]
    pub(super) fn is_plausible(&self, order: &Order, here: &str) {
        let left = self.left(&self.database());
        assert!(Self::states(order).contains(&left.as_str()), "{here}: the database is {left}");
        for folder in ["backups", "out"] {
            for name in self.names(folder).into_iter().filter(|name| is_plain_backup(name)) {
                // why every one: a name without a manifest must be whole as well
                let state = self.left(&self.work(&format!("{folder}/{name}")));
                let plausible = ["one", "two", "three", "four", "now"].contains(&state.as_str());
                assert!(plausible, "{here}: {folder}/{name} is {state}");
            }
        }
        self.nothing_else_changed(here);
    }

    /// That the same call succeeds, and that then everything is as without a fault.
    #[track_caller]
    pub(super) fn is_made_up_for(&self, order: &Order, here: &str) {
        let again = order.carry_out(&watch());
        match &again {
            Ok(_) => {}
            // a backup that was complete is not made again
            Err(rpmadb::Error::AlreadyExists { .. }) if order.name == "a backup to a path" => {}
            // one that was killed in the middle of the change has forgotten what it undoes, and says so
            Err(rpmadb::Error::NoSuch { .. }) if order.verb == "undo_restore" => return self.is_whole(order, here),
            Err(error) => panic!("{here}: the same call again: {error}"),
        }
        if order.verb != "undo_restore" {
            // why not that: a second undo is a redo
            self.is_completed(order, here);
        }
        self.is_whole(order, here);
        let mut beside = self.all_names("app");
        // what the last restore replaced is noted there, and what the audit anchored
        beside.retain(|name| !["app.db-restored", "app.db-audit"].contains(&name.as_str()));
        assert_eq!(beside, ["app.db"], "{here}: beside the database");
    }

    /// That without the same call again, after a prune and a backup into each folder, every name there stands for a whole backup, and
    /// nothing half done is left.
    #[track_caller]
    pub(super) fn is_whole(&self, order: &Order, here: &str) {
        let mut check = self.order("", "prune", "", json!({"keep_last": 1000}));
        check.open["backup"]["keep_minimum"] = 1000.into();
        let database = check.open(&watch()).unwrap_or_else(|error| panic!("{here}: {error}"));
        check.run(&database, &watch()).unwrap_or_else(|error| panic!("{here}: {error}"));
        let path = self.work("out/check.db");
        database
            .backup(Some(&path), &request::Backup::default(), &watch())
            .unwrap_or_else(|error| panic!("{here}: {error}"));
        for suffix in ["", ".manifest.json"] {
            std::fs::remove_file(format!("{}{suffix}", path.display())).expect("is there");
        }
        for folder in ["backups", "out"] {
            let names = self.names(folder);
            for name in &names {
                if let Some(backup) = name.strip_suffix(".manifest.json") {
                    assert!(names.iter().any(|name| name == backup), "{here}: {folder}/{name} is alone");
                } else if name.ends_with(".pin") {
                    assert!(
                        names.iter().any(|other| name == &format!("{other}.pin")),
                        "{here}: {folder}/{name} is alone"
                    );
                } else if !self.is_as_before(folder, name) {
                    let request = request::Verify::from_json(Some(r#"{"depth": "pages"}"#)).expect("options");
                    let verified = database.verify(&self.work(&format!("{folder}/{name}")), &request, &watch());
                    assert!(verified.is_ok(), "{here}: {folder}/{name}: {}", verified.expect_err("is not"));
                }
            }
        }
        database.close().expect("closes");
        let allowed = |name: &String| name.as_str() == ".rpmadb-backups.lock" || name.starts_with(".mine.");
        for folder in ["backups", "out"] {
            let hidden: Vec<String> = self.all_names(folder).into_iter().filter(|name| name.starts_with('.')).collect();
            assert!(hidden.iter().all(allowed), "{here}: in {folder} stayed behind {hidden:?}");
        }
        let left = self.left(&self.database());
        assert!(Self::states(order).contains(&left.as_str()), "{here}: in the end the database is {left}");
        self.nothing_else_changed(here);
    }

    /// The state of the database, which must be the last one that this verb makes.
    #[track_caller]
    pub(super) fn is_completed(&self, order: &Order, here: &str) {
        let wanted = Self::states(order).last().expect("one");
        assert_eq!(&self.left(&self.database()), wanted, "{here}");
    }

    #[track_caller]
    fn nothing_else_changed(&self, here: &str) {
        let mine = |root: &Path| -> Files {
            let mut found = Files::new();
            for folder in ["outside", "backups", "out"] {
                for entry in std::fs::read_dir(root.join(folder)).expect("reads").flatten() {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    if folder == "outside" || name.starts_with(".mine.") || name == "readme.txt" {
                        found.insert(format!("{folder}/{name}"), std::fs::read(entry.path()).expect("reads"));
                    }
                }
            }
            found
        };
        assert_eq!(mine(&self.work("")), mine(&self.scratch.path("template")), "{here}: what belongs to others");
    }

    /// Which state whoever opens a database of a dead process finds; words of its own for a mix or damage.
    pub(super) fn left(&self, path: &Path) -> String {
        let copy = self.scratch.path("look/copy.db");
        crate::crash::copy_files(path, &copy);
        let connection = rusqlite::Connection::open(&copy).expect("opens");
        let integrity = ask(&connection, "PRAGMA integrity_check");
        let state = match integrity[0].as_str() {
            "'ok'" => {
                let state = ask(&connection, "SELECT v FROM state").concat().replace('\'', "");
                let found = ask(&connection, "SELECT count(*), min(tag), max(tag) FROM pad").concat();
                let tag = tag_of(&state);
                if found == format!("{ROWS}, {tag}, {tag}") { state } else { format!("a mix: {state} with {found}") }
            }
            finding => format!("damaged: {finding}"),
        };
        drop(connection);
        crate::crash::remove_files(&copy);
        state
    }

    /// How many rows were written after a fault.
    pub(super) fn marks(&self) -> String {
        let copy = self.scratch.path("look/copy.db");
        crate::crash::copy_files(&self.database(), &copy);
        ask(&rusqlite::Connection::open(&copy).expect("opens"), "SELECT count(*) FROM mark").concat()
    }

    pub(super) fn all_names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.work(folder)).expect("reads");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Names that are not hidden and no notes of others.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let mut names = self.all_names(folder);
        names.retain(|name| !name.starts_with('.') && name != "readme.txt");
        names
    }

    /// Whether a backup is the one of the template, byte by byte.
    fn is_as_before(&self, folder: &str, name: &str) -> bool {
        let same = |suffix: &str| {
            let of = |root: &str| std::fs::read(self.scratch.path(&format!("{root}/{folder}/{name}{suffix}"))).ok();
            of("template").is_some() && of("template") == of("work")
        };
        same("") && same(".manifest.json")
    }
}

fn is_plain_backup(name: &str) -> bool {
    name.ends_with(".db")
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("makes");
    for entry in std::fs::read_dir(from).expect("reads") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("is known").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copies");
        }
    }
}
