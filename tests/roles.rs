//! What each role may do, at every door: the matrix (`matrix`), statements that try to get around it (`hostile`), and statements
//! kept from another role (`keeping`).
//!
//! Leaves to others: what the verbs do (`rust`, `c`, `lua`), how scripts are held (`lua`).
//!
//! Invariant: a verb without a line in [`matrix::MAY`] fails here.

mod hostile;
mod keeping;
mod matrix;

use rpmadb::{Database, Role, request};

use crate::support::Scratch;

/// Stands in every row of the audit and must reach nobody but an admin.
const MARKER: &str = "Mark7f3a9c";

/// What a supervisor may read, and what not: an audit, with an index, views and samples of it; and everything that could be
/// made to change when it is read: triggers, an index of words, a foreign key that cascades.
const SCENE: &str = "
    CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
    CREATE TABLE visits (id INTEGER PRIMARY KEY, client REFERENCES clients (id) ON DELETE CASCADE, note TEXT);
    CREATE INDEX visits_by_client ON visits (client);
    CREATE TRIGGER visited AFTER INSERT ON visits BEGIN UPDATE clients SET name = name || '!' WHERE id = NEW.client; END;
    CREATE VIEW seen AS SELECT name, count(*) AS visits FROM clients JOIN visits ON client = clients.id GROUP BY name;
    CREATE TRIGGER unseen INSTEAD OF DELETE ON seen BEGIN DELETE FROM clients; END;
    CREATE VIRTUAL TABLE words USING fts5(word);
    INSERT INTO clients VALUES (1, 'ann'), (2, 'bob'), (3, 'cyd');
    INSERT INTO visits VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c');
    INSERT INTO words VALUES ('one'), ('two');";

/// Ways to the audit that an admin may make.
const VIEWS: &str = "
    CREATE VIEW accounts AS SELECT * FROM rpmadb_audit;
    CREATE VIEW deeper AS WITH a AS (SELECT actor FROM accounts) SELECT actor || '' AS who FROM a;
    CREATE VIEW mixed AS SELECT name FROM clients UNION ALL SELECT actor FROM rpmadb_audit;";

/// What is done past the library, which lets nobody do it: an index on the audit, and with it samples of what is in it.
const PAST_THE_LIBRARY: &str = "CREATE INDEX rpmadb_audit_by_actor ON rpmadb_audit (actor, target); ANALYZE;";

/// Options with which the scene has an audit, whose records are of an actor with the marker.
fn marked() -> request::Open {
    let audit = request::AuditLog { enabled: Some(true), literals: true, ..request::AuditLog::default() };
    request::Open { actor: Some(format!("eve {MARKER}")), audit, ..crate::support::bare() }
}

/// Leaves records with the marker in their actor and their target.
fn leave_marks(admin: &Database) {
    let sql = format!("UPDATE clients SET name = 'ann' WHERE id = 1 -- {MARKER}");
    admin.query(&sql, None, &crate::support::watch()).expect("writes");
}

fn supervisor(admin: &Database) -> Database {
    admin.act_as("sue", Role::Supervisor).expect("hands out")
}

/// The scene in a file, with the audit.
fn in_a_file(scratch: &Scratch) -> Database {
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch(SCENE).expect("makes");
    let admin = crate::support::try_open(scratch.path("a.db"), &marked()).expect("opens").0;
    leave_marks(&admin);
    admin.close().expect("closes");
    plain.execute_batch(VIEWS).expect("makes");
    plain.execute_batch(PAST_THE_LIBRARY).expect("makes");
    drop(plain);
    crate::support::try_open(scratch.path("a.db"), &marked()).expect("opens").0
}
