//! A process that carries out one order and dies, or finds the disk full, on the way: this test binary again, alone or under strace.
//!
//! Leaves to others: what must be true of what it leaves (`scene.rs`).
//!
//! A child that is to die at a boundary says so and waits for SIGKILL. One that is to die at a system call is run by strace, which
//! kills it before the call, or answers the call with an error. The calls are counted from a run without a fault, between two
//! words that the child says before and behind the verb, so that faults meet the verb and not the start of the process.

use std::io::{BufRead as _, BufReader, IoSlice, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rpmadb::{Database, Error, Operation, Request as _, request};
use serde_json::{Value as Json, json};

use crate::support::{text, watch};

const VARIABLE: &str = "RPMADB_TEST_FAULT";
const NAME: &str = "faults::child::without_an_order_there_is_nothing_to_do";
const MARK: &str = "rpmadb-fault ";

/// System calls that change what is on a disk. Those that a platform lacks are left out by strace (`?`).
const CALLS: &str = "?write,?writev,?pwrite64,?ftruncate,?fallocate,?fsync,?fdatasync,?rename,?renameat,?renameat2,?link,?linkat,\
                     ?unlink,?unlinkat,?open,?openat,?mkdir,?fchmod";

/// Which verb with which options on which database.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The name in messages.
    pub(crate) name: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) database: String,
    /// Options of `open`.
    pub(crate) open: Json,
    /// Options of the verb.
    pub(crate) options: Json,
    /// The file of the verb; empty for none.
    pub(crate) file: String,
    /// Whether another connection reads meanwhile.
    pub(crate) guest: bool,
}

/// How a child ended.
#[derive(Debug)]
pub(crate) struct End {
    /// Whether it came to the verb.
    pub(crate) begun: bool,
    /// The boundary at which it was killed.
    pub(crate) at: Option<String>,
    /// The report, or the document of the error.
    pub(crate) outcome: Option<Result<Json, Json>>,
    /// What the same handle said afterwards of the state it sees, and whether it can write.
    pub(crate) afterwards: Option<Json>,
    pub(crate) status: ExitStatus,
}

/// A system call of the verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// Such as `fsync`.
    pub(crate) name: String,
    /// Its number among those of its name in the whole process, as strace counts.
    pub(crate) number: usize,
    /// As strace shows it.
    pub(crate) shown: String,
}

impl Order {
    fn to_json(&self) -> Json {
        json!({"name": self.name, "verb": self.verb, "database": self.database, "open": self.open, "options": self.options,
               "file": self.file, "guest": self.guest})
    }

    fn from_json(order: &Json) -> Order {
        let text = |key: &str| -> &'static str { order[key].as_str().expect(key).to_owned().leak() };
        Order {
            name: text("name"),
            verb: text("verb"),
            database: text("database").to_owned(),
            open: order["open"].clone(),
            options: order["options"].clone(),
            file: text("file").to_owned(),
            guest: order["guest"] == true,
        }
    }

    pub(crate) fn open(&self, operation: &Operation) -> Result<Database, Error> {
        let options = request::Open::from_json(Some(&self.open.to_string()))?;
        Ok(Database::open(&self.database, &options, operation)?.0)
    }

    /// Does it with an open handle.
    pub(crate) fn run(&self, database: &Database, operation: &Operation) -> Result<Json, Error> {
        let (options, file) = (self.options.to_string(), Path::new(&self.file));
        let options = Some(options.as_str());
        let document = match self.verb {
            "backup" => {
                let destination = (!self.file.is_empty()).then_some(file);
                serde_json::to_value(database.backup(destination, &request::Backup::from_json(options)?, operation)?)
            }
            "verify" => {
                serde_json::to_value(database.verify(file, &request::Verify::from_json(options)?, operation)?)
            }
            "restore" => {
                serde_json::to_value(database.restore(file, &request::Restore::from_json(options)?, operation)?)
            }
            "undo_restore" => {
                serde_json::to_value(database.undo_restore(&request::UndoRestore::from_json(options)?, operation)?)
            }
            "prune" => serde_json::to_value(database.prune(&request::Prune::from_json(options)?, operation)?),
            "migrate" => serde_json::to_value(database.migrate(&request::Migrate::from_json(options)?, operation)?),
            verb => panic!("no verb {verb}"),
        };
        Ok(document.expect("a document"))
    }

    /// Does all of it in this process, without a guest.
    pub(crate) fn carry_out(&self, operation: &Operation) -> Result<Json, Error> {
        let database = self.open(operation)?;
        let report = self.run(&database, operation)?;
        database.close()?;
        Ok(report)
    }

    fn guest(&self) -> Option<rusqlite::Connection> {
        self.guest.then(|| {
            let guest = rusqlite::Connection::open(&self.database).expect("opens");
            guest.execute_batch("BEGIN; SELECT count(*) FROM pad").expect("reads");
            guest
        })
    }

    /// Every place where it may be killed, in order; carries it out.
    pub(crate) fn boundaries(&self) -> Vec<String> {
        let (operation, found) = (watch(), Arc::new(Mutex::new(Vec::new())));
        let noted = Arc::clone(&found);
        let database = self.open(&operation).expect("opens");
        let guest = self.guest();
        operation.on_boundary(Some(Arc::new(move |place| noted.lock().expect("whole").push(place.to_owned()))));
        self.run(&database, &operation).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        drop(guest);
        found.lock().expect("whole").clone()
    }

    fn command(&self, mut program: Command, stop_at: Option<usize>) -> Command {
        let mut order = self.to_json();
        order["stop_at"] = stop_at.into();
        program.args(["--exact", NAME, "--nocapture", "--test-threads=1"]).env(VARIABLE, order.to_string());
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        program
    }

    /// Kills it at its boundary number `at`, counting from 1.
    pub(crate) fn killed_at(&self, at: usize) -> End {
        end(self.command(Command::new(myself()), Some(at)).spawn().expect("starts"))
    }

    /// A child without a fault that nobody waits for yet.
    pub(crate) fn start(&self) -> Child {
        self.command(Command::new(myself()), None).spawn().expect("starts")
    }

    /// Runs it where no file may grow beyond `blocks` of 512 bytes.
    pub(crate) fn with_small_files(&self, blocks: u64) -> End {
        let mut shell = Command::new("sh");
        // why the trap: the signal would end the process before the write could fail
        shell
            .args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", &blocks.to_string()])
            .arg(myself());
        end(self.command(shell, None).spawn().expect("starts"))
    }

    /// Every system call of the verb that changes something; carries it out.
    pub(crate) fn calls(&self, log: &Path) -> Vec<Call> {
        let mut strace = strace();
        strace.args(["-y", "-s", "100", "-o", &text(log), "-e", &format!("trace={CALLS}")]).arg(myself());
        let end = end(self.command(strace, None).spawn().expect("strace must be installed"));
        assert!(matches!(end.outcome, Some(Ok(_))), "{}: {end:?}", self.name);
        calls_in(&std::fs::read_to_string(log).expect("the log of strace"))
    }

    /// Runs it with a fault in calls: `what` is such as `signal=KILL` or `error=EIO`, `when` which, as strace takes them.
    pub(crate) fn with_fault(&self, name: &str, what: &str, when: &str) -> End {
        self.with_faults(&[(name, what, when)])
    }

    /// The same with several.
    pub(crate) fn with_faults(&self, faults: &[(&str, &str, &str)]) -> End {
        let mut strace = strace();
        let names: Vec<&str> = faults.iter().map(|(name, _, _)| *name).collect();
        strace.args(["-o", "/dev/null", "-e", &format!("trace={}", names.join(","))]);
        for (name, what, when) in faults {
            strace.args(["-e", &format!("inject={name}:{what}:when={when}")]);
        }
        strace.arg(myself());
        end(self.command(strace, None).spawn().expect("strace must be installed"))
    }
}

fn myself() -> std::path::PathBuf {
    std::env::current_exe().expect("is running")
}

fn strace() -> Command {
    let found = Command::new("strace").arg("-V").output();
    assert!(found.is_ok_and(|output| output.status.success()), "these tests need the program strace: install it");
    let mut strace = Command::new("strace");
    // why: the loader looks for each library in every folder of it, and those calls would be counted with ours
    strace.env_remove("LD_LIBRARY_PATH").arg("-f");
    strace
}

/// The calls between the words of the child, by the thread that said them.
fn calls_in(log: &str) -> Vec<Call> {
    let lines =
        || log.lines().filter_map(|line| line.split_once(' ')).map(|(thread, rest)| (thread, rest.trim_start()));
    let (worker, _) = lines().find(|(_, rest)| rest.contains("rpmadb-fault begin")).expect("it began");
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    let (mut found, mut inside) = (Vec::new(), false);
    for (_, rest) in lines().filter(|(thread, _)| *thread == worker) {
        let Some((name, _)) = rest.split_once('(') else { continue };
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        let count = counts.entry(name).or_default();
        *count += 1;
        if rest.contains("\"rpmadb-fault ") {
            inside = rest.contains("rpmadb-fault begin");
            continue;
        }
        let reads = name.starts_with("open") && !["O_CREAT", "O_TMPFILE"].iter().any(|flag| rest.contains(flag));
        if inside && !reads {
            found.push(Call { name: name.to_owned(), number: *count, shown: rest.to_owned() });
        }
    }
    found
}

/// Waits for the end of a child; kills it where it waits for that.
pub(crate) fn end(mut child: Child) -> End {
    let mut end = (false, None, None, None);
    for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
        // why not the start of the line: the test harness writes the test's name before it
        let Some((what, detail)) = line.ok().and_then(|line| {
            let (_, said) = line.split_once(MARK)?;
            let (what, detail) = said.split_once(' ').unwrap_or((said, ""));
            Some((what.to_owned(), detail.to_owned()))
        }) else {
            continue;
        };
        let document = || serde_json::from_str::<Json>(&detail).expect("a document");
        match what.as_str() {
            "begin" => end.0 = true,
            "at" => {
                child.kill().expect("is ours");
                end.1 = Some(detail);
            }
            "done" => end.2 = Some(Ok(document())),
            "failed" => end.2 = Some(Err(document()["error"].clone())),
            "afterwards" => end.3 = Some(document()),
            what => panic!("the child said {what}"),
        }
    }
    let output = child.wait_with_output().expect("ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked") && !stderr.contains("hung"), "the child failed: {stderr}");
    let (begun, at, outcome, afterwards) = end;
    End { begun, at, outcome, afterwards, status: output.status }
}

/// Why not println and not write: the first would panic, the second is what fails by intent.
fn say(what: &str, detail: &str) {
    let line = format!("{MARK}{what} {detail}\n");
    let stdout = std::io::stdout().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let _ = stdout.map(|mut stdout| stdout.write_vectored(&[IoSlice::new(b"\n"), IoSlice::new(line.as_bytes())]));
}

fn obey(order: &Json) {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(60));
        let _ = writeln!(std::io::stderr(), "the child hung for a minute");
        std::process::exit(4);
    });
    let (stop_at, order) = (order["stop_at"].as_u64(), Order::from_json(order));
    let operation = watch();
    let database = order.open(&operation).expect("opens");
    let guest = order.guest();
    // why: strace counts by thread, and the one of the harness must not be the first to come to a number
    for _ in 0..40 {
        let _ = std::fs::File::create("/dev/null").and_then(|mut nowhere| nowhere.write_all(b"."));
    }
    let passed = AtomicUsize::new(0);
    operation.on_boundary(Some(Arc::new(move |place| {
        if stop_at == Some(passed.fetch_add(1, Ordering::Relaxed) as u64 + 1) {
            say("at", place);
            std::thread::sleep(Duration::from_secs(90));
        }
    })));
    say("begin", "");
    let outcome = order.run(&database, &operation);
    match outcome {
        Ok(report) => say("done", &report.to_string()),
        Err(error) => say("failed", &serde_json::to_string(&error.document()).expect("a document")),
    }
    drop(guest);
    let ask = |sql: &str| database.query(sql, None, &watch());
    // why twice: strace may count on to an `openat` of the first, whose number is not the same in each run
    let look = || {
        let sees = ask("SELECT v FROM state").map(|report| report.rows[0][0].clone());
        let writes = ask("INSERT INTO mark VALUES (1)").map(|_| ());
        json!({
            "sees": sees.map_err(|error| error.to_string()).unwrap_or_else(Json::from),
            "writes": writes.map_or_else(|error| error.to_string(), |()| "ok".to_owned()),
        })
    };
    let document = json!([look(), look()]);
    say("afterwards", &document.to_string());
    let _ = database.close();
}

#[test]
fn without_an_order_there_is_nothing_to_do() {
    if let Ok(order) = std::env::var(VARIABLE) {
        obey(&serde_json::from_str(&order).expect("an order"));
    }
    let log = "7 write(1</x>, \"rpmadb-fault begin\", 9) = 9\n7 fsync(3) = 0\n8 fsync(4) = 0\n7 fsync(5 <unfinished ...>\n\
               7 <... fsync resumed>) = 0\n7 openat(AT, \"a\", O_RDONLY) = 3\n7 write(1</x>, \"rpmadb-fault done\") = 2\n7 fsync(6) = 0";
    let found: Vec<usize> = calls_in(log).iter().map(|call| call.number).collect();
    assert_eq!(found, [1, 2], "those of the verb, and of its thread");
}
