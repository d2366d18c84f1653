//! All outside tests in one binary, so that SQLite and Lua are linked once. Each file knows one interface (`c`, `cli`,
//! `rust`, `lua`) or one promise (`concurrency`, `crash`, `migration`, `header`, `hostile`, `layers`, `parity`, `roles`).

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a test says goes to whoever runs it")]

mod archive;
mod audit;
mod bindings;
mod c;
mod cli;
mod coexist;
mod concurrency;
mod crash;
mod errors;
mod faults;
mod faults_seen;
mod header;
mod hostile;
mod layers;
mod lua;
mod migration;
mod monitor;
mod one_copy;
mod packaging;
mod parity;
mod properties;
mod regressions;
mod roles;
mod rust;
mod scanning;
mod support;
