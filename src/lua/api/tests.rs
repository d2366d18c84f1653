//! The part of the table that test files have besides: `rpmadb script --test`.

use super::{Entry, Group, Origin, function, method};

pub(super) const GLOBALS: Group = Group {
    name: "",
    class: None,
    origin: Origin::Tests,
    doc: "A test file describes what scripts do. Each `it` runs by itself, in a fresh state and on a fresh, migrated database in\n\
          memory; so does what stands around it. `rpmadb script --test FILE_OR_FOLDER` runs them.",
    example: "describe(\"cleanup\", function()\n  \
                before_each(function() db:exec(\"DELETE FROM user_sessions\") end)\n  \
                it(\"reports what it removed\", function()\n    \
                  expect(run(\"cleanup.lua\", { keep_days = 30 }).removed):equals(0)\n  end)\n  \
                it(\"refuses days below zero\", function()\n    \
                  expect(function() run(\"cleanup.lua\", { keep_days = -1 }) end):fails(\"must not be negative\")\n  end)\nend)",
    entries: &[
        function("describe", &[("name", "string"), ("body", "fun()")], &[], "Puts tests under a name.").scripts_only(),
        function("it", &[("name", "string"), ("body", "fun()")], &[], "One test.").scripts_only(),
        function("before_each", &[("body", "fun()")], &[], "Runs before each test of the `describe` it stands in.")
            .scripts_only(),
        function("expect", &[("value", "any")], &["Expectation"], "Begins a claim about a value.").scripts_only(),
        function(
            "run",
            &[("name_or_path", "string"), ("args?", "table<string, any>")],
            &["any"],
            "Runs a script, shipped or beside the test file, and returns its result.",
        )
        .scripts_only(),
    ],
};

pub(super) const EXPECTATION: Group = Group {
    name: "expectation",
    class: Some("Expectation"),
    origin: Origin::Tests,
    doc: "A claim about a value; a claim that does not hold ends the test.",
    example: "expect(db:value(\"SELECT count(*) FROM users\")):equals(0)",
    entries: EXPECTATION_ENTRIES,
};

const EXPECTATION_ENTRIES: &[Entry] = &[
    method("equals", &[("wanted", "any")], &[], "It is this, tables by what is in them.").scripts_only(),
    method("is_true", &[], &[], "It is true.").scripts_only(),
    method("is_false", &[], &[], "It is false.").scripts_only(),
    method("is_nil", &[], &[], "It is nil.").scripts_only(),
    method("is_a", &[("kind", "type")], &[], "Its type is this.").scripts_only(),
    method("contains", &[("wanted", "any")], &[], "It is a text that holds this, or a list that has it.")
        .scripts_only(),
    method(
        "fails",
        &[("code?", "string")],
        &["any"],
        "It is a function that raises; with this code, or a message that holds it. Returns what was raised.",
    )
    .scripts_only(),
];
