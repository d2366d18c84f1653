//! Getting a large file onto the disk while it is still being written, so that the wait at its end is short.
//!
//! Leaves to others: the writing.
//!
//! Why not synced on the way: each sync also waits for the journal of the file system, and whoever writes waits with it; measured, that
//! made a backup up to a third slower and its time a matter of luck.
//!
//! Invariant: `finish` returns when everything written before it is on the disk, or fails.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::sqlite::file;

/// Bytes between two requests to write them back.
const EVERY: usize = 32 << 20;

/// Writes a file back and syncs it on a thread of its own.
pub struct Flusher {
    file: File,
    marks: Option<SyncSender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
    abandoned: Arc<AtomicBool>,
    since: usize,
}

impl Flusher {
    /// For this file.
    pub fn new(file: &File) -> io::Result<Flusher> {
        let (marks, wait) = sync_channel::<()>(1);
        let abandoned = Arc::new(AtomicBool::new(false));
        let (synced, given_up) = (file.try_clone()?, Arc::clone(&abandoned));
        let work = move || {
            while wait.recv().is_ok() {
                // why ignored: the sync at the end tells what failed on the way
                let _ = file::begin_writing(&synced);
            }
            if given_up.load(Ordering::Acquire) { Ok(()) } else { synced.sync_all() }
        };
        // why no failure: without a thread all of it is synced at the end
        let thread = std::thread::Builder::new().name("rpmadb-sync".into()).spawn(work).ok();
        Ok(Flusher { file: file.try_clone()?, marks: Some(marks), thread, abandoned, since: 0 })
    }

    /// Says that so many more bytes were written.
    pub fn wrote(&mut self, bytes: usize) {
        self.since += bytes;
        if self.since >= EVERY {
            self.since = 0;
            if let Some(marks) = &self.marks {
                // why ignored: the last request is still being seen to
                let _ = marks.try_send(());
            }
        }
    }

    /// Says that nothing more will be written, and whether all of it is on the disk: then `finish` does not wait.
    pub fn is_over(&mut self) -> bool {
        self.marks = None;
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until all of it is on the disk.
    pub fn finish(mut self) -> io::Result<()> {
        self.marks = None;
        match self.thread.take() {
            Some(thread) => thread.join().unwrap_or_else(|_| Err(io::Error::other("the sync thread panicked"))),
            None => self.file.sync_all(),
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Release);
        self.marks = None;
        // why not waited for: a sync may be under way, and whoever stops a backup is to be answered at once; the thread has a descriptor of
        // its own on a file that is about to lose its name, and ends with the sync
        drop(self.thread.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn everything_is_synced_at_the_end_and_a_failure_is_told() {
        let mut file = tempfile::tempfile().expect("a file");
        let mut flusher = Flusher::new(&file).expect("begins");
        for _ in 0..3 {
            file.write_all(&vec![1; EVERY / 2]).expect("writes");
            flusher.wrote(EVERY / 2);
        }
        flusher.finish().expect("is on the disk");
        let (reader, _writer) = io::pipe().expect("a pipe");
        // a pipe cannot be synced
        let flusher = Flusher::new(&File::from(std::os::fd::OwnedFd::from(reader))).expect("begins");
        assert!(flusher.finish().is_err());
    }
}
