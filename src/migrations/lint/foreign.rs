//! Foreign keys without an index: for each change to a parent row SQLite then reads the whole child table.
//!
//! Leaves to others: what is an index for which columns (`schema.rs`).
//!
//! Invariant: the schema after the last file counts, wherever the key and the index were declared.

use super::schema::Schema;
use super::{Found, Rule};

/// The foreign keys that no index serves.
pub(super) fn unindexed(schema: &Schema) -> Vec<Found> {
    let mut found = Vec::new();
    let tables = schema.tables().filter(|(key, _)| !key.starts_with("temp."));
    for (_, table) in tables {
        for (spot, foreign) in &table.foreign {
            if table.is_indexed(&foreign.columns) {
                continue;
            }
            let columns: Vec<&str> = foreign.columns.iter().map(|column| column.shown.as_str()).collect();
            let message = format!(
                "the foreign key ({}) of table '{}' to '{}' has no index",
                columns.join(", "),
                table.name,
                foreign.parent
            );
            found.push(Found { spot: *spot, rule: Rule::ForeignKeyWithoutIndex, message });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    const NONE: [&str; 0] = [];

    const PARENT: &str = "CREATE TABLE p (x, y, PRIMARY KEY (x, y));";

    fn with_child(child: &str) -> Vec<String> {
        shown(&[("1", PARENT), ("2", child), ("3", "SELECT 1;")])
    }

    #[test]
    fn a_foreign_key_without_an_index_is_reported_where_it_is_declared() {
        assert_eq!(
            with_child("CREATE TABLE c (\n  a REFERENCES p(x),\n  b,\n  FOREIGN KEY (a, B) REFERENCES p(x, y)\n);"),
            [
                "2:2:5 foreign-key-without-index: the foreign key (a) of table 'c' to 'p' has no index",
                "2:4:3 foreign-key-without-index: the foreign key (a, B) of table 'c' to 'p' has no index",
            ]
        );
        assert_eq!(with_child("CREATE TABLE c (a, b); ALTER TABLE c ADD d REFERENCES p(x);").len(), 1);
        for missing in [
            "CREATE TABLE c (a, b REFERENCES p, PRIMARY KEY (a, b));",
            "CREATE TABLE c (a REFERENCES p); CREATE INDEX i ON c (lower(a));",
            "CREATE TABLE c (a REFERENCES p, b); CREATE INDEX i ON c (a) WHERE b = 1;",
            "CREATE TABLE c (a REFERENCES p, b); CREATE INDEX i ON c (a); DROP INDEX i;",
            "CREATE TABLE c (a, b, FOREIGN KEY (a, b) REFERENCES p); CREATE INDEX i ON c (a); CREATE INDEX j ON c (b);",
        ] {
            assert_eq!(with_child(missing).len(), 1, "{missing}");
        }
    }

    #[test]
    fn a_foreign_key_with_an_index_is_not_reported() {
        for fine in [
            "CREATE TABLE c (a INTEGER PRIMARY KEY REFERENCES p);",
            "CREATE TABLE c (a REFERENCES p UNIQUE);",
            "CREATE TABLE c (a REFERENCES p, b, PRIMARY KEY (a, b));",
            "CREATE TABLE c (a, b, FOREIGN KEY (a, b) REFERENCES p); CREATE INDEX i ON c (b, a DESC, lower(a));",
            "CREATE TABLE c (a REFERENCES p); CREATE INDEX i ON c (a) WHERE a IS NOT NULL;",
            "CREATE TABLE c (a REFERENCES p); CREATE INDEX i ON C (\"A\"); ALTER TABLE c RENAME a TO z;",
            "CREATE TABLE c (a REFERENCES p); ALTER TABLE c RENAME TO d; CREATE INDEX i ON d (a);",
        ] {
            assert_eq!(with_child(fine), NONE, "{fine}");
        }
        let later = [("1", PARENT), ("2", "CREATE TABLE c (a REFERENCES p);"), ("3", "CREATE INDEX i ON c (a);")];
        assert_eq!(shown(&later), NONE);
    }

    #[test]
    fn only_the_last_form_of_a_table_counts() {
        let first = ("1", "CREATE TABLE c (a REFERENCES p);");
        assert_eq!(shown(&[first]).len(), 1);
        assert_eq!(shown(&[first, ("2", "DROP TABLE c;")]).len(), 1, "the drop alone");
        let rebuilt = "CREATE TABLE n (a); INSERT INTO n SELECT * FROM c; DROP TABLE c; ALTER TABLE n RENAME TO c;";
        assert_eq!(shown(&[first, ("2", rebuilt)]), NONE);
        let declared_anew = rebuilt.replace("(a)", "(a REFERENCES p)");
        let found = shown(&[first, ("2", &declared_anew)]);
        assert_eq!(found, ["2:1:19 foreign-key-without-index: the foreign key (a) of table 'c' to 'p' has no index"]);
        assert_eq!(shown(&[first, ("2", "CREATE TABLE IF NOT EXISTS c (a REFERENCES q, b REFERENCES q);")]).len(), 1);
    }
}
