//! A process that works on a database until it is killed: this test binary again, with an order in its environment.
//!
//! Leaves to others: what must be true of what it leaves (`crash.rs`, `kills.rs`, `starters.rs`).
//!
//! Why not a call of `kill` on itself: the child says where it is and waits there, and its parent sends SIGKILL; so the
//! parent knows the place, and a child that is not killed ends by itself. A child also ends by itself after a minute,
//! whatever it hangs in, so nobody who reads from it waits for ever.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rpmadb::{Database, Error, Operation, Request as _, request};
use serde_json::{Value as Json, json};

use crate::support::{Scratch, text, watch};

const VARIABLE: &str = "RPMADB_TEST_ORDER";
const NAME: &str = "crash::child::without_an_order_the_boundaries_of_a_run_are_as_a_crash_will_find_them";
const MARK: &str = "rpmadb-child ";

/// What to do with which database.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) path: PathBuf,
    /// Options of `open`, without the migration.
    pub(crate) open: Json,
    /// Options of `migrate`.
    pub(crate) migrate: Json,
    /// Step back to this version instead.
    pub(crate) back_to: Option<i64>,
}

/// How a child ended.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    /// It was killed at this place.
    Killed(String),
    /// By itself, with the report of its call.
    Done(Json),
}

impl Order {
    pub(crate) fn new(path: PathBuf, folder: &str, journal: &str) -> Order {
        let open = json!({"migrations": folder, "journal_mode": journal, "migrate": false, "synchronous": "off"});
        Order { path, open, migrate: json!({}), back_to: None }
    }

    pub(crate) fn on(&self, path: &Path) -> Order {
        Order { path: path.to_owned(), ..self.clone() }
    }

    pub(crate) fn options(&self) -> request::Open {
        request::Open::from_json(Some(&self.open.to_string())).expect("sound options")
    }

    /// Does it in this process.
    pub(crate) fn carry_out(&self, operation: &Operation) -> Result<Json, Error> {
        let (database, _) = Database::open(&self.path, &self.options(), operation)?;
        let report = match self.back_to {
            Some(target) => {
                serde_json::to_value(database.rollback(target, &request::Rollback::default(), operation)?)
            }
            None => {
                let request = request::Migrate::from_json(Some(&self.migrate.to_string())).expect("sound options");
                serde_json::to_value(database.migrate(&request, operation)?)
            }
        };
        database.close()?;
        Ok(report.expect("a document"))
    }

    /// Every place of this order where it may be killed, in order; carries it out.
    pub(crate) fn boundaries(&self) -> Vec<String> {
        let (operation, found) = (watch(), Arc::new(Mutex::new(Vec::new())));
        let noted = Arc::clone(&found);
        operation.on_boundary(Some(Arc::new(move |place| noted.lock().expect("whole").push(place.to_owned()))));
        self.carry_out(&operation).expect("is carried out");
        found.lock().expect("whole").clone()
    }

    /// Starts a child. With `stop_at` it waits to be killed at that boundary; `gated` it starts when a line arrives.
    pub(crate) fn start(&self, stop_at: Option<usize>, gated: bool) -> Child {
        let order = json!({
            "path": text(&self.path), "open": self.open, "migrate": self.migrate, "back_to": self.back_to,
            "stop_at": stop_at, "gated": gated,
        });
        let mut command = Command::new(std::env::current_exe().expect("is running"));
        command.args(["--exact", NAME, "--nocapture", "--test-threads=1"]).env(VARIABLE, order.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("starts")
    }

    /// A child that is killed at its boundary number `at`, counting from 1.
    pub(crate) fn killed_at(&self, at: usize) -> End {
        end(self.start(Some(at), false))
    }
}

/// Waits for the end of a child; kills it where it waits for that.
pub(crate) fn end(mut child: Child) -> End {
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let said = lines.map_while(Result::ok).find_map(|line| {
        // why not the start of the line: the test harness writes the test's name before it
        line.split_once(MARK).map(|(_, said)| said.to_owned())
    });
    let end = said.as_deref().and_then(|said| match said.split_once(' ')? {
        ("at", place) => {
            child.kill().expect("is ours");
            Some(End::Killed(place.to_owned()))
        }
        ("done", report) => Some(End::Done(serde_json::from_str(report).expect("a document"))),
        _ => None,
    });
    let output = child.wait_with_output().expect("ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    end.unwrap_or_else(|| panic!("the child said {said:?} and ended with {}: {stderr}", output.status))
}

/// Lets a gated child begin.
pub(crate) fn open_the_gate(child: &mut Child) {
    child.stdin.as_mut().expect("piped").write_all(b"go\n").expect("is waiting");
}

fn say(what: &str, detail: &str) {
    println!("{MARK}{what} {detail}");
    std::io::stdout().flush().expect("says it");
}

fn obey(order: &Json) {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(60));
        eprintln!("the child hung for a minute");
        std::process::exit(4);
    });
    if order["gated"] == true {
        std::io::stdin().lock().read_line(&mut String::new()).expect("is told to begin");
    }
    let operation = watch();
    if let Some(stop_at) = order["stop_at"].as_u64() {
        let passed = AtomicUsize::new(0);
        operation.on_boundary(Some(Arc::new(move |place| {
            if passed.fetch_add(1, Ordering::Relaxed) as u64 + 1 == stop_at {
                say("at", place);
                std::thread::sleep(Duration::from_secs(90));
            }
        })));
    }
    let order = Order {
        path: order["path"].as_str().expect("a path").into(),
        open: order["open"].clone(),
        migrate: order["migrate"].clone(),
        back_to: order["back_to"].as_i64(),
    };
    match order.carry_out(&operation) {
        Ok(report) => say("done", &report.to_string()),
        Err(error) => say("failed", &serde_json::to_string(&error.document()).expect("a document")),
    }
}

#[test]
fn without_an_order_the_boundaries_of_a_run_are_as_a_crash_will_find_them() {
    if let Ok(order) = std::env::var(VARIABLE) {
        return obey(&serde_json::from_str(&order).expect("an order"));
    }
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", &[("1_a.sql", "CREATE TABLE a (x); INSERT INTO a VALUES (1);")]);
    let order = Order::new(scratch.path("a.db"), &folder, "wal");
    let wanted =
        ["a statement ran", "a statement ran", "a migration was recorded", "before a commit", "after a commit"];
    assert_eq!(order.boundaries(), wanted);
    assert!(order.boundaries().is_empty(), "nothing is left to do");
}
