//! Where log lines go: nowhere, until a host says so.

use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use super::operation::UserData;
use super::{guard, text};
use crate::error::{Error, Result};

/// Log level: nothing.
pub const RPMADB_LOG_OFF: i32 = 0;
/// Log level: what failed.
pub const RPMADB_LOG_ERROR: i32 = 1;
/// Log level: what somebody should look at.
pub const RPMADB_LOG_WARN: i32 = 2;
/// Log level: what was done.
pub const RPMADB_LOG_INFO: i32 = 3;
/// Log level: how it was done.
pub const RPMADB_LOG_DEBUG: i32 = 4;

/// Receives one log line. `target` and `message` are only valid during the call. It may run on any thread and must not
/// use a handle that is in a call on that thread. A C++ exception that leaves it ends the process.
#[allow(non_camel_case_types)]
pub type rpmadb_log_fn = Option<
    unsafe extern "C-unwind" fn(level: i32, target: *const c_char, message: *const c_char, user_data: *mut c_void),
>;

type Sink = unsafe extern "C-unwind" fn(i32, *const c_char, *const c_char, *mut c_void);

thread_local! {
    static IN_SINK: Cell<bool> = const { Cell::new(false) };
}

static LEVEL: AtomicI32 = AtomicI32::new(RPMADB_LOG_OFF);
static SINK: Mutex<Option<Arc<(Sink, UserData)>>> = Mutex::new(None);

/// Sets where log lines of the whole library go in this process.
///
/// @param level      RPMADB_LOG_OFF to RPMADB_LOG_DEBUG: lines of this level and the more serious ones come.
/// @param callback   receives them; NULL for nowhere.
/// @param user_data  handed to the callback; must stay valid until another call of this function has returned.
/// @return RPMADB_OK; RPMADB_INVALID_ARGUMENT for another level; RPMADB_UNSUPPORTED inside a Rust program that has a tracing
///         subscriber of its own, which gets the lines instead.
///
/// Threads: any; from inside the callback it is RPMADB_REENTRANT.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_log_set(level: i32, callback: rpmadb_log_fn, user_data: *mut c_void) -> i32 {
    guard::plain(|| {
        if !(RPMADB_LOG_OFF..=RPMADB_LOG_DEBUG).contains(&level) {
            return Err(Error::InvalidArgument { name: "level".into(), reason: format!("is {level}, outside 0 to 4") });
        }
        if IN_SINK.get() {
            return Err(Error::Reentrant { verb: "log_set" });
        }
        install()?;
        let new = callback.map(|callback| Arc::new((callback, UserData(user_data))));
        let old = std::mem::replace(&mut *SINK.lock(), new);
        LEVEL.store(if callback.is_some() { level } else { RPMADB_LOG_OFF }, Ordering::Release);
        tracing::callsite::rebuild_interest_cache();
        // why waited for: when this returns, the host may give the old user data back
        while old.as_ref().is_some_and(|old| Arc::strong_count(old) > 1) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    })
}

fn install() -> Result<()> {
    static INSTALLED: once_cell::sync::OnceCell<()> = once_cell::sync::OnceCell::new();
    let installed = INSTALLED.get_or_try_init(|| tracing::subscriber::set_global_default(Forward));
    installed
        .map(|_| ())
        .map_err(|_| Error::Unsupported { what: "a log sink beside another subscriber".into(), instead: None })
}

/// Hands events to the sink; spans are not used.
struct Forward;

fn number(level: Level) -> i32 {
    match level {
        Level::ERROR => RPMADB_LOG_ERROR,
        Level::WARN => RPMADB_LOG_WARN,
        Level::INFO => RPMADB_LOG_INFO,
        _ => RPMADB_LOG_DEBUG,
    }
}

impl Subscriber for Forward {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // why only ours: in a Rust program other crates send events too
        metadata.target().starts_with("rpmadb")
            && metadata.is_event()
            && *metadata.level() != Level::TRACE
            && number(*metadata.level()) <= LEVEL.load(Ordering::Acquire)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let metadata = event.metadata();
        let (target, message) = (text::to_c(metadata.target()), text::to_c(&line.0));
        // why dropped: a line that the sink itself causes would come back to it for ever
        if IN_SINK.replace(true) {
            return;
        }
        // why a clone and no lock: the sink may work with another handle, whose threads have lines of their own
        let sink = SINK.lock().clone();
        if let Some(sink) = &sink {
            let (callback, user_data) = **sink;
            // SAFETY: the host promised a function of this type; both texts outlive the call.
            unsafe { callback(number(*metadata.level()), target.as_ptr(), message.as_ptr(), user_data.pointer()) }
        }
        IN_SINK.set(false);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// `message key=value key=value`.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // why ignored: writing to a String does not fail
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
