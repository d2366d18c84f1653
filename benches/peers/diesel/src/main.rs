//! Migrates with diesel_migrations: a transaction a migration. The texts are in memory, as those of `embed_migrations!` are.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

#[path = "../../measure.rs"]
mod measure;

use std::fmt;

use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::{Migration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion, Result};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::Connection;
use diesel_migrations::MigrationHarness;
use measure::Arguments;

#[derive(Clone)]
struct File(String, String);

struct Files(Vec<File>);

struct InTransaction;

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl MigrationMetadata for InTransaction {
    fn run_in_transaction(&self) -> bool {
        true
    }
}

impl MigrationName for File {
    fn version(&self) -> MigrationVersion<'_> {
        self.0.split_once('_').expect("NNNN_name.sql").0.into()
    }
}

impl Migration<Sqlite> for File {
    fn run(&self, connection: &mut dyn BoxableConnection<Sqlite>) -> Result<()> {
        Ok(connection.batch_execute(&self.1)?)
    }

    fn revert(&self, _: &mut dyn BoxableConnection<Sqlite>) -> Result<()> {
        Ok(())
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        &InTransaction
    }

    fn name(&self) -> &dyn MigrationName {
        self
    }
}

impl MigrationSource<Sqlite> for Files {
    fn migrations(&self) -> Result<Vec<Box<dyn Migration<Sqlite>>>> {
        Ok(self.0.iter().map(|file| Box::new(file.clone()) as Box<dyn Migration<Sqlite>>).collect())
    }
}

fn main() {
    let arguments = Arguments::new(std::env::args().skip(1));
    let read = || Files(measure::files(&arguments.folder).into_iter().map(|(name, text)| File(name, text)).collect());
    measure::report("", read, |files| {
        let path = arguments.path.to_str().expect("a path");
        let mut connection = SqliteConnection::establish(path).expect("opens");
        connection.batch_execute(&arguments.pragmas()).expect("sets");
        connection.run_pending_migrations(files).expect("migrates");
    });
}
