//! Guards: what a migration must not do by accident is refused with its place, and what is meant is let through.
//!
//! One table of cases: for each guard a setting (migration 1), a text that trips it, and forms of the same change that are
//! right. Every case is tried as an SQL file, a Lua file, a step of the host's and a way back, in WAL mode, with a rollback
//! journal and in memory.
//! `passing` has what no guard may refuse, `losing` what each of them has to see through.

mod losing;
mod passing;

use super::*;

struct Case {
    guard: &'static str,
    setting: &'static str,
    /// One statement a line.
    bad: &'static str,
    /// Line and statement that cause it.
    line: u32,
    /// What the message names.
    named: &'static str,
}

const PARENT: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT);\n\
    CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id) ON DELETE CASCADE);\n\
    INSERT INTO p VALUES (1, 'a'), (2, 'b');\nINSERT INTO c VALUES (1, 1), (2, 2), (3, 2);";

const CASES: &[Case] = &[
    Case {
        guard: "foreign-key",
        setting: PARENT,
        bad: "CREATE TABLE other (x);\nDELETE FROM p WHERE id = 2;\nCREATE TABLE more (x);",
        line: 2,
        named: "table c",
    },
    Case {
        guard: "row-loss",
        setting: "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p);\n\
            CREATE TRIGGER p_gone AFTER DELETE ON p BEGIN DELETE FROM c WHERE p = OLD.id; END;\n\
            INSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (2), (2), (1);",
        bad: "CREATE TABLE other (x);\nDELETE FROM p WHERE id = 2;",
        line: 2,
        named: "2 row(s) of table c",
    },
    Case {
        guard: "missing-parent",
        setting: PARENT,
        bad: "ALTER TABLE p RENAME TO p_old;\nCREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n\
            INSERT INTO p SELECT id, name FROM p_old;\nDROP TABLE p_old;",
        line: 4,
        named: "table c",
    },
    Case {
        guard: "drop-index",
        setting: "CREATE TABLE a (x);\nCREATE INDEX a_x ON a (x);\nINSERT INTO a VALUES (1);",
        bad: "CREATE TABLE a_new (x, y);\nINSERT INTO a_new SELECT x, 1 FROM a;\nDROP TABLE a;\n\
            ALTER TABLE a_new RENAME TO a;",
        line: 3,
        named: "index a_x of table a",
    },
    Case {
        guard: "drop-trigger",
        setting: "CREATE TABLE a (x);\nCREATE TABLE log (x);\n\
            CREATE TRIGGER a_log AFTER INSERT ON a BEGIN INSERT INTO log VALUES (NEW.x); END;",
        bad: "CREATE TABLE a_new (x, y);\nDROP TABLE a;\nALTER TABLE a_new RENAME TO a;",
        line: 2,
        named: "trigger a_log of table a",
    },
    Case {
        guard: "broken-view",
        setting: "CREATE TABLE a (x);\nCREATE VIEW v AS SELECT x FROM a;",
        bad: "CREATE TABLE other (x);\nDROP TABLE a;\nCREATE TABLE a (y);",
        line: 2,
        named: "view v",
    },
    Case {
        guard: "broken-trigger",
        setting: "CREATE TABLE a (x);\nCREATE TABLE log (x);\n\
            CREATE TRIGGER a_log AFTER INSERT ON a BEGIN INSERT INTO log VALUES (NEW.x); END;",
        bad: "CREATE TABLE other (x);\n\nDROP TABLE log;",
        line: 3,
        named: "trigger a_log of a",
    },
    Case {
        guard: "autoincrement",
        setting: "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, x);\nINSERT INTO a (x) VALUES (1), (2), (3);\n\
            DELETE FROM a WHERE id > 1;",
        bad: "CREATE TABLE a_new (id INTEGER PRIMARY KEY AUTOINCREMENT, x, y);\n\
            INSERT INTO a_new SELECT id, x, 1 FROM a;\nDROP TABLE a;\nALTER TABLE a_new RENAME TO a;",
        line: 3,
        named: "table a went back from 3 to 1",
    },
];

impl Case {
    fn kit(&self, kept: Kept) -> Kit {
        let kit = kit_in(kept, &[("1_setting.sql", self.setting)]);
        kit.migrate().expect("the setting");
        kit
    }

    /// The statement of its line, counted as the file's.
    fn statement(&self) -> u32 {
        let before = self.bad.lines().take(self.line as usize);
        u32::try_from(before.filter(|line| !line.is_empty()).count()).expect("few")
    }

    fn assert_is(&self, error: &Error, file: &str, line: Option<u32>, context: &str) {
        let Error::Guard { guard, .. } = error else { panic!("{context}: {} is no guard: {error}", self.guard) };
        let place = error.place().expect("a place");
        assert_eq!(error.status().name(), "GUARD", "{context}");
        assert_eq!((*guard, place.file.as_deref(), place.line), (self.guard, Some(file), line), "{context}: {error}");
        assert!(error.to_string().contains(self.named), "{context}: {error}");
        let hint = error.hint().expect("a hint");
        // code has no file whose head could hold the directive
        let wanted = match line {
            Some(_) => format!("'-- rpmadb: allow={}'", self.guard),
            None => format!("the guard {} cannot be waived for code", self.guard),
        };
        assert!(hint.contains(&wanted), "{context}: {hint}");
    }
}

fn lua(statements: &str) -> String {
    let calls: String = statements.lines().map(|one| format!("    db:exec([[{one}]])\n")).collect();
    format!("return {{ up = function(db)\n{calls}end }}\n").replace("db:exec([[]])", "")
}

#[test]
fn a_guard_refuses_a_file_with_its_place_and_keeps_nothing() {
    for case in CASES {
        for kept in EVERYWHERE {
            let kit = case.kit(kept);
            kit.file("2_bad.sql", case.bad);
            kit.file("3_after.sql", "CREATE TABLE after (x);");
            let error = kit.failure();
            let context = format!("{} in {kept:?}", case.guard);
            case.assert_is(&error, "2_bad.sql", Some(case.line), &context);
            let place = error.place().expect("a place");
            assert_eq!((place.statement, place.column, place.version), (Some(case.statement()), Some(1), Some(2)));
            assert_eq!(place.source_line.as_deref(), case.bad.lines().nth(case.line as usize - 1), "{context}");
        }
    }
}

#[test]
fn a_guard_refuses_when_each_file_is_committed_by_itself() {
    for case in CASES {
        for kept in EVERYWHERE {
            let kit = case.kit(kept);
            kit.file("2_good.sql", "CREATE TABLE good (x);");
            kit.file("3_bad.sql", case.bad);
            let error = kit.per_file().expect_err(case.guard);
            case.assert_is(&error, "3_bad.sql", Some(case.line), case.guard);
            assert_eq!(kit.states(), ["1 applied", "2 applied", "3 pending"], "{}", case.guard);
            kit.assert_enforced();
        }
    }
}

#[test]
fn a_guard_refuses_in_a_dry_run_too() {
    for case in CASES {
        for kept in EVERYWHERE {
            let kit = case.kit(kept);
            kit.file("2_bad.sql", case.bad);
            let before = kit.contents();
            case.assert_is(&kit.dry_run().expect_err(case.guard), "2_bad.sql", Some(case.line), case.guard);
            assert_eq!(kit.contents(), before);
            kit.assert_enforced();
        }
    }
}

#[test]
fn a_directive_waives_its_guard_and_no_other() {
    for case in CASES {
        for kept in EVERYWHERE {
            let kit = case.kit(kept);
            let others: Vec<&str> =
                CASES.iter().map(|other| other.guard).filter(|other| *other != case.guard).collect();
            kit.file("2_bad.sql", format!("-- rpmadb: allow={}\n{}", others.join(", "), case.bad));
            case.assert_is(&kit.failure(), "2_bad.sql", Some(case.line + 1), case.guard);
            kit.file("2_bad.sql", format!("-- rpmadb: allow={}\n{}", case.guard, case.bad));
            assert_eq!(applied(&kit.migrate().expect(case.guard)), ["2 bad"]);
            kit.assert_enforced();
        }
    }
}

#[test]
fn a_directive_waives_a_guard_in_its_own_file_alone() {
    for case in CASES {
        let kit = case.kit(Kept::Wal);
        kit.file("2_other.sql", format!("-- rpmadb: allow={}\nCREATE TABLE unrelated (x);", case.guard));
        kit.file("3_bad.sql", case.bad);
        case.assert_is(&kit.failure(), "3_bad.sql", Some(case.line), case.guard);
    }
}

#[test]
fn an_unknown_guard_in_a_directive_is_refused_with_its_line() {
    for name in ["drop-indexes", "everything", "", "Drop-Index", "drop-index row-loss"] {
        let kit = migrated(&[("1_a.sql", "CREATE TABLE a (x);")]);
        kit.file("2_b.sql", format!("-- a line\n  -- rpmadb: allow={name}\nCREATE TABLE b (x);"));
        let error = kit.failure();
        assert_eq!(at(&error), ("MIGRATION_INVALID", Some("2_b.sql"), Some(2), Some(3), None), "{name}: {error}");
        assert!(error.to_string().contains(&format!("'{name}'")), "{error}");
    }
}

#[test]
fn a_guard_refuses_a_lua_file_with_the_line_of_its_call() {
    for case in CASES {
        for kept in EVERYWHERE {
            let kit = case.kit(kept);
            kit.file("2_bad.lua", lua(case.bad));
            let context = format!("{} in {kept:?}", case.guard);
            case.assert_is(&kit.failure(), "2_bad.lua", Some(case.line + 1), &context);
            kit.file("2_bad.lua", format!("-- rpmadb: allow={}\n{}", case.guard, lua(case.bad)));
            assert_eq!(applied(&kit.migrate().expect(case.guard)), ["2 bad"]);
        }
    }
}

#[test]
fn a_guard_refuses_a_step_of_the_hosts() {
    for case in CASES {
        for kept in EVERYWHERE {
            let kit = case.kit(kept);
            kit.database.add_step(host(2, &case.bad.replace("\n\n", "\n"), None)).expect("adds");
            let error = kit.failure();
            case.assert_is(&error, "the host's step by_host", None, &format!("{} in {kept:?}", case.guard));
            assert_eq!(error.place().and_then(|place| place.version), Some(2));
        }
    }
}

#[test]
fn a_guard_refuses_a_way_back() {
    for case in CASES {
        for kept in EVERYWHERE {
            let kit = case.kit(kept);
            kit.file("2_b.sql", "CREATE TABLE b (x);");
            kit.file("2_b.down.sql", case.bad);
            kit.migrate().expect("migrates");
            let before = kit.contents();
            let error = kit.rollback(1).expect_err(case.guard);
            case.assert_is(&error, "2_b.down.sql", Some(case.line), &format!("{} in {kept:?}", case.guard));
            assert_eq!(kit.contents(), before);
            kit.assert_enforced();
            kit.file("2_b.down.sql", format!("-- rpmadb: allow={}\n{}", case.guard, case.bad));
            assert_eq!(kit.rollback(1).expect(case.guard).to, 1);
            kit.assert_enforced();
        }
    }
}

#[test]
fn a_guard_refuses_a_group_in_a_file_without_a_transaction() {
    for case in CASES {
        for kept in EVERYWHERE {
            let kit = case.kit(kept);
            let before = kit.contents();
            kit.file("2_bad.sql", format!("-- rpmadb: transaction=off\nBEGIN;\n{}\nCOMMIT;", case.bad));
            for time in ["first", "second"] {
                let context = format!("{} in {kept:?}, {time} time", case.guard);
                let error = kit.migrate().err().unwrap_or_else(|| panic!("let through: {context}"));
                case.assert_is(&error, "2_bad.sql", Some(case.line + 2), &context);
                assert_eq!(kit.contents(), before, "nothing of the group is kept: {context}");
                kit.assert_enforced();
            }
        }
    }
}

/// What is committed statement by statement cannot be taken back, but it is not waved through by running again.
#[test]
fn a_guard_refuses_a_file_without_a_transaction_again_and_again() {
    for case in CASES {
        let kit = case.kit(Kept::Wal);
        kit.file("2_bad.sql", format!("-- rpmadb: transaction=off\n{}", case.bad));
        for time in ["first", "second"] {
            let error = kit.migrate().err().unwrap_or_else(|| panic!("let through the {time} time: {}", case.guard));
            assert!(matches!(error.status().name(), "GUARD" | "MIGRATION_FAILED"), "{}: {error}", case.guard);
            assert_eq!(kit.states(), ["1 applied", "2 pending"], "{}", case.guard);
            kit.assert_enforced();
        }
    }
}

#[test]
fn the_command_shows_what_a_guard_found() {
    let scratch = Scratch::new();
    let case = &CASES[3];
    scratch.migrations("m", &[("1_setting.sql", case.setting), ("2_bad.sql", case.bad)]);
    let ran = run(scratch.folder(), &["migrate", "a.db", "--migrations", "m"]);
    let expected = "error: the index a_x of table a vanished with the table it stood on and was not made again\n \
        --> 2_bad.sql:3:1\n  |\n3 | DROP TABLE a;\n  | ^\n\
        hint: mend the file, or if it is meant, put the line '-- rpmadb: allow=drop-index' before its first statement\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), expected));
}
