//! What each role may do, at every door: the matrix (`matrix`), statements that try to get around it (`hostile`), and statements
//! kept from another role (`keeping`).
//!
//! Leaves to others: what the verbs do (`rust`, `c`, `lua`), how scripts are held (`lua`).
//!
//! Invariant: a verb without a line in [`matrix::MAY`] fails here.

mod hostile;
mod keeping;
mod matrix;

use rpmadb::{Database, Role};

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

/// Added where the test can reach the file past the library, which lets nobody make such a table.
fn audit() -> String {
    format!(
        "CREATE TABLE rpmadb_audit (sequence INTEGER PRIMARY KEY, actor TEXT, target TEXT);
         CREATE INDEX rpmadb_audit_by_actor ON rpmadb_audit (actor, target);
         INSERT INTO rpmadb_audit VALUES (1, 'eve {MARKER}', '{MARKER}'), (2, 'sue {MARKER}', 'x {MARKER}');
         CREATE VIEW accounts AS SELECT * FROM rpmadb_audit;
         CREATE VIEW deeper AS WITH a AS (SELECT actor FROM accounts) SELECT actor || '' AS who FROM a;
         CREATE VIEW mixed AS SELECT name FROM clients UNION ALL SELECT actor FROM rpmadb_audit;
         ANALYZE;"
    )
}

fn supervisor(admin: &Database) -> Database {
    admin.act_as("sue", Role::Supervisor).expect("hands out")
}

/// The scene in a file, with the audit.
fn in_a_file(scratch: &Scratch) -> Database {
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch(SCENE).expect("makes");
    plain.execute_batch(&audit()).expect("makes");
    drop(plain);
    crate::support::try_open(scratch.path("a.db"), &crate::support::bare()).expect("opens").0
}
