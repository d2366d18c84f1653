//! The C ABI: `include/rpmadb.h` is generated from this folder.
//!
//! `guard` (panics, the out document), `handle` (what a `rpmadb *` really is), `text` (C strings), and the functions by
//! subject: `database`, `engine`, `operation`, `verbs`, `archive`, `history`, `monitor`, `info`, `json`, `log`.
//! Leaves to others: everything but converting. A function here is: guard, pointers in, one call, pointers out.
//!
//! Invariants: no panic and no Rust type crosses; nothing a caller passes as a handle is dereferenced; `out` is set on
//! every path; comments on exported items are written for a C reader, because cbindgen copies them.

mod archive;
mod database;
mod engine;
#[cfg(feature = "host-sqlite")]
mod extension;
mod guard;
mod handle;
mod history;
mod info;
mod json;
mod log;
mod monitor;
mod operation;
pub mod status;
mod text;
mod verbs;
