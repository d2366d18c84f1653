//! [`Compressor`]: one zstd frame, made by a thread of its own, which is stopped between two blocks.
//!
//! why not zstd's own thread: it ends only when it has done all that waits for it, at a high level many seconds; and to work on pieces
//! it begins each with a whole window of what was before.
//!
//! Leaves to others: what is above and below it (`codec.rs`).
//!
//! Invariants: what is below is written by whoever writes here, never by the thread; at most [`MOST_WAITING`] blocks wait; no wait is
//! longer than [`LOOK`] without a look at the call; the thread ends before this does.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Layer;
use crate::operation::Operation;

/// A block of zstd, which it compresses in one go: at level 19 about a tenth of a second.
const BLOCK: usize = 128 << 10;
/// So that neither side waits for the other's every block.
const MOST_WAITING: usize = 8;
const LOOK: Duration = Duration::from_millis(20);

/// See the head of this file.
pub(super) struct Compressor<'w> {
    into: Box<dyn Layer + 'w>,
    operation: &'w Operation,
    /// What is not yet a block.
    block: Vec<u8>,
    worker: Worker,
}

/// The thread.
struct Worker {
    /// Where blocks go; `None` behind the last.
    blocks: Option<SyncSender<Vec<u8>>>,
    /// What became of each, and of the end; nothing follows a failure.
    made: Receiver<io::Result<Vec<u8>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl<'w> Compressor<'w> {
    /// Compresses what is written at `level`, for the call `operation`.
    pub(super) fn new(into: Box<dyn Layer + 'w>, level: i32, operation: &'w Operation) -> io::Result<Compressor<'w>> {
        Ok(Compressor { into, operation, block: Vec::with_capacity(BLOCK), worker: Worker::start(level)? })
    }

    /// Hands the block over as soon as there is room, and writes what was made meanwhile.
    fn hand_over(&mut self) -> io::Result<()> {
        let mut block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK));
        self.drain()?;
        loop {
            let Some(blocks) = &self.worker.blocks else { return Err(self.worker.broken()) };
            match blocks.try_send(block) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back)) => block = back,
                Err(TrySendError::Disconnected(_)) => return Err(self.worker.broken()),
            }
            self.wait()?;
        }
    }

    fn drain(&mut self) -> io::Result<()> {
        loop {
            match self.worker.made.try_recv() {
                Ok(made) => self.into.write_all(&made?)?,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Writes what is made next; false when nothing more will be. Fails when the call shall stop.
    fn wait(&mut self) -> io::Result<bool> {
        self.operation.heartbeat().map_err(io::Error::other)?;
        match self.worker.made.recv_timeout(LOOK) {
            Ok(made) => self.into.write_all(&made?)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(false),
        }
        Ok(true)
    }
}

impl Write for Compressor<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK {
            self.hand_over()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        // why no more: the rest of a block goes out with the end
        self.drain()?;
        self.into.flush()
    }
}

impl Layer for Compressor<'_> {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.hand_over()?;
        self.worker.blocks = None;
        while self.wait()? {}
        let Compressor { into, mut worker, .. } = *self;
        worker.join()?;
        into.finish()
    }
}

impl Worker {
    fn start(level: i32) -> io::Result<Worker> {
        let mut encoder = zstd::Encoder::new(Vec::new(), level)?;
        encoder.include_checksum(true)?;
        let (blocks, waiting) = sync_channel::<Vec<u8>>(MOST_WAITING);
        let (done, made) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let work = move || {
            for block in waiting {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                let outcome = encoder.write_all(&block).map(|()| std::mem::take(encoder.get_mut()));
                let failed = outcome.is_err();
                // why an empty one too: it says that there is room for a block
                if done.send(outcome).is_err() || failed {
                    return;
                }
            }
            if !stopped.load(Ordering::Acquire) {
                // why ignored: nobody listens any more
                let _ = done.send(encoder.finish());
            }
        };
        let thread = std::thread::Builder::new().name("rpmadb-zstd".into()).spawn(work)?;
        Ok(Worker { blocks: Some(blocks), made, stop, thread: Some(thread) })
    }

    fn join(&mut self) -> io::Result<()> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(_)) => Err(self.broken()),
            Some(Ok(())) | None => Ok(()),
        }
    }

    /// That the thread ended before the last block.
    fn broken(&self) -> io::Error {
        io::Error::other("the thread that compresses ended too early")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.blocks = None;
        // why ignored: nothing of what it made is wanted any more
        let _ = self.join();
    }
}
