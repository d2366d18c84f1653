//! `rpmadb monitor` under a service manager: it says that it began, ends cleanly when it is told to, and passes its tasks on.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::*;

/// A monitor that has begun, and what it printed.
fn started(scratch: &Scratch, more: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
    // why env: the tests themselves may run under nohup or behind, and what is ignored from the start stays ignored
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP,INT,TERM", env!("CARGO_BIN_EXE_rpmadb")]).env("RPMADB_YES", "1");
    command.current_dir(scratch.folder()).args([&["monitor", "a.db", "--migrations", "m"], more].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"));
    let mut first = String::new();
    lines.read_line(&mut first).expect("reads");
    assert!(first.starts_with("watching, a look every 50 ms; "), "{first}");
    (child, lines)
}

#[test]
fn a_service_manager_stops_it_with_success() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let scratch = small();
        let (child, lines) = started(&scratch, &["--tick", "50"]);
        kill(Pid::from_raw(i32::try_from(child.id()).expect("an id")), signal).expect("is sent");
        let ran: Ran = child.wait_with_output().expect("ends").into();
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{signal}");
        drop(lines);
        assert!(succeeded(in_small(&scratch, &["health", "a.db"])).ends_with("ok, score 100 of 100\n"), "{signal}");
    }
}

#[test]
fn its_settings_come_from_the_file_too() {
    let scratch = small();
    scratch.write("rpmadb.toml", "[monitor]\ntick_ms = 50\nquick_check_hours = 0\n");
    let (child, _lines) = started(&scratch, &[]);
    kill(Pid::from_raw(i32::try_from(child.id()).expect("an id")), Signal::SIGTERM).expect("is sent");
    assert_eq!(child.wait_with_output().expect("ends").status.code(), Some(0));
}
