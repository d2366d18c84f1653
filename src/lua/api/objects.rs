//! The part of the table that is ours: `db` and what it hands out, `job`, `log`, `json`, errors.

use super::{Entry, Group, Origin, function, method, value};

const SQL: super::Parameter = ("sql", "string");
const VALUES: super::Parameter = ("...", "Sql");

pub(super) const DB: Group = Group {
    name: "db",
    class: Some("Db"),
    origin: Origin::Ours,
    doc: "The open database. Every function raises an error table when it fails. NULL is nil, or an absent field.\n\
          Parameters stand for `?` in order, or are one table: a list, or with the names of `:name`, `@name` and `$name`.",
    example: "for user in db:nrows(\"SELECT id, email FROM users WHERE role = :role\", { role = \"admin\" }) do\n  \
                log.info(\"%s: %s\", user.id, user.email)\nend\n\
              local removed = db:transaction(function()\n  \
                return db:exec(\"DELETE FROM user_sessions WHERE expires_at < ?\", os.time() * 1000)\nend)",
    entries: DB_ENTRIES,
};

const DB_ENTRIES: &[Entry] = &[
    method("query", &[SQL, VALUES], &["Row[]"], "All rows of a statement, each a table by column name."),
    method("row", &[SQL, VALUES], &["Row?"], "The first row, or nil when there is none."),
    method("value", &[SQL, VALUES], &["any"], "The first column of the first row, or nil."),
    method("nrows", &[SQL, VALUES], &["fun(): Row?"], "Iterates over rows as tables by column name."),
    method("urows", &[SQL, VALUES], &["fun(): ...any"], "Iterates over rows as values in the order of the columns. A NULL in the first column raises `invalid_argument`, because the loop would end there: use `nrows`, or put a column first that is never NULL."),
    method(
        "exec",
        &[SQL, VALUES],
        &["integer changes", "integer last_insert_rowid"],
        "Runs a statement that changes something.",
    ),
    method("prepare", &[SQL], &["Statement"], "A statement to run many times; `local s <close> = db:prepare(...)`."),
    method(
        "transaction",
        &[("body", "fun(db: Db): ...any")],
        &["...any"],
        "Runs `body` in a transaction: commits when it returns, rolls back when it raises, and raises the same; inside another it is a savepoint.",
    )
    .scripts_only(),
    method("columns", &[("sql_or_table", "string")], &["Column[]"], "The columns of a query or a table.").scripts_only(),
    method("script", &[SQL], &["integer changes"], "Runs several statements; for admins."),
    value("null", "Null", "NULL where nil would end a list of parameters."),
    function("blob", &[("bytes", "string")], &["Blob"], "Marks a string to be bound as a BLOB."),
    method("adopt", &[("options?", "{ tool?: string, target?: integer, dry_run?: boolean }")], &["AdoptReport"], "Takes over the history that another migration tool left.").scripts_only(),
    method("alerts", &[("options?", "{ since?: integer, acknowledge?: string, all?: boolean }")], &["AlertsReport"], "What the monitor found wrong, if one runs.").scripts_only(),
    method("audit", &[("options?", "AuditOptions")], &["AuditReport"], "Who did what: the records asked for, of the script's actor alone for who is not an admin.").scripts_only(),
    method("backup", &[("name?", "string"), ("options?", "BackupOptions")], &["BackupReport"], "Backs up into the configured folder.").scripts_only(),
    method("backups", &[], &["BackupsReport"], "The backups in the configured folder, the newest first.").scripts_only(),
    method("baseline", &[("options?", "{ target?: integer }")], &["BaselineReport"], "Records migrations as applied without running them.").scripts_only(),
    method("checkpoint", &[("mode?", "\"passive\"|\"full\"|\"restart\"|\"truncate\""), ("options?", "{ busy_timeout_ms?: integer }")], &["CheckpointReport"], "Moves the write-ahead log into the database file.").scripts_only(),
    method("diagnostics", &[], &["DiagnosticsReport"], "Everything that helps to find out what is wrong, the slow checks included.").scripts_only(),
    method("health", &[("options?", "{ require_users?: boolean, backup_max_age_hours?: integer, call_max_ms?: integer }")], &["HealthReport"], "A quick look that says whether somebody must act.").scripts_only(),
    method("integrity_check", &[], &["IntegrityReport"], "Reads the whole database and tells what is damaged.").scripts_only(),
    method("lint", &[], &["LintReport"], "Warns about what is likely to be regretted in the migration files.").scripts_only(),
    method("metrics", &[("options?", "{ format?: \"json\"|\"prometheus\", limit?: integer, indexes?: boolean }")], &["MetricsReport"], "What was counted since the database was opened; with `format = \"prometheus\"` a table with that text as `text`.").scripts_only(),
    method("migrate", &[("options?", "MigrateOptions")], &["MigrateReport"], "Applies what is pending.").scripts_only(),
    method("migrations", &[], &["MigrationsReport"], "Every migration known or recorded, with its state.").scripts_only(),
    method("optimize", &[], &["OptimizeReport"], "Lets SQLite renew the statistics that its planner needs.").scripts_only(),
    method("pin", &[("name", "string"), ("options?", "{ pinned?: boolean }")], &["PinReport"], "Keeps retention away from a backup, or lets it have it again.").scripts_only(),
    method("prune", &[("options?", "PruneOptions")], &["PruneReport"], "Removes the backups that no rule wants any more.").scripts_only(),
    method("repair", &[("options?", "{ versions?: integer[], schema?: boolean }")], &["RepairReport"], "Accepts the present text of migrations that were changed after they were applied.").scripts_only(),
    method("restore", &[("name", "string"), ("options?", "RestoreOptions")], &["RestoreReport"], "Brings back a backup, after it was proved and what is there was backed up.").scripts_only(),
    method("rollback", &[("target", "integer"), ("options?", "{ dry_run?: boolean, backup?: boolean, lock_timeout_ms?: integer }")], &["RollbackReport"], "Steps back to an earlier version.").scripts_only(),
    method("schema", &[], &["SchemaReport"], "The schema, and what was changed in it by hand.").scripts_only(),
    method("stats", &[("options?", "{ estimate?: boolean, sizes?: boolean }")], &["StatsReport"], "How big the database is and what is in it.").scripts_only(),
    method("test", &[("options?", "{ rows?: integer, seed?: integer, versions?: integer[], crash?: boolean }")], &["TestReport"], "Tries the migrations on scratch databases.").scripts_only(),
    method("undo_restore", &[("options?", "{ busy_timeout_ms?: integer }")], &["RestoreReport"], "Brings back what the last restore replaced.").scripts_only(),
    method("vacuum", &[], &["VacuumReport"], "Rebuilds the file without free space; nobody else can write meanwhile.").scripts_only(),
    method("verify", &[("name", "string"), ("options?", "{ depth?: \"pages\"|\"quick\"|\"full\" }")], &["VerifyReport"], "Proves that a backup is what its manifest says.").scripts_only(),
];

pub(super) const STATEMENT: Group = Group {
    name: "statement",
    class: Some("Statement"),
    origin: Origin::Returned,
    doc: "A prepared statement, from `db:prepare`. It is closed at the end of its block when it was declared with `<close>`.",
    example: "local insert <close> = db:prepare(\"INSERT INTO tags (name) VALUES (?)\")\n\
              for _, name in ipairs({ \"urgent\", \"later\" }) do insert:run(name) end",
    entries: &[
        method("run", &[VALUES], &["integer changes", "integer last_insert_rowid"], "Runs it for what it changes."),
        method("query", &[VALUES], &["Row[]"], "Runs it and returns all rows."),
        method("nrows", &[VALUES], &["fun(): Row?"], "Runs it and iterates over rows as tables by column name."),
        method(
            "urows",
            &[VALUES],
            &["fun(): ...any"],
            "Runs it and iterates over rows as values; a NULL in the first column is an error, as for `db:urows`.",
        ),
        method("close", &[], &[], "Lets go of it; using it later is an error."),
    ],
};

pub(super) const JOB: Group = Group {
    name: "job",
    class: Some("Job"),
    origin: Origin::Ours,
    doc: "The run of this script. Migrations have none.",
    example: "for done, id in ipairs(ids) do\n  \
                if job.cancelled() or job.remaining() < 1 then break end\n  \
                work(id)\n  job.progress(done, #ids, \"clients\")\nend",
    entries: &[
        value(
            "args",
            "table<string, any>",
            "The arguments of the run, with the defaults that the head of the script declares.",
        )
        .scripts_only(),
        value("actor", "string", "Who runs it.").scripts_only(),
        value("role", "string", "As what: \"admin\" or \"supervisor\".").scripts_only(),
        value("name", "string", "The name of the script.").scripts_only(),
        function(
            "progress",
            &[("done", "integer"), ("total?", "integer"), ("text?", "string")],
            &[],
            "Tells whoever watches how far it is.",
        )
        .scripts_only(),
        function("remaining", &[], &["number seconds"], "How much of its time is left.").scripts_only(),
        function("cancelled", &[], &["boolean"], "Whether somebody asked it to stop.").scripts_only(),
    ],
};

const LINE: &[super::Parameter] = &[("format", "any"), ("...", "any")];

pub(super) const LOG: Group = Group {
    name: "log",
    class: Some("Log"),
    origin: Origin::Ours,
    doc: "Lines for the report and the host's log. With more than one argument the first is a format as for `string.format`.",
    example: "log.info(\"removed %d of %d\", removed, total)",
    entries: &[
        function("debug", LINE, &[], "A line for whoever looks for a fault."),
        function("info", LINE, &[], "A line about what was done."),
        function("warn", LINE, &[], "A line about what somebody should look at."),
        function("error", LINE, &[], "A line about what went wrong; raises nothing."),
    ],
};

pub(super) const JSON: Group = Group {
    name: "json",
    class: Some("Json"),
    origin: Origin::Ours,
    doc: "JSON texts, such as those in columns.",
    example: "local settings = json.decode('{\"theme\": \"dark\"}')\n\
              settings.tags = json.array({})\nlog.info(json.encode(settings))",
    entries: &[
        function("encode", &[("value", "any")], &["string"], "The JSON text of a value."),
        function("decode", &[("text", "string")], &["any"], "The value of a JSON text; null becomes json.null."),
        value("null", "Null", "JSON's null, where nil would leave the field out."),
        function("array", &[("list?", "table")], &["table"], "Marks a table as a list, so that an empty one is []."),
    ],
};

pub(super) const ERROR: Group = Group {
    name: "error",
    class: Some("Error"),
    origin: Origin::Returned,
    doc: "What functions of `db` raise and `pcall` catches; `tostring` and `..` give the message. Codes: `busy`, `read_only`,\n\
          `sql`, `denied`, `not_found`, and the other names of statuses in lower case; behind `constraint` the kind, as SQLite names it:\n\
          `constraint.primarykey` for a row whose primary key is there already, `constraint.unique` for another unique column or index,\n\
          `constraint.foreignkey`, `constraint.notnull`, `constraint.check`, `constraint.datatype` in a STRICT table, `constraint.trigger` where\n\
          a trigger raises, `constraint.rowid`, `constraint.vtab`, `constraint.function` and `constraint.pinned`.",
    example: "local ok, failure = pcall(db.exec, db, \"INSERT INTO users (id) VALUES (?)\", id)\n\
              if not ok and failure.code == \"constraint.primarykey\" then log.warn(\"%s is there already\", id)\n\
              elseif not ok then error(failure) end",
    entries: &[
        value("code", "string", "What happened, for programs."),
        value("message", "string", "What happened, for people."),
        value("sql", "string?", "The statement that failed."),
        value("file", "string?", "The script."),
        value("line", "integer?", "The line in it."),
    ],
};
