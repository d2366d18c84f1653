//! stub
#[allow(missing_docs)]
pub mod error;
pub mod migrations;
pub mod operation;
pub mod report;
pub mod request;
pub mod sqlite;
