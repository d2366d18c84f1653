//! What is raised: what becomes of it on its way out, and what it tells of where it was raised.

use super::*;

/// A script that raises a value of its own takes it for granted that it gets this very value back.
#[test]
fn a_transaction_hands_on_what_its_function_raised() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    for (raised, wanted) in [
        ("{ code = 'mine', message = 'hello' }", json!([false, true, "table"])),
        ("'text'", json!([false, true, "string"])),
        ("7", json!([false, true, "number"])),
        ("nil", json!([false, true, "nil"])),
        ("print", json!([false, true, "function"])),
        ("select(2, pcall(db.exec, db, 'INSERT INTO a VALUES (1)'))", json!([false, true, "table"])),
    ] {
        for body in ["error(raised, 0)", "db:transaction(function() error(raised, 0) end)"] {
            let source = format!(
                "local raised = {raised}
                 local ok, e = pcall(db.transaction, db, function() db:exec('DELETE FROM a') {body} end)
                 return {{ ok, rawequal(e, raised), type(e) }}"
            );
            assert_eq!(result(&database, &source), wanted, "{source}");
            assert_eq!(value(&database, "SELECT count(*) FROM a"), 1, "{source}");
        }
    }
    let code = "local ok, e = pcall(db.transaction, db, function() db:exec('INSERT INTO a VALUES (1)') end) return { e.code, e.line }";
    assert_eq!(result(&database, code), json!(["constraint.primarykey", 1]));
    let source = "local function fail()\n  error({ code = 'mine', message = 'hello' })\nend\ndb:transaction(function()\n  fail()\nend)";
    for source in [source.to_owned(), format!("db:transaction(function()\n{source}\nend)")] {
        let error = failure(&database, &source);
        let place = error.place().expect("a place");
        let line = if source.starts_with("local") { 2 } else { 3 };
        assert_eq!((error.to_string().as_str(), place.line, place.column), ("hello", Some(line), Some(3)), "{source}");
        let traceback = place.traceback.as_deref().unwrap_or_default();
        assert!(traceback.contains(&format!("script:{}:", line + 3)), "{traceback}");
    }
    // one that was caught tells nothing of the next
    let source = "pcall(db.transaction, db, function()\n  error('no', 0)\nend)\nlocal x = 1\nerror('no', 0)";
    assert_eq!(failure(&database, source).place().and_then(|place| place.line), Some(5));
}

/// A yield out of a transaction would leave it open behind the back of what runs meanwhile.
#[test]
fn a_transaction_cannot_be_left_by_a_yield() {
    let scratch = Scratch::new();
    let database = table_with_one(&scratch);
    let source = "local co = coroutine.wrap(function() db:transaction(function() db:exec('DELETE FROM a') coroutine.yield() end) end)
        return select(2, pcall(co))";
    let said = result(&database, source);
    assert!(said.as_str().is_some_and(|said| said.contains("attempt to yield")), "{said}");
    assert_eq!(value(&database, "SELECT count(*) FROM a"), 1);
}
