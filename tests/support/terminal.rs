//! The command in a pseudo-terminal: what is typed, what stands on the screen.
//!
//! Leaves to others: what should stand there.
//!
//! Invariant: a test that waits for something fails after half a minute, and shows the screen.

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Rows and columns of the terminal.
const SIZE: (u16, u16) = (30, 140);

pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    /// What was written so far, every byte.
    written: Arc<Mutex<Vec<u8>>>,
    /// Ends with what was written.
    reader: JoinHandle<()>,
    // why kept: the terminal goes away with it
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts the command in `folder`, with these variables besides an environment that says nothing about rpmadb.
    pub(crate) fn start(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Terminal {
        let size = PtySize { rows: SIZE.0, cols: SIZE.1, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_rpmadb"));
        command.env_clear();
        command.env("TERM", "xterm-256color");
        for name in ["PATH", "HOME", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        variables.iter().for_each(|(name, value)| command.env(name, value));
        command.args(args);
        command.cwd(folder);
        let child = pair.slave.spawn_command(command).expect("starts");
        drop(pair.slave);
        let written = Arc::new(Mutex::new(Vec::new()));
        let mut reader = pair.master.try_clone_reader().expect("reads");
        let keep = Arc::clone(&written);
        let reader = std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut part) {
                keep.lock().expect("no panic").extend_from_slice(&part[..count]);
            }
        });
        Terminal { child, keys: pair.master.take_writer().expect("writes"), written, reader, _master: pair.master }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("types");
        self.keys.flush().expect("types");
    }

    /// Everything that was written, with its control sequences.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().expect("no panic")).into_owned()
    }

    /// What stands on the screen now.
    pub(crate) fn screen(&self) -> String {
        self.parsed().screen().contents()
    }

    fn parsed(&self) -> vt100::Parser {
        let [rows, columns] = [SIZE.0, SIZE.1].map(|size| NonZero::new(size).expect("not 0"));
        let mut parser = vt100::Parser::new(rows, columns, 1000);
        parser.process(&self.written.lock().expect("no panic"));
        parser
    }

    /// Whether the command gave the terminal back as it was: its own screen left, the cursor shown.
    pub(crate) fn is_restored(&self) -> bool {
        let parser = self.parsed();
        !parser.screen().alternate_screen() && !parser.screen().hide_cursor()
    }

    /// Waits until this is on the screen.
    pub(crate) fn wait_for(&self, part: &str) {
        self.wait_until(part, |screen| screen.contains(part));
    }

    pub(crate) fn wait_until(&self, what: &str, mut holds: impl FnMut(&str) -> bool) {
        let limit = Instant::now() + Duration::from_secs(30);
        while !holds(&self.screen()) {
            assert!(Instant::now() < limit, "waited 30 s for {what}; the screen:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the command has ended; its exit code.
    pub(crate) fn end(&mut self) -> u32 {
        let limit = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().expect("waits") {
                // why: the last bytes may come after the end
                while !self.reader.is_finished() {
                    assert!(Instant::now() < limit, "waited 30 s for the last of it; the screen:\n{}", self.screen());
                    std::thread::sleep(Duration::from_millis(1));
                }
                return status.exit_code();
            }
            assert!(Instant::now() < limit, "waited 30 s for the end; the screen:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn process(&self) -> i32 {
        i32::try_from(self.child.process_id().expect("an id")).expect("an id")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // why ignored: it has mostly ended
        let _ = self.child.kill();
    }
}
