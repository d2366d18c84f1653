// What the calls answer.
//
// Made by generate.py from rpmadb.schema.json; do not edit.
// clang-format off
#ifndef RPMADB_REPORTS_HPP
#define RPMADB_REPORTS_HPP

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"

RPMADB_BEGIN

namespace reports {

/// A migration that another history says is applied.
struct AdoptedMigration {
  /// Its version.
  std::int64_t version = 0;
  /// Its name in our set.
  std::string name;
  /// When, where that history tells; null also for a version that it has no row for and that lies below its highest.
  std::optional<std::int64_t> applied_at;
  /// Whether that history has a checksum and our file fits it.
  bool verified = false;
};
inline void read_members(Reader& in, AdoptedMigration& out) {
  in.object([&](std::string_view name) {
    if (name == "version") return in.read(out.version);
    if (name == "name") return in.read(out.name);
    if (name == "applied_at") return in.read(out.applied_at);
    if (name == "verified") return in.read(out.verified);
    in.skip();
  });
}
inline void write_members(Writer& out, const AdoptedMigration& in) {
  out.member("version", in.version);
  out.member("name", in.name);
  out.member("applied_at", in.applied_at);
  out.member("verified", in.verified);
}

/// A history that was taken over.
struct Adopted {
  /// The tool whose it is.
  std::string tool;
  /// Where it stands.
  std::string table;
  /// Which migrations it says are applied.
  std::vector<AdoptedMigration> migrations;
  /// Whether nothing was written, as asked.
  bool dry_run = false;
};
inline void read_members(Reader& in, Adopted& out) {
  in.object([&](std::string_view name) {
    if (name == "tool") return in.read(out.tool);
    if (name == "table") return in.read(out.table);
    if (name == "migrations") return in.read(out.migrations);
    if (name == "dry_run") return in.read(out.dry_run);
    in.skip();
  });
}
inline void write_members(Writer& out, const Adopted& in) {
  out.member("tool", in.tool);
  out.member("table", in.table);
  out.member("migrations", in.migrations);
  out.member("dry_run", in.dry_run);
}

/// One migration that ran.
struct Applied {
  /// Its version; null for a repeatable.
  std::optional<std::int64_t> version;
  /// Its name.
  std::string name;
  /// `sql`, `lua`, `host` or `repeatable`.
  std::string kind;
  /// Time it took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Applied& out) {
  in.object([&](std::string_view name) {
    if (name == "version") return in.read(out.version);
    if (name == "name") return in.read(out.name);
    if (name == "kind") return in.read(out.kind);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Applied& in) {
  out.member("version", in.version);
  out.member("name", in.name);
  out.member("kind", in.kind);
  out.member("duration_ms", in.duration_ms);
}

/// Report of `backup`.
struct Backup {
  /// The finished file; null when nothing was due.
  std::optional<std::string> path;
  /// The file that describes it.
  std::optional<std::string> manifest;
  /// Size of the file.
  std::uint64_t size_bytes = 0;
  /// Pages in it.
  std::uint64_t pages = 0;
  /// Whether the copy was read back and found to be what was copied, before it got its name.
  bool verified = false;
  /// What was looked at: `pages`, `quick`, `full`; null when nothing was.
  std::optional<std::string> depth;
  /// The backup this one is based on; null for a full one.
  std::optional<std::string> base;
  /// Time it took.
  double duration_ms = 0;
  /// Older backups that retention removed.
  std::vector<std::string> deleted;
};
inline void read_members(Reader& in, Backup& out) {
  in.object([&](std::string_view name) {
    if (name == "path") return in.read(out.path);
    if (name == "manifest") return in.read(out.manifest);
    if (name == "size_bytes") return in.read(out.size_bytes);
    if (name == "pages") return in.read(out.pages);
    if (name == "verified") return in.read(out.verified);
    if (name == "depth") return in.read(out.depth);
    if (name == "base") return in.read(out.base);
    if (name == "duration_ms") return in.read(out.duration_ms);
    if (name == "deleted") return in.read(out.deleted);
    in.skip();
  });
}
inline void write_members(Writer& out, const Backup& in) {
  out.member("path", in.path);
  out.member("manifest", in.manifest);
  out.member("size_bytes", in.size_bytes);
  out.member("pages", in.pages);
  out.member("verified", in.verified);
  out.member("depth", in.depth);
  out.member("base", in.base);
  out.member("duration_ms", in.duration_ms);
  out.member("deleted", in.deleted);
}

/// A table whose number of rows changes; null where there is no such table.
struct RowChange {
  /// Rows before.
  std::optional<std::uint64_t> before;
  /// Rows after.
  std::optional<std::uint64_t> after;
};
inline void read_members(Reader& in, RowChange& out) {
  in.object([&](std::string_view name) {
    if (name == "before") return in.read(out.before);
    if (name == "after") return in.read(out.after);
    in.skip();
  });
}
inline void write_members(Writer& out, const RowChange& in) {
  out.member("before", in.before);
  out.member("after", in.after);
}

/// An object of the schema that differs.
struct SchemaChange {
  /// `added`, `removed` or `changed`.
  std::string change;
  /// `table`, `index`, `view` or `trigger`.
  std::string kind;
  /// Its name.
  std::string name;
  /// The table it belongs to.
  std::string table;
  /// The statement that made it before.
  std::optional<std::string> before;
  /// The statement that makes it now.
  std::optional<std::string> after;
};
inline void read_members(Reader& in, SchemaChange& out) {
  in.object([&](std::string_view name) {
    if (name == "change") return in.read(out.change);
    if (name == "kind") return in.read(out.kind);
    if (name == "name") return in.read(out.name);
    if (name == "table") return in.read(out.table);
    if (name == "before") return in.read(out.before);
    if (name == "after") return in.read(out.after);
    in.skip();
  });
}
inline void write_members(Writer& out, const SchemaChange& in) {
  out.member("change", in.change);
  out.member("kind", in.kind);
  out.member("name", in.name);
  out.member("table", in.table);
  out.member("before", in.before);
  out.member("after", in.after);
}

/// What a dry run would change.
struct Changes {
  /// Objects of the schema.
  std::vector<SchemaChange> schema;
  /// Tables whose number of rows changes.
  std::map<std::string, RowChange> rows;
  /// Size of the database before.
  std::uint64_t size_bytes = 0;
  /// The largest it would become on the way.
  std::uint64_t peak_size_bytes = 0;
};
inline void read_members(Reader& in, Changes& out) {
  in.object([&](std::string_view name) {
    if (name == "schema") return in.read(out.schema);
    if (name == "rows") return in.read(out.rows);
    if (name == "size_bytes") return in.read(out.size_bytes);
    if (name == "peak_size_bytes") return in.read(out.peak_size_bytes);
    in.skip();
  });
}
inline void write_members(Writer& out, const Changes& in) {
  out.member("schema", in.schema);
  out.member("rows", in.rows);
  out.member("size_bytes", in.size_bytes);
  out.member("peak_size_bytes", in.peak_size_bytes);
}

/// Something in a migration that is likely to be regretted.
struct Warning {
  /// The rule that says so; the directive `allow` waives it by this name.
  std::string rule;
  /// What it is.
  std::string message;
  /// What to do about it.
  std::string hint;
  /// The file's name as the user knows it.
  std::optional<std::string> file;
  /// Line of the error.
  std::optional<std::uint32_t> line;
  /// Column of the error.
  std::optional<std::uint32_t> column;
  /// Which statement of the file, counting from 1.
  std::optional<std::uint32_t> statement;
  /// The text of that line.
  std::optional<std::string> source_line;
  /// The migration's version.
  std::optional<std::int64_t> version;
  /// The calls that led to a line of a script, the innermost first.
  std::optional<std::string> traceback;
};
inline void read_members(Reader& in, Warning& out) {
  in.object([&](std::string_view name) {
    if (name == "rule") return in.read(out.rule);
    if (name == "message") return in.read(out.message);
    if (name == "hint") return in.read(out.hint);
    if (name == "file") return in.read(out.file);
    if (name == "line") return in.read(out.line);
    if (name == "column") return in.read(out.column);
    if (name == "statement") return in.read(out.statement);
    if (name == "source_line") return in.read(out.source_line);
    if (name == "version") return in.read(out.version);
    if (name == "traceback") return in.read(out.traceback);
    in.skip();
  });
}
inline void write_members(Writer& out, const Warning& in) {
  out.member("rule", in.rule);
  out.member("message", in.message);
  out.member("hint", in.hint);
  out.given("file", in.file);
  out.given("line", in.line);
  out.given("column", in.column);
  out.given("statement", in.statement);
  out.given("source_line", in.source_line);
  out.given("version", in.version);
  out.given("traceback", in.traceback);
}

/// Report of `migrate`.
struct Migrate {
  /// Version before the run; 0 for none.
  std::int64_t from = 0;
  /// Version after the run.
  std::int64_t to = 0;
  /// What ran, in order.
  std::vector<Applied> applied;
  /// The backup made before, if one was.
  std::optional<Backup> backup;
  /// Whether all of it was rolled back again, as asked.
  bool dry_run = false;
  /// What was taken over from another history first; null where there was none.
  std::optional<Adopted> adopted;
  /// What somebody changed in the schema by hand since the last run.
  std::vector<SchemaChange> drift;
  /// Statements that ran outside the transaction, such as VACUUM; in a dry run those that would.
  std::vector<std::string> moved;
  /// What a dry run would change; null in a real one.
  std::optional<Changes> changes;
  /// What lint says about what a dry run would apply; null in a real one.
  std::optional<std::vector<Warning>> warnings;
  /// Time the run took, waiting for the lock included.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Migrate& out) {
  in.object([&](std::string_view name) {
    if (name == "from") return in.read(out.from);
    if (name == "to") return in.read(out.to);
    if (name == "applied") return in.read(out.applied);
    if (name == "backup") return in.read(out.backup);
    if (name == "dry_run") return in.read(out.dry_run);
    if (name == "adopted") return in.read(out.adopted);
    if (name == "drift") return in.read(out.drift);
    if (name == "moved") return in.read(out.moved);
    if (name == "changes") return in.read(out.changes);
    if (name == "warnings") return in.read(out.warnings);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Migrate& in) {
  out.member("from", in.from);
  out.member("to", in.to);
  out.member("applied", in.applied);
  out.member("backup", in.backup);
  out.member("dry_run", in.dry_run);
  out.member("adopted", in.adopted);
  out.member("drift", in.drift);
  out.member("moved", in.moved);
  out.member("changes", in.changes);
  out.member("warnings", in.warnings);
  out.member("duration_ms", in.duration_ms);
}

/// Report of `open`.
struct Open {
  /// The database file, absolute; `:memory:` for one in memory.
  std::string database_path;
  /// Whether this call made the file.
  bool created = false;
  /// The journal mode in force.
  std::string journal_mode;
  /// What opening migrated; null when it was told not to.
  std::optional<Migrate> migrate;
  /// Time the call took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Open& out) {
  in.object([&](std::string_view name) {
    if (name == "database_path") return in.read(out.database_path);
    if (name == "created") return in.read(out.created);
    if (name == "journal_mode") return in.read(out.journal_mode);
    if (name == "migrate") return in.read(out.migrate);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Open& in) {
  out.member("database_path", in.database_path);
  out.member("created", in.created);
  out.member("journal_mode", in.journal_mode);
  out.member("migrate", in.migrate);
  out.member("duration_ms", in.duration_ms);
}

/// One occurrence of something that is wrong.
struct Alert {
  /// Its number; another occurrence has another.
  std::uint64_t id = 0;
  /// What it is about: the rule, and where there may be several the subject behind a colon.
  std::string key;
  /// The rule.
  std::string rule;
  /// How bad it is.
  std::string severity;
  /// Where it is in its life.
  std::string state;
  /// What was measured last.
  Value value;
  /// Where the rule fires.
  Value threshold;
  /// What is wrong, one line for a person.
  std::string message;
  /// What to do first.
  std::string remedy;
  /// When the condition began to hold.
  std::int64_t since = 0;
  /// When it had held for long enough; null while pending.
  std::optional<std::int64_t> fired_at;
  /// When somebody said that they look after it.
  std::optional<std::int64_t> acknowledged_at;
  /// Who.
  std::optional<std::string> acknowledged_by;
  /// When it was over.
  std::optional<std::int64_t> resolved_at;
};
inline void read_members(Reader& in, Alert& out) {
  in.object([&](std::string_view name) {
    if (name == "id") return in.read(out.id);
    if (name == "key") return in.read(out.key);
    if (name == "rule") return in.read(out.rule);
    if (name == "severity") return in.read(out.severity);
    if (name == "state") return in.read(out.state);
    if (name == "value") return in.read(out.value);
    if (name == "threshold") return in.read(out.threshold);
    if (name == "message") return in.read(out.message);
    if (name == "remedy") return in.read(out.remedy);
    if (name == "since") return in.read(out.since);
    if (name == "fired_at") return in.read(out.fired_at);
    if (name == "acknowledged_at") return in.read(out.acknowledged_at);
    if (name == "acknowledged_by") return in.read(out.acknowledged_by);
    if (name == "resolved_at") return in.read(out.resolved_at);
    in.skip();
  });
}
inline void write_members(Writer& out, const Alert& in) {
  out.member("id", in.id);
  out.member("key", in.key);
  out.member("rule", in.rule);
  out.member("severity", in.severity);
  out.member("state", in.state);
  out.member("value", in.value);
  out.member("threshold", in.threshold);
  out.member("message", in.message);
  out.member("remedy", in.remedy);
  out.member("since", in.since);
  out.member("fired_at", in.fired_at);
  out.member("acknowledged_at", in.acknowledged_at);
  out.member("acknowledged_by", in.acknowledged_by);
  out.member("resolved_at", in.resolved_at);
}

/// A change of an alert's state. One that gets more severe is told again, from `firing` to `firing`.
struct AlertEvent {
  /// Its number, without gaps from 1.
  std::uint64_t seq = 0;
  /// When.
  std::int64_t at = 0;
  /// The alert's.
  std::string key;
  /// The state before.
  std::string from;
  /// The state since.
  std::string to;
};
inline void read_members(Reader& in, AlertEvent& out) {
  in.object([&](std::string_view name) {
    if (name == "seq") return in.read(out.seq);
    if (name == "at") return in.read(out.at);
    if (name == "key") return in.read(out.key);
    if (name == "from") return in.read(out.from);
    if (name == "to") return in.read(out.to);
    in.skip();
  });
}
inline void write_members(Writer& out, const AlertEvent& in) {
  out.member("seq", in.seq);
  out.member("at", in.at);
  out.member("key", in.key);
  out.member("from", in.from);
  out.member("to", in.to);
}

/// Report of `alerts`.
struct Alerts {
  /// Whether a monitor of this process watches the database; without one there are no alerts.
  bool monitoring = false;
  /// What is pending, firing or acknowledged, the worst first; and with `all` what was resolved.
  std::vector<Alert> alerts;
  /// What changed, the oldest first; the last 1,000 are remembered.
  std::vector<AlertEvent> events;
  /// The number of the last event; 0 for none. To be given as `since` the next time.
  std::uint64_t last_event = 0;
};
inline void read_members(Reader& in, Alerts& out) {
  in.object([&](std::string_view name) {
    if (name == "monitoring") return in.read(out.monitoring);
    if (name == "alerts") return in.read(out.alerts);
    if (name == "events") return in.read(out.events);
    if (name == "last_event") return in.read(out.last_event);
    in.skip();
  });
}
inline void write_members(Writer& out, const Alerts& in) {
  out.member("monitoring", in.monitoring);
  out.member("alerts", in.alerts);
  out.member("events", in.events);
  out.member("last_event", in.last_event);
}

/// The newest record: its number, which counts all there ever were, and its hash.
struct AuditHead {
  /// Its number.
  std::uint64_t count = 0;
  /// Its hash, in hexadecimal.
  std::string hash;
};
inline void read_members(Reader& in, AuditHead& out) {
  in.object([&](std::string_view name) {
    if (name == "count") return in.read(out.count);
    if (name == "hash") return in.read(out.hash);
    in.skip();
  });
}
inline void write_members(Writer& out, const AuditHead& in) {
  out.member("count", in.count);
  out.member("hash", in.hash);
}

/// What was archived and removed.
struct AuditPruned {
  /// First record.
  std::uint64_t from_seq = 0;
  /// Last record.
  std::uint64_t to_seq = 0;
  /// How many; 0 when there was nothing to remove.
  std::uint64_t rows = 0;
  /// Where they are now.
  std::optional<std::string> archive;
  /// Whether nothing was changed.
  bool dry_run = false;
};
inline void read_members(Reader& in, AuditPruned& out) {
  in.object([&](std::string_view name) {
    if (name == "from_seq") return in.read(out.from_seq);
    if (name == "to_seq") return in.read(out.to_seq);
    if (name == "rows") return in.read(out.rows);
    if (name == "archive") return in.read(out.archive);
    if (name == "dry_run") return in.read(out.dry_run);
    in.skip();
  });
}
inline void write_members(Writer& out, const AuditPruned& in) {
  out.member("from_seq", in.from_seq);
  out.member("to_seq", in.to_seq);
  out.member("rows", in.rows);
  out.member("archive", in.archive);
  out.member("dry_run", in.dry_run);
}

/// One record.
struct AuditRecord {
  /// Its number, without gaps from 1.
  std::uint64_t seq = 0;
  /// A UUID of version 7.
  std::string id;
  /// When the call ended, in milliseconds since the Unix epoch.
  std::int64_t at = 0;
  /// Who.
  std::string actor;
  /// As what.
  std::string role;
  /// Through which door: rust, c, lua, cli, monitor or migration.
  std::string origin;
  /// What was called.
  std::string verb;
  /// What it was about, such as a path or statements without their values.
  std::optional<std::string> target;
  /// ok, denied or error.
  std::string outcome;
  /// The status, 0 for OK.
  std::int64_t status = 0;
  /// How long it took, for a change until its commit, in microseconds.
  std::int64_t duration_us = 0;
  /// Rows changed, or else given.
  std::int64_t rows = 0;
  /// How many equal calls this record stands for.
  std::int64_t calls = 0;
  /// Highest applied migration.
  std::int64_t schema_version = 0;
  /// The process.
  std::int64_t process = 0;
  /// The hash over this record and the one before, in hexadecimal.
  std::string hash;
};
inline void read_members(Reader& in, AuditRecord& out) {
  in.object([&](std::string_view name) {
    if (name == "seq") return in.read(out.seq);
    if (name == "id") return in.read(out.id);
    if (name == "at") return in.read(out.at);
    if (name == "actor") return in.read(out.actor);
    if (name == "role") return in.read(out.role);
    if (name == "origin") return in.read(out.origin);
    if (name == "verb") return in.read(out.verb);
    if (name == "target") return in.read(out.target);
    if (name == "outcome") return in.read(out.outcome);
    if (name == "status") return in.read(out.status);
    if (name == "duration_us") return in.read(out.duration_us);
    if (name == "rows") return in.read(out.rows);
    if (name == "calls") return in.read(out.calls);
    if (name == "schema_version") return in.read(out.schema_version);
    if (name == "process") return in.read(out.process);
    if (name == "hash") return in.read(out.hash);
    in.skip();
  });
}
inline void write_members(Writer& out, const AuditRecord& in) {
  out.member("seq", in.seq);
  out.member("id", in.id);
  out.member("at", in.at);
  out.member("actor", in.actor);
  out.member("role", in.role);
  out.member("origin", in.origin);
  out.member("verb", in.verb);
  out.member("target", in.target);
  out.member("outcome", in.outcome);
  out.member("status", in.status);
  out.member("duration_us", in.duration_us);
  out.member("rows", in.rows);
  out.member("calls", in.calls);
  out.member("schema_version", in.schema_version);
  out.member("process", in.process);
  out.member("hash", in.hash);
}

/// One thing that is wrong with the audit.
struct AuditFinding {
  /// `edited`, `missing`, `tail_cut`, `head_removed`, `rewritten`, `table_dropped`, `anchor_edited`, `trigger`,
  /// `unkeyed` or `unknown_key`.
  std::string class_;
  /// First record that it is about.
  std::uint64_t from_seq = 0;
  /// Last one.
  std::uint64_t to_seq = 0;
  /// In words.
  std::string message;
};
inline void read_members(Reader& in, AuditFinding& out) {
  in.object([&](std::string_view name) {
    if (name == "class") return in.read(out.class_);
    if (name == "from_seq") return in.read(out.from_seq);
    if (name == "to_seq") return in.read(out.to_seq);
    if (name == "message") return in.read(out.message);
    in.skip();
  });
}
inline void write_members(Writer& out, const AuditFinding& in) {
  out.member("class", in.class_);
  out.member("from_seq", in.from_seq);
  out.member("to_seq", in.to_seq);
  out.member("message", in.message);
}

/// What a proof of the audit found.
struct AuditVerify {
  /// `ok`, `tampered`, or `unknown` when the key of some records was not given.
  std::string status;
  /// Records that were read.
  std::uint64_t rows = 0;
  /// Anchors outside of the database that were compared: in the file beside it, and in manifests of backups.
  std::uint64_t anchors = 0;
  /// What is wrong, at most 100.
  std::vector<AuditFinding> findings;
  /// How many more are wrong.
  std::uint64_t more_findings = 0;
  /// How long it took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, AuditVerify& out) {
  in.object([&](std::string_view name) {
    if (name == "status") return in.read(out.status);
    if (name == "rows") return in.read(out.rows);
    if (name == "anchors") return in.read(out.anchors);
    if (name == "findings") return in.read(out.findings);
    if (name == "more_findings") return in.read(out.more_findings);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const AuditVerify& in) {
  out.member("status", in.status);
  out.member("rows", in.rows);
  out.member("anchors", in.anchors);
  out.member("findings", in.findings);
  out.member("more_findings", in.more_findings);
  out.member("duration_ms", in.duration_ms);
}

/// What `audit` found, and did.
struct Audit {
  /// Whether the database has an audit.
  bool enabled = false;
  /// Records there are.
  std::uint64_t rows = 0;
  /// The newest record.
  std::optional<AuditHead> head;
  /// Those asked for; empty with the format `jsonl`.
  std::vector<AuditRecord> records;
  /// Those asked for, with the format `jsonl`.
  std::optional<std::string> text;
  /// What to ask for as `after` to get the next ones; null when there are none.
  std::optional<std::uint64_t> next;
  /// Records that are not written yet: of this process, and of those that closed the database while it was locked.
  std::uint64_t waiting = 0;
  /// Records that this process could not write, or found cut or changed where they waited, and that are lost.
  std::uint64_t lost = 0;
  /// What the proof found; null when it was not asked for.
  std::optional<AuditVerify> verify;
  /// What was archived and removed; null when that was not asked for.
  std::optional<AuditPruned> pruned;
  /// How long it took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Audit& out) {
  in.object([&](std::string_view name) {
    if (name == "enabled") return in.read(out.enabled);
    if (name == "rows") return in.read(out.rows);
    if (name == "head") return in.read(out.head);
    if (name == "records") return in.read(out.records);
    if (name == "text") return in.read(out.text);
    if (name == "next") return in.read(out.next);
    if (name == "waiting") return in.read(out.waiting);
    if (name == "lost") return in.read(out.lost);
    if (name == "verify") return in.read(out.verify);
    if (name == "pruned") return in.read(out.pruned);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Audit& in) {
  out.member("enabled", in.enabled);
  out.member("rows", in.rows);
  out.member("head", in.head);
  out.member("records", in.records);
  out.member("text", in.text);
  out.member("next", in.next);
  out.member("waiting", in.waiting);
  out.member("lost", in.lost);
  out.member("verify", in.verify);
  out.member("pruned", in.pruned);
  out.member("duration_ms", in.duration_ms);
}

/// What an incremental backup is based on.
struct Base {
  /// The name of its file, in the same folder.
  std::string file;
  /// Its id.
  std::string id;
};
inline void read_members(Reader& in, Base& out) {
  in.object([&](std::string_view name) {
    if (name == "file") return in.read(out.file);
    if (name == "id") return in.read(out.id);
    in.skip();
  });
}
inline void write_members(Writer& out, const Base& in) {
  out.member("file", in.file);
  out.member("id", in.id);
}

/// How the looks at a finished backup came out; null: not looked.
struct Checks {
  /// Read back and compared with what was copied.
  std::optional<std::string> pages;
  /// `PRAGMA quick_check`.
  std::optional<std::string> quick_check;
  /// `PRAGMA integrity_check`.
  std::optional<std::string> integrity_check;
  /// Rows whose foreign key points nowhere.
  std::optional<std::uint64_t> foreign_keys;
};
inline void read_members(Reader& in, Checks& out) {
  in.object([&](std::string_view name) {
    if (name == "pages") return in.read(out.pages);
    if (name == "quick_check") return in.read(out.quick_check);
    if (name == "integrity_check") return in.read(out.integrity_check);
    if (name == "foreign_keys") return in.read(out.foreign_keys);
    in.skip();
  });
}
inline void write_members(Writer& out, const Checks& in) {
  out.member("pages", in.pages);
  out.member("quick_check", in.quick_check);
  out.member("integrity_check", in.integrity_check);
  out.member("foreign_keys", in.foreign_keys);
}

/// What is known of a backup; the JSON file beside it holds this, the hashes of its pages, and a seal.
struct Manifest {
  /// Version of this description; 1.
  std::uint32_t format = 0;
  /// A name that no other backup has.
  std::string id;
  /// In which order backups were made, from 1; no clock is trusted with that.
  std::uint64_t sequence = 0;
  /// The file's name.
  std::string file;
  /// Why it was made: `manual`, `scheduled`, `pre_migrate`, `pre_restore`.
  std::string reason;
  /// When, in milliseconds since the Unix epoch.
  std::int64_t created_at = 0;
  /// The database it was made from.
  std::string database;
  /// `full` or `incremental`.
  std::string kind;
  /// The backup that an incremental one is based on.
  std::optional<Base> base;
  /// Size of the file.
  std::uint64_t size_bytes = 0;
  /// BLAKE3 of the file; null for a plain full backup, whose pages are hashed.
  std::optional<std::string> file_hash;
  /// Size of a page.
  std::uint32_t page_size = 0;
  /// Pages of the database.
  std::uint32_t page_count = 0;
  /// Pages in the file: fewer in an incremental one.
  std::uint32_t stored_pages = 0;
  /// `zstd`, or null.
  std::optional<std::string> compression;
  /// `age`, or null.
  std::optional<std::string> encryption;
  /// Whether free space was left out.
  bool compact = false;
  /// Rows of every table; null where they cannot be counted.
  std::map<std::string, std::optional<std::uint64_t>> tables;
  /// BLAKE3 of the schema.
  std::string schema_hash;
  /// Highest applied migration.
  std::int64_t schema_version = 0;
  /// Whether a migration outside a transaction had run in part.
  bool migration_in_part = false;
  /// What was looked at before the file got its name.
  Checks checks;
  /// Number and hash of the last audit record; null where there is no audit.
  std::optional<AuditHead> audit_head;
  /// Version of this library.
  std::string library_version;
  /// Version of SQLite.
  std::string sqlite_version;
};
inline void read_members(Reader& in, Manifest& out) {
  in.object([&](std::string_view name) {
    if (name == "format") return in.read(out.format);
    if (name == "id") return in.read(out.id);
    if (name == "sequence") return in.read(out.sequence);
    if (name == "file") return in.read(out.file);
    if (name == "reason") return in.read(out.reason);
    if (name == "created_at") return in.read(out.created_at);
    if (name == "database") return in.read(out.database);
    if (name == "kind") return in.read(out.kind);
    if (name == "base") return in.read(out.base);
    if (name == "size_bytes") return in.read(out.size_bytes);
    if (name == "file_hash") return in.read(out.file_hash);
    if (name == "page_size") return in.read(out.page_size);
    if (name == "page_count") return in.read(out.page_count);
    if (name == "stored_pages") return in.read(out.stored_pages);
    if (name == "compression") return in.read(out.compression);
    if (name == "encryption") return in.read(out.encryption);
    if (name == "compact") return in.read(out.compact);
    if (name == "tables") return in.read(out.tables);
    if (name == "schema_hash") return in.read(out.schema_hash);
    if (name == "schema_version") return in.read(out.schema_version);
    if (name == "migration_in_part") return in.read(out.migration_in_part);
    if (name == "checks") return in.read(out.checks);
    if (name == "audit_head") return in.read(out.audit_head);
    if (name == "library_version") return in.read(out.library_version);
    if (name == "sqlite_version") return in.read(out.sqlite_version);
    in.skip();
  });
}
inline void write_members(Writer& out, const Manifest& in) {
  out.member("format", in.format);
  out.member("id", in.id);
  out.member("sequence", in.sequence);
  out.member("file", in.file);
  out.member("reason", in.reason);
  out.member("created_at", in.created_at);
  out.member("database", in.database);
  out.member("kind", in.kind);
  out.member("base", in.base);
  out.member("size_bytes", in.size_bytes);
  out.member("file_hash", in.file_hash);
  out.member("page_size", in.page_size);
  out.member("page_count", in.page_count);
  out.member("stored_pages", in.stored_pages);
  out.member("compression", in.compression);
  out.member("encryption", in.encryption);
  out.member("compact", in.compact);
  out.member("tables", in.tables);
  out.member("schema_hash", in.schema_hash);
  out.member("schema_version", in.schema_version);
  out.member("migration_in_part", in.migration_in_part);
  out.member("checks", in.checks);
  out.member("audit_head", in.audit_head);
  out.member("library_version", in.library_version);
  out.member("sqlite_version", in.sqlite_version);
}

/// One backup of a folder.
struct Listed {
  /// The file.
  std::string path;
  /// Whether it was read back and found good when it was made.
  bool verified = false;
  /// Whether retention keeps its hands off it.
  bool pinned = false;
  /// Whether everything that it is based on is there.
  bool complete = false;
  /// What is known of it.
  Manifest manifest;
};
inline void read_members(Reader& in, Listed& out) {
  in.object([&](std::string_view name) {
    if (name == "path") return in.read(out.path);
    if (name == "verified") return in.read(out.verified);
    if (name == "pinned") return in.read(out.pinned);
    if (name == "complete") return in.read(out.complete);
    if (name == "manifest") return in.read(out.manifest);
    in.skip();
  });
}
inline void write_members(Writer& out, const Listed& in) {
  out.member("path", in.path);
  out.member("verified", in.verified);
  out.member("pinned", in.pinned);
  out.member("complete", in.complete);
  out.member("manifest", in.manifest);
}

/// Report of `backups`.
struct Backups {
  /// The folder; null when the handle has none.
  std::optional<std::string> folder;
  /// The backups in it, newest first.
  std::vector<Listed> backups;
  /// Files that look like backups and have no manifest that fits; they do not count.
  std::vector<std::string> incomplete;
};
inline void read_members(Reader& in, Backups& out) {
  in.object([&](std::string_view name) {
    if (name == "folder") return in.read(out.folder);
    if (name == "backups") return in.read(out.backups);
    if (name == "incomplete") return in.read(out.incomplete);
    in.skip();
  });
}
inline void write_members(Writer& out, const Backups& in) {
  out.member("folder", in.folder);
  out.member("backups", in.backups);
  out.member("incomplete", in.incomplete);
}

/// Report of `baseline`.
struct Baseline {
  /// Version before.
  std::int64_t from = 0;
  /// Version after.
  std::int64_t to = 0;
  /// What was recorded as applied without running.
  std::vector<std::int64_t> recorded;
};
inline void read_members(Reader& in, Baseline& out) {
  in.object([&](std::string_view name) {
    if (name == "from") return in.read(out.from);
    if (name == "to") return in.read(out.to);
    if (name == "recorded") return in.read(out.recorded);
    in.skip();
  });
}
inline void write_members(Writer& out, const Baseline& in) {
  out.member("from", in.from);
  out.member("to", in.to);
  out.member("recorded", in.recorded);
}

/// Who keeps a checkpoint from finishing.
struct HeldBy {
  /// `reader` or `writer`: a call on this database by this process; else `another process`.
  std::string who;
  /// The verb of that call; null for another process.
  std::optional<std::string> label;
  /// How long that call has had its connection; null for another process.
  std::optional<std::uint64_t> age_ms;
  /// Who made that call; null for another process.
  std::optional<std::string> actor;
  /// In which role.
  std::optional<std::string> role;
  /// The statement it has the connection for, without literals; null where it is for something else.
  std::optional<std::string> statement;
};
inline void read_members(Reader& in, HeldBy& out) {
  in.object([&](std::string_view name) {
    if (name == "who") return in.read(out.who);
    if (name == "label") return in.read(out.label);
    if (name == "age_ms") return in.read(out.age_ms);
    if (name == "actor") return in.read(out.actor);
    if (name == "role") return in.read(out.role);
    if (name == "statement") return in.read(out.statement);
    in.skip();
  });
}
inline void write_members(Writer& out, const HeldBy& in) {
  out.member("who", in.who);
  out.member("label", in.label);
  out.member("age_ms", in.age_ms);
  out.member("actor", in.actor);
  out.member("role", in.role);
  out.member("statement", in.statement);
}

/// Report of `checkpoint`.
struct Checkpoint {
  /// The mode that ran.
  std::string mode;
  /// Whether readers or writers kept it from finishing.
  bool busy = false;
  /// Frames in the log; -1 when not in WAL mode.
  std::int64_t log = 0;
  /// Frames that are now in the database file; -1 when not in WAL mode.
  std::int64_t checkpointed = 0;
  /// Who kept it from finishing, as far as this process can tell; null when not busy.
  std::optional<HeldBy> held_by;
  /// Time it took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Checkpoint& out) {
  in.object([&](std::string_view name) {
    if (name == "mode") return in.read(out.mode);
    if (name == "busy") return in.read(out.busy);
    if (name == "log") return in.read(out.log);
    if (name == "checkpointed") return in.read(out.checkpointed);
    if (name == "held_by") return in.read(out.held_by);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Checkpoint& in) {
  out.member("mode", in.mode);
  out.member("busy", in.busy);
  out.member("log", in.log);
  out.member("checkpointed", in.checkpointed);
  out.member("held_by", in.held_by);
  out.member("duration_ms", in.duration_ms);
}

/// A file system.
struct Disk {
  /// The first of what is on it: `database`, `backups`, `temporary`.
  std::string what;
  /// The folder of that.
  std::string path;
  /// Space this process may still fill; null where it could not be measured.
  std::optional<std::uint64_t> free_bytes;
  /// Its size; null where it could not be measured.
  std::optional<std::uint64_t> total_bytes;
};
inline void read_members(Reader& in, Disk& out) {
  in.object([&](std::string_view name) {
    if (name == "what") return in.read(out.what);
    if (name == "path") return in.read(out.path);
    if (name == "free_bytes") return in.read(out.free_bytes);
    if (name == "total_bytes") return in.read(out.total_bytes);
    in.skip();
  });
}
inline void write_members(Writer& out, const Disk& in) {
  out.member("what", in.what);
  out.member("path", in.path);
  out.member("free_bytes", in.free_bytes);
  out.member("total_bytes", in.total_bytes);
}

/// Who may do what with a file.
struct FileMode {
  /// The file.
  std::string path;
  /// Its permissions, in octal as `chmod` takes them.
  std::string mode;
  /// What is questionable about them; null when nothing is.
  std::optional<std::string> findings;
};
inline void read_members(Reader& in, FileMode& out) {
  in.object([&](std::string_view name) {
    if (name == "path") return in.read(out.path);
    if (name == "mode") return in.read(out.mode);
    if (name == "findings") return in.read(out.findings);
    in.skip();
  });
}
inline void write_members(Writer& out, const FileMode& in) {
  out.member("path", in.path);
  out.member("mode", in.mode);
  out.member("findings", in.findings);
}

/// One row whose foreign key points nowhere.
struct ForeignKeyFinding {
  /// The table of the row.
  std::string table;
  /// Its row id; null in a table without row ids.
  std::optional<std::int64_t> rowid;
  /// The table it points to.
  std::string parent;
};
inline void read_members(Reader& in, ForeignKeyFinding& out) {
  in.object([&](std::string_view name) {
    if (name == "table") return in.read(out.table);
    if (name == "rowid") return in.read(out.rowid);
    if (name == "parent") return in.read(out.parent);
    in.skip();
  });
}
inline void write_members(Writer& out, const ForeignKeyFinding& in) {
  out.member("table", in.table);
  out.member("rowid", in.rowid);
  out.member("parent", in.parent);
}

/// Another copy of SQLite in this process that has the database open, as far as it shows.
struct ForeignSqlite {
  /// The option `foreign_sqlite` of the handle.
  std::string mode;
  /// What is in force: `refuse` where `coexist` is not possible, `one_copy` in a build without a SQLite of its own.
  std::string effective;
  /// Whether it is known which descriptors are not this library's; with `off` nobody looks. Those of its own SQLite are
  /// none.
  bool looked = false;
  /// The database.
  std::string path;
  /// The descriptors of the database in this process that are not this library's.
  std::vector<std::int32_t> descriptors;
  /// Whether one of them is a SQLite for certain, because it has locks.
  bool live = false;
  /// The libraries with another SQLite in them, the likeliest first. One that is built into the host shows no library.
  std::vector<std::string> modules;
  /// Its version, where it tells.
  std::optional<std::string> version;
  /// Whether this handle refuses to write until the database is opened again.
  bool refused = false;
  /// What to do about it; null when there is nothing to do.
  std::optional<std::string> remedy;
};
inline void read_members(Reader& in, ForeignSqlite& out) {
  in.object([&](std::string_view name) {
    if (name == "mode") return in.read(out.mode);
    if (name == "effective") return in.read(out.effective);
    if (name == "looked") return in.read(out.looked);
    if (name == "path") return in.read(out.path);
    if (name == "descriptors") return in.read(out.descriptors);
    if (name == "live") return in.read(out.live);
    if (name == "modules") return in.read(out.modules);
    if (name == "version") return in.read(out.version);
    if (name == "refused") return in.read(out.refused);
    if (name == "remedy") return in.read(out.remedy);
    in.skip();
  });
}
inline void write_members(Writer& out, const ForeignSqlite& in) {
  out.member("mode", in.mode);
  out.member("effective", in.effective);
  out.member("looked", in.looked);
  out.member("path", in.path);
  out.member("descriptors", in.descriptors);
  out.member("live", in.live);
  out.member("modules", in.modules);
  out.member("version", in.version);
  out.member("refused", in.refused);
  out.member("remedy", in.remedy);
}

/// A statement that reads a large table without an index.
struct FullScan {
  /// The table.
  std::string table;
  /// The statement, with `?` for each literal.
  std::string sql;
  /// Rows of the table, about.
  std::uint64_t rows = 0;
};
inline void read_members(Reader& in, FullScan& out) {
  in.object([&](std::string_view name) {
    if (name == "table") return in.read(out.table);
    if (name == "sql") return in.read(out.sql);
    if (name == "rows") return in.read(out.rows);
    in.skip();
  });
}
inline void write_members(Writer& out, const FullScan& in) {
  out.member("table", in.table);
  out.member("sql", in.sql);
  out.member("rows", in.rows);
}

/// An index that there should be.
struct MissingIndex {
  /// The table that lacks it.
  std::string table;
  /// Its columns.
  std::vector<std::string> columns;
  /// What it is for.
  std::string reason;
  /// The statement that makes it.
  std::string suggestion;
};
inline void read_members(Reader& in, MissingIndex& out) {
  in.object([&](std::string_view name) {
    if (name == "table") return in.read(out.table);
    if (name == "columns") return in.read(out.columns);
    if (name == "reason") return in.read(out.reason);
    if (name == "suggestion") return in.read(out.suggestion);
    in.skip();
  });
}
inline void write_members(Writer& out, const MissingIndex& in) {
  out.member("table", in.table);
  out.member("columns", in.columns);
  out.member("reason", in.reason);
  out.member("suggestion", in.suggestion);
}

/// An index that another one makes superfluous.
struct RedundantIndex {
  /// Its name.
  std::string index;
  /// Its table.
  std::string table;
  /// The index that does its work, or `PRIMARY KEY`.
  std::string covered_by;
};
inline void read_members(Reader& in, RedundantIndex& out) {
  in.object([&](std::string_view name) {
    if (name == "index") return in.read(out.index);
    if (name == "table") return in.read(out.table);
    if (name == "covered_by") return in.read(out.covered_by);
    in.skip();
  });
}
inline void write_members(Writer& out, const RedundantIndex& in) {
  out.member("index", in.index);
  out.member("table", in.table);
  out.member("covered_by", in.covered_by);
}

/// An index that no statement uses.
struct UnusedIndex {
  /// Its name.
  std::string index;
  /// Its table.
  std::string table;
};
inline void read_members(Reader& in, UnusedIndex& out) {
  in.object([&](std::string_view name) {
    if (name == "index") return in.read(out.index);
    if (name == "table") return in.read(out.table);
    in.skip();
  });
}
inline void write_members(Writer& out, const UnusedIndex& in) {
  out.member("index", in.index);
  out.member("table", in.table);
}

/// What is wrong with the indexes.
struct Indexes {
  /// Indexes that another one makes superfluous; all of them may be dropped.
  std::vector<RedundantIndex> redundant;
  /// Foreign keys whose columns no index begins with.
  std::vector<MissingIndex> missing;
  /// Indexes that no statement uses and nothing else needs; null when no statement was seen.
  std::optional<std::vector<UnusedIndex>> unused;
  /// Statements that read a table of more than 1,000 rows without an index, at most 100; null when no statement was
  /// seen.
  std::optional<std::vector<FullScan>> full_scans;
  /// How many statements that is: distinct ones of this handle since it was opened, 500 at most.
  std::optional<std::uint64_t> statements_seen;
  /// How many were left out, too old or too long; if any, an unused index may have been used by one of them.
  std::optional<std::uint64_t> statements_forgotten;
};
inline void read_members(Reader& in, Indexes& out) {
  in.object([&](std::string_view name) {
    if (name == "redundant") return in.read(out.redundant);
    if (name == "missing") return in.read(out.missing);
    if (name == "unused") return in.read(out.unused);
    if (name == "full_scans") return in.read(out.full_scans);
    if (name == "statements_seen") return in.read(out.statements_seen);
    if (name == "statements_forgotten") return in.read(out.statements_forgotten);
    in.skip();
  });
}
inline void write_members(Writer& out, const Indexes& in) {
  out.member("redundant", in.redundant);
  out.member("missing", in.missing);
  out.member("unused", in.unused);
  out.member("full_scans", in.full_scans);
  out.member("statements_seen", in.statements_seen);
  out.member("statements_forgotten", in.statements_forgotten);
}

/// One holder of a connection.
struct OpenTransaction {
  /// What it is doing.
  std::string label;
  /// Since when.
  std::uint64_t age_ms = 0;
  /// Whether it holds the writer.
  bool writes = false;
  /// Who made the call; null for the library's own work.
  std::optional<std::string> actor;
  /// In which role.
  std::optional<std::string> role;
  /// The statement it has the connection for, without literals; null where it is for something else, such as a
  /// transaction.
  std::optional<std::string> statement;
};
inline void read_members(Reader& in, OpenTransaction& out) {
  in.object([&](std::string_view name) {
    if (name == "label") return in.read(out.label);
    if (name == "age_ms") return in.read(out.age_ms);
    if (name == "writes") return in.read(out.writes);
    if (name == "actor") return in.read(out.actor);
    if (name == "role") return in.read(out.role);
    if (name == "statement") return in.read(out.statement);
    in.skip();
  });
}
inline void write_members(Writer& out, const OpenTransaction& in) {
  out.member("label", in.label);
  out.member("age_ms", in.age_ms);
  out.member("writes", in.writes);
  out.member("actor", in.actor);
  out.member("role", in.role);
  out.member("statement", in.statement);
}

/// The connections of a handle.
struct PoolState {
  /// Connections open, the writer included.
  std::uint32_t connections = 0;
  /// Connections open and not in use.
  std::uint32_t idle_connections = 0;
  /// Most connections there may be.
  std::uint32_t max_connections = 0;
};
inline void read_members(Reader& in, PoolState& out) {
  in.object([&](std::string_view name) {
    if (name == "connections") return in.read(out.connections);
    if (name == "idle_connections") return in.read(out.idle_connections);
    if (name == "max_connections") return in.read(out.max_connections);
    in.skip();
  });
}
inline void write_members(Writer& out, const PoolState& in) {
  out.member("connections", in.connections);
  out.member("idle_connections", in.idle_connections);
  out.member("max_connections", in.max_connections);
}

/// One setting that is not what it should be.
struct PragmaFinding {
  /// Its name.
  std::string pragma;
  /// What the handle was configured for.
  Value expected;
  /// What is in force.
  Value actual;
};
inline void read_members(Reader& in, PragmaFinding& out) {
  in.object([&](std::string_view name) {
    if (name == "pragma") return in.read(out.pragma);
    if (name == "expected") return in.read(out.expected);
    if (name == "actual") return in.read(out.actual);
    in.skip();
  });
}
inline void write_members(Writer& out, const PragmaFinding& in) {
  out.member("pragma", in.pragma);
  out.member("expected", in.expected);
  out.member("actual", in.actual);
}

/// How the SQLite inside was built.
struct SqliteBuild {
  /// Its version.
  std::string version;
  /// Its source id.
  std::string source_id;
  /// The options it was compiled with, without `SQLITE_`.
  std::vector<std::string> compile_options;
  /// Whether its version can damage a database when a checkpoint resets the log while another connection begins to
  /// write.
  bool has_wal_reset_bug = false;
};
inline void read_members(Reader& in, SqliteBuild& out) {
  in.object([&](std::string_view name) {
    if (name == "version") return in.read(out.version);
    if (name == "source_id") return in.read(out.source_id);
    if (name == "compile_options") return in.read(out.compile_options);
    if (name == "has_wal_reset_bug") return in.read(out.has_wal_reset_bug);
    in.skip();
  });
}
inline void write_members(Writer& out, const SqliteBuild& in) {
  out.member("version", in.version);
  out.member("source_id", in.source_id);
  out.member("compile_options", in.compile_options);
  out.member("has_wal_reset_bug", in.has_wal_reset_bug);
}

/// The machine around the database; null where this platform does not tell.
struct System {
  /// Free space on the file system of the database.
  std::optional<std::uint64_t> free_disk_bytes;
  /// Memory this process occupies.
  std::optional<std::uint64_t> resident_memory_bytes;
  /// Processor time this process has used.
  std::optional<std::uint64_t> cpu_ms;
};
inline void read_members(Reader& in, System& out) {
  in.object([&](std::string_view name) {
    if (name == "free_disk_bytes") return in.read(out.free_disk_bytes);
    if (name == "resident_memory_bytes") return in.read(out.resident_memory_bytes);
    if (name == "cpu_ms") return in.read(out.cpu_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const System& in) {
  out.member("free_disk_bytes", in.free_disk_bytes);
  out.member("resident_memory_bytes", in.resident_memory_bytes);
  out.member("cpu_ms", in.cpu_ms);
}

/// The write-ahead log; null where there is none, or inside a transaction.
struct Wal {
  /// Size of the file.
  std::optional<std::uint64_t> size_bytes;
  /// Frames in it.
  std::optional<std::uint64_t> frames;
  /// Frames of it that are not in the database file yet.
  std::optional<std::uint64_t> backlog;
};
inline void read_members(Reader& in, Wal& out) {
  in.object([&](std::string_view name) {
    if (name == "size_bytes") return in.read(out.size_bytes);
    if (name == "frames") return in.read(out.frames);
    if (name == "backlog") return in.read(out.backlog);
    in.skip();
  });
}
inline void write_members(Writer& out, const Wal& in) {
  out.member("size_bytes", in.size_bytes);
  out.member("frames", in.frames);
  out.member("backlog", in.backlog);
}

/// Report of `diagnostics`.
struct Diagnostics {
  /// The journal mode in force.
  std::string journal_mode;
  /// Frames in the log and frames already in the database file; `[-1, -1]` when not in WAL mode.
  std::array<std::int64_t, 2> wal_checkpoint;
  /// How long a call waits for locks.
  std::uint64_t busy_timeout_ms = 0;
  /// `"ok"`, or the findings of SQLite's integrity check, one a line. A handle that may only read does not look at
  /// CHECK constraints.
  std::string integrity;
  /// Rows of every table; null where they could not be counted: a virtual table without its module, a damaged page.
  std::map<std::string, std::optional<std::uint64_t>> table_counts;
  /// The readers and the writer.
  PoolState pool_state;
  /// Rows whose foreign key points nowhere, at most 100 of them; null when damage kept it from being checked.
  std::optional<std::vector<ForeignKeyFinding>> foreign_key_check;
  /// What somebody changed in the schema by hand since the last migration; null when damage kept it from being
  /// compared.
  std::optional<std::vector<SchemaChange>> schema_drift;
  /// The settings SQLite really uses, as its pragmas answer; empty when the writer was busy.
  Value pragmas;
  /// Where they are not what this handle was configured for; null when the writer was busy.
  std::optional<std::vector<PragmaFinding>> pragma_findings;
  /// The write-ahead log.
  Wal wal;
  /// What holds a connection of this handle, this call left out.
  std::vector<OpenTransaction> open_transactions;
  /// What is wrong with the indexes; null when damage kept them from being examined.
  std::optional<Indexes> indexes;
  /// The file systems involved, each once.
  std::vector<Disk> disks;
  /// The database file and those that SQLite keeps beside it, as far as they exist.
  std::vector<FileMode> files;
  /// Another copy of SQLite in this process; null for a database in memory.
  std::optional<ForeignSqlite> foreign_sqlite;
  /// The SQLite inside.
  std::string sqlite_version;
  /// How that was built.
  SqliteBuild sqlite;
  /// The machine.
  System system;
};
inline void read_members(Reader& in, Diagnostics& out) {
  in.object([&](std::string_view name) {
    if (name == "journal_mode") return in.read(out.journal_mode);
    if (name == "wal_checkpoint") return in.read(out.wal_checkpoint);
    if (name == "busy_timeout_ms") return in.read(out.busy_timeout_ms);
    if (name == "integrity") return in.read(out.integrity);
    if (name == "table_counts") return in.read(out.table_counts);
    if (name == "pool_state") return in.read(out.pool_state);
    if (name == "foreign_key_check") return in.read(out.foreign_key_check);
    if (name == "schema_drift") return in.read(out.schema_drift);
    if (name == "pragmas") return in.read(out.pragmas);
    if (name == "pragma_findings") return in.read(out.pragma_findings);
    if (name == "wal") return in.read(out.wal);
    if (name == "open_transactions") return in.read(out.open_transactions);
    if (name == "indexes") return in.read(out.indexes);
    if (name == "disks") return in.read(out.disks);
    if (name == "files") return in.read(out.files);
    if (name == "foreign_sqlite") return in.read(out.foreign_sqlite);
    if (name == "sqlite_version") return in.read(out.sqlite_version);
    if (name == "sqlite") return in.read(out.sqlite);
    if (name == "system") return in.read(out.system);
    in.skip();
  });
}
inline void write_members(Writer& out, const Diagnostics& in) {
  out.member("journal_mode", in.journal_mode);
  out.member("wal_checkpoint", in.wal_checkpoint);
  out.member("busy_timeout_ms", in.busy_timeout_ms);
  out.member("integrity", in.integrity);
  out.member("table_counts", in.table_counts);
  out.member("pool_state", in.pool_state);
  out.member("foreign_key_check", in.foreign_key_check);
  out.member("schema_drift", in.schema_drift);
  out.member("pragmas", in.pragmas);
  out.member("pragma_findings", in.pragma_findings);
  out.member("wal", in.wal);
  out.member("open_transactions", in.open_transactions);
  out.member("indexes", in.indexes);
  out.member("disks", in.disks);
  out.member("files", in.files);
  out.member("foreign_sqlite", in.foreign_sqlite);
  out.member("sqlite_version", in.sqlite_version);
  out.member("sqlite", in.sqlite);
  out.member("system", in.system);
}

/// One check of `health`.
struct Check {
  /// Its name.
  std::string id;
  /// How it came out.
  std::string status;
  /// What was measured; null when it could not be.
  Value value;
  /// Where `degraded` begins; null where there is no number to it.
  Value threshold;
  /// When.
  std::int64_t measured_at = 0;
  /// What measuring cost, in microseconds.
  std::uint64_t cost_us = 0;
  /// What to do about it; null when well.
  std::optional<std::string> remedy;
};
inline void read_members(Reader& in, Check& out) {
  in.object([&](std::string_view name) {
    if (name == "id") return in.read(out.id);
    if (name == "status") return in.read(out.status);
    if (name == "value") return in.read(out.value);
    if (name == "threshold") return in.read(out.threshold);
    if (name == "measured_at") return in.read(out.measured_at);
    if (name == "cost_us") return in.read(out.cost_us);
    if (name == "remedy") return in.read(out.remedy);
    in.skip();
  });
}
inline void write_members(Writer& out, const Check& in) {
  out.member("id", in.id);
  out.member("status", in.status);
  out.member("value", in.value);
  out.member("threshold", in.threshold);
  out.member("measured_at", in.measured_at);
  out.member("cost_us", in.cost_us);
  out.member("remedy", in.remedy);
}

/// Report of `health`.
struct Health {
  /// The worst of the checks: `ok`, `degraded`, `critical`, or `unknown`.
  std::string status;
  /// 0 to 100; at most 39 when a check is critical.
  std::uint32_t score = 0;
  /// Each check.
  std::vector<Check> checks;
};
inline void read_members(Reader& in, Health& out) {
  in.object([&](std::string_view name) {
    if (name == "status") return in.read(out.status);
    if (name == "score") return in.read(out.score);
    if (name == "checks") return in.read(out.checks);
    in.skip();
  });
}
inline void write_members(Writer& out, const Health& in) {
  out.member("status", in.status);
  out.member("score", in.score);
  out.member("checks", in.checks);
}

/// Report of `lint`.
struct Lint {
  /// How many files were read.
  std::uint64_t files = 0;
  /// What was found.
  std::vector<Warning> warnings;
};
inline void read_members(Reader& in, Lint& out) {
  in.object([&](std::string_view name) {
    if (name == "files") return in.read(out.files);
    if (name == "warnings") return in.read(out.warnings);
    in.skip();
  });
}
inline void write_members(Writer& out, const Lint& in) {
  out.member("files", in.files);
  out.member("warnings", in.warnings);
}

/// Backups, those made by scripts included.
struct BackupFigures {
  /// How many were made.
  std::uint64_t made = 0;
  /// How many failed.
  std::uint64_t failed = 0;
  /// When the last was made; null before the first, as are the next two.
  std::optional<std::int64_t> last_at;
  /// How long it took.
  std::optional<double> last_duration_ms;
  /// Its size.
  std::optional<std::uint64_t> last_size_bytes;
};
inline void read_members(Reader& in, BackupFigures& out) {
  in.object([&](std::string_view name) {
    if (name == "made") return in.read(out.made);
    if (name == "failed") return in.read(out.failed);
    if (name == "last_at") return in.read(out.last_at);
    if (name == "last_duration_ms") return in.read(out.last_duration_ms);
    if (name == "last_size_bytes") return in.read(out.last_size_bytes);
    in.skip();
  });
}
inline void write_members(Writer& out, const BackupFigures& in) {
  out.member("made", in.made);
  out.member("failed", in.failed);
  out.member("last_at", in.last_at);
  out.member("last_duration_ms", in.last_duration_ms);
  out.member("last_size_bytes", in.last_size_bytes);
}

/// Checkpoints, those of scripts included; the ones that SQLite makes by itself are not counted.
struct CheckpointFigures {
  /// How many were made.
  std::uint64_t runs = 0;
  /// How many of them readers or writers kept from finishing.
  std::uint64_t busy = 0;
};
inline void read_members(Reader& in, CheckpointFigures& out) {
  in.object([&](std::string_view name) {
    if (name == "runs") return in.read(out.runs);
    if (name == "busy") return in.read(out.busy);
    in.skip();
  });
}
inline void write_members(Writer& out, const CheckpointFigures& in) {
  out.member("runs", in.runs);
  out.member("busy", in.busy);
}

/// An index that statements use.
struct UsedIndex {
  /// Its name.
  std::string index;
  /// Its table.
  std::string table;
  /// How often statements ran whose fingerprint uses it; null when metrics are off.
  std::optional<std::uint64_t> calls;
};
inline void read_members(Reader& in, UsedIndex& out) {
  in.object([&](std::string_view name) {
    if (name == "index") return in.read(out.index);
    if (name == "table") return in.read(out.table);
    if (name == "calls") return in.read(out.calls);
    in.skip();
  });
}
inline void write_members(Writer& out, const UsedIndex& in) {
  out.member("index", in.index);
  out.member("table", in.table);
  out.member("calls", in.calls);
}

/// What the statements of this handle use, as SQLite plans them now.
struct IndexFigures {
  /// Indexes that statements use; null before the first statement.
  std::optional<std::vector<UsedIndex>> used;
  /// Indexes that no statement uses and nothing else needs; null before the first statement.
  std::optional<std::vector<UnusedIndex>> unused;
  /// Indexes that another one makes superfluous.
  std::vector<RedundantIndex> redundant;
  /// Foreign keys whose columns no index begins with.
  std::vector<MissingIndex> missing;
  /// Statements that read a table of more than 1,000 rows without an index; null before the first statement.
  std::optional<std::vector<FullScan>> full_scans;
};
inline void read_members(Reader& in, IndexFigures& out) {
  in.object([&](std::string_view name) {
    if (name == "used") return in.read(out.used);
    if (name == "unused") return in.read(out.unused);
    if (name == "redundant") return in.read(out.redundant);
    if (name == "missing") return in.read(out.missing);
    if (name == "full_scans") return in.read(out.full_scans);
    in.skip();
  });
}
inline void write_members(Writer& out, const IndexFigures& in) {
  out.member("used", in.used);
  out.member("unused", in.unused);
  out.member("redundant", in.redundant);
  out.member("missing", in.missing);
  out.member("full_scans", in.full_scans);
}

/// Waits for locks.
struct LockFigures {
  /// How often a connection was taken to work with.
  std::uint64_t leases = 0;
  /// How often a lock was held by somebody else: by another process, or the writer by another call of this handle.
  std::uint64_t waited = 0;
  /// How many of these waits ended without the lock.
  std::uint64_t gave_up = 0;
};
inline void read_members(Reader& in, LockFigures& out) {
  in.object([&](std::string_view name) {
    if (name == "leases") return in.read(out.leases);
    if (name == "waited") return in.read(out.waited);
    if (name == "gave_up") return in.read(out.gave_up);
    in.skip();
  });
}
inline void write_members(Writer& out, const LockFigures& in) {
  out.member("leases", in.leases);
  out.member("waited", in.waited);
  out.member("gave_up", in.gave_up);
}

/// The connections of a handle.
struct PoolFigures {
  /// Connections open, the writer included.
  std::uint32_t connections = 0;
  /// Connections open and not in use.
  std::uint32_t idle_connections = 0;
  /// Most connections there may be.
  std::uint32_t max_connections = 0;
  /// Connections in use, this call left out.
  std::uint64_t in_use = 0;
  /// How often a reader was asked for while all were in use.
  std::uint64_t waits = 0;
  /// How long was waited for one, all waits together.
  double wait_ms = 0;
  /// How many of these waits ended without one, by their limit or because the call was stopped.
  std::uint64_t timeouts = 0;
  /// Who has the connections that are in use, those who have them longest first.
  std::vector<OpenTransaction> holders;
};
inline void read_members(Reader& in, PoolFigures& out) {
  in.object([&](std::string_view name) {
    if (name == "connections") return in.read(out.connections);
    if (name == "idle_connections") return in.read(out.idle_connections);
    if (name == "max_connections") return in.read(out.max_connections);
    if (name == "in_use") return in.read(out.in_use);
    if (name == "waits") return in.read(out.waits);
    if (name == "wait_ms") return in.read(out.wait_ms);
    if (name == "timeouts") return in.read(out.timeouts);
    if (name == "holders") return in.read(out.holders);
    in.skip();
  });
}
inline void write_members(Writer& out, const PoolFigures& in) {
  out.member("connections", in.connections);
  out.member("idle_connections", in.idle_connections);
  out.member("max_connections", in.max_connections);
  out.member("in_use", in.in_use);
  out.member("waits", in.waits);
  out.member("wait_ms", in.wait_ms);
  out.member("timeouts", in.timeouts);
  out.member("holders", in.holders);
}

/// Scripts, typed ones and files.
struct ScriptFigures {
  /// How many were run.
  std::uint64_t runs = 0;
  /// How many failed.
  std::uint64_t failures = 0;
};
inline void read_members(Reader& in, ScriptFigures& out) {
  in.object([&](std::string_view name) {
    if (name == "runs") return in.read(out.runs);
    if (name == "failures") return in.read(out.failures);
    in.skip();
  });
}
inline void write_members(Writer& out, const ScriptFigures& in) {
  out.member("runs", in.runs);
  out.member("failures", in.failures);
}

/// One statement that took long.
struct SlowStatement {
  /// The statement without literals.
  std::string fingerprint;
  /// How long it took.
  double duration_ms = 0;
  /// Rows it gave, or else changed.
  std::uint64_t rows = 0;
  /// Whether it failed.
  bool failed = false;
  /// When it ended.
  std::int64_t at = 0;
  /// The verb it was run by.
  std::string verb;
  /// Who ran it; null where nobody is known.
  std::optional<std::string> actor;
  /// How SQLite planned it right after; null for one without a plan.
  std::optional<std::vector<std::string>> plan;
};
inline void read_members(Reader& in, SlowStatement& out) {
  in.object([&](std::string_view name) {
    if (name == "fingerprint") return in.read(out.fingerprint);
    if (name == "duration_ms") return in.read(out.duration_ms);
    if (name == "rows") return in.read(out.rows);
    if (name == "failed") return in.read(out.failed);
    if (name == "at") return in.read(out.at);
    if (name == "verb") return in.read(out.verb);
    if (name == "actor") return in.read(out.actor);
    if (name == "plan") return in.read(out.plan);
    in.skip();
  });
}
inline void write_members(Writer& out, const SlowStatement& in) {
  out.member("fingerprint", in.fingerprint);
  out.member("duration_ms", in.duration_ms);
  out.member("rows", in.rows);
  out.member("failed", in.failed);
  out.member("at", in.at);
  out.member("verb", in.verb);
  out.member("actor", in.actor);
  out.member("plan", in.plan);
}

/// One transaction of the writer that was open for long.
struct SlowTransaction {
  /// The verb whose it was.
  std::string label;
  /// Who made the call; null where nobody is known.
  std::optional<std::string> actor;
  /// How long it was open.
  double duration_ms = 0;
  /// When it ended.
  std::int64_t at = 0;
  /// Whether it was committed, and not rolled back.
  bool committed = false;
};
inline void read_members(Reader& in, SlowTransaction& out) {
  in.object([&](std::string_view name) {
    if (name == "label") return in.read(out.label);
    if (name == "actor") return in.read(out.actor);
    if (name == "duration_ms") return in.read(out.duration_ms);
    if (name == "at") return in.read(out.at);
    if (name == "committed") return in.read(out.committed);
    in.skip();
  });
}
inline void write_members(Writer& out, const SlowTransaction& in) {
  out.member("label", in.label);
  out.member("actor", in.actor);
  out.member("duration_ms", in.duration_ms);
  out.member("at", in.at);
  out.member("committed", in.committed);
}

/// What the statements of one fingerprint did.
struct StatementFigures {
  /// The statement without literals, lists of values shortened; of a long one the beginning.
  std::string fingerprint;
  /// How often it was run.
  std::uint64_t calls = 0;
  /// How often it failed.
  std::uint64_t errors = 0;
  /// Rows it gave, or else changed.
  std::uint64_t rows = 0;
  /// Time it took, all calls together. Waiting for a connection and the commit are not in it.
  double total_ms = 0;
  /// Of one call.
  double mean_ms = 0;
  /// What 95 of 100 calls did not exceed, to within 1/16.
  double p95_ms = 0;
  /// Of the longest call.
  double max_ms = 0;
  /// Steps from row to row of a table that was read whole.
  std::uint64_t full_scan_steps = 0;
  /// Times that rows were sorted.
  std::uint64_t sorts = 0;
  /// Rows put into indexes that were made for this one time.
  std::uint64_t automatic_index_rows = 0;
  /// When it was run the last time.
  std::int64_t last_at = 0;
};
inline void read_members(Reader& in, StatementFigures& out) {
  in.object([&](std::string_view name) {
    if (name == "fingerprint") return in.read(out.fingerprint);
    if (name == "calls") return in.read(out.calls);
    if (name == "errors") return in.read(out.errors);
    if (name == "rows") return in.read(out.rows);
    if (name == "total_ms") return in.read(out.total_ms);
    if (name == "mean_ms") return in.read(out.mean_ms);
    if (name == "p95_ms") return in.read(out.p95_ms);
    if (name == "max_ms") return in.read(out.max_ms);
    if (name == "full_scan_steps") return in.read(out.full_scan_steps);
    if (name == "sorts") return in.read(out.sorts);
    if (name == "automatic_index_rows") return in.read(out.automatic_index_rows);
    if (name == "last_at") return in.read(out.last_at);
    in.skip();
  });
}
inline void write_members(Writer& out, const StatementFigures& in) {
  out.member("fingerprint", in.fingerprint);
  out.member("calls", in.calls);
  out.member("errors", in.errors);
  out.member("rows", in.rows);
  out.member("total_ms", in.total_ms);
  out.member("mean_ms", in.mean_ms);
  out.member("p95_ms", in.p95_ms);
  out.member("max_ms", in.max_ms);
  out.member("full_scan_steps", in.full_scan_steps);
  out.member("sorts", in.sorts);
  out.member("automatic_index_rows", in.automatic_index_rows);
  out.member("last_at", in.last_at);
}

/// The calls of one verb.
struct VerbFigures {
  /// How many.
  std::uint64_t calls = 0;
  /// How many failed, the denied ones left out.
  std::uint64_t errors = 0;
  /// How many the role did not allow.
  std::uint64_t denied = 0;
  /// Time they took together.
  double total_ms = 0;
  /// Time the longest took.
  double max_ms = 0;
};
inline void read_members(Reader& in, VerbFigures& out) {
  in.object([&](std::string_view name) {
    if (name == "calls") return in.read(out.calls);
    if (name == "errors") return in.read(out.errors);
    if (name == "denied") return in.read(out.denied);
    if (name == "total_ms") return in.read(out.total_ms);
    if (name == "max_ms") return in.read(out.max_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const VerbFigures& in) {
  out.member("calls", in.calls);
  out.member("errors", in.errors);
  out.member("denied", in.denied);
  out.member("total_ms", in.total_ms);
  out.member("max_ms", in.max_ms);
}

/// The figures of `metrics`, since the handle was opened.
struct Figures {
  /// Whether metrics are on; else only `pool`, `locks`, `wal` and `indexes` are known.
  bool enabled = false;
  /// When counting began; null when metrics are off.
  std::optional<std::int64_t> since;
  /// The statements of users by fingerprint, those with the largest total first.
  std::vector<StatementFigures> statements;
  /// How many fingerprints there are, those beyond the limit of the call included.
  std::uint64_t statements_known = 0;
  /// How many fingerprints were forgotten for newer ones, with their numbers.
  std::uint64_t statements_evicted = 0;
  /// The last 100 statements that took longer than `slow_query_ms`, the newest first.
  std::vector<SlowStatement> slow;
  /// How many there were since `since`.
  std::uint64_t slow_total = 0;
  /// The last 100 transactions of the writer that were open for longer than 250 ms, the newest first.
  std::vector<SlowTransaction> slow_transactions;
  /// How many there were since `since`.
  std::uint64_t slow_transactions_total = 0;
  /// Calls by verb.
  std::map<std::string, VerbFigures> verbs;
  /// Backups that were made; null when metrics are off.
  std::optional<BackupFigures> backups;
  /// Scripts that were run; null when metrics are off.
  std::optional<ScriptFigures> scripts;
  /// Checkpoints that were asked for; null when metrics are off.
  std::optional<CheckpointFigures> checkpoints;
  /// Calls that the role of the handle did not allow; null when metrics are off.
  std::optional<std::uint64_t> denials;
  /// What the statements use; null when it was not asked for, when no reader was free to look, and where damage kept it
  /// from being examined.
  std::optional<IndexFigures> indexes;
  /// The connections.
  PoolFigures pool;
  /// Waits for locks.
  LockFigures locks;
  /// The write-ahead log.
  Wal wal;
};
inline void read_members(Reader& in, Figures& out) {
  in.object([&](std::string_view name) {
    if (name == "enabled") return in.read(out.enabled);
    if (name == "since") return in.read(out.since);
    if (name == "statements") return in.read(out.statements);
    if (name == "statements_known") return in.read(out.statements_known);
    if (name == "statements_evicted") return in.read(out.statements_evicted);
    if (name == "slow") return in.read(out.slow);
    if (name == "slow_total") return in.read(out.slow_total);
    if (name == "slow_transactions") return in.read(out.slow_transactions);
    if (name == "slow_transactions_total") return in.read(out.slow_transactions_total);
    if (name == "verbs") return in.read(out.verbs);
    if (name == "backups") return in.read(out.backups);
    if (name == "scripts") return in.read(out.scripts);
    if (name == "checkpoints") return in.read(out.checkpoints);
    if (name == "denials") return in.read(out.denials);
    if (name == "indexes") return in.read(out.indexes);
    if (name == "pool") return in.read(out.pool);
    if (name == "locks") return in.read(out.locks);
    if (name == "wal") return in.read(out.wal);
    in.skip();
  });
}
inline void write_members(Writer& out, const Figures& in) {
  out.member("enabled", in.enabled);
  out.member("since", in.since);
  out.member("statements", in.statements);
  out.member("statements_known", in.statements_known);
  out.member("statements_evicted", in.statements_evicted);
  out.member("slow", in.slow);
  out.member("slow_total", in.slow_total);
  out.member("slow_transactions", in.slow_transactions);
  out.member("slow_transactions_total", in.slow_transactions_total);
  out.member("verbs", in.verbs);
  out.member("backups", in.backups);
  out.member("scripts", in.scripts);
  out.member("checkpoints", in.checkpoints);
  out.member("denials", in.denials);
  out.member("indexes", in.indexes);
  out.member("pool", in.pool);
  out.member("locks", in.locks);
  out.member("wal", in.wal);
}

/// The figures as a text for another program.
struct MetricsText {
  /// The name of the form: `prometheus`.
  std::string format;
  /// The text.
  std::string text;
};
inline void read_members(Reader& in, MetricsText& out) {
  in.object([&](std::string_view name) {
    if (name == "format") return in.read(out.format);
    if (name == "text") return in.read(out.text);
    in.skip();
  });
}
inline void write_members(Writer& out, const MetricsText& in) {
  out.member("format", in.format);
  out.member("text", in.text);
}

/// Report of `metrics`, in the form that was asked for.
struct Metrics {
  std::optional<Figures> figures;
  std::optional<MetricsText> text;
};
inline void read_members(Reader& in, Metrics& out) {
  Value look;
  Reader ahead = in;
  ahead.read(look);
  if (!look["format"].is_null() && !look["text"].is_null()) return in.read(out.text.emplace());
  in.read(out.figures.emplace());
}
inline void write_members(Writer& out, const Metrics& in) {
  if (in.figures) write_members(out, *in.figures);
  if (in.text) write_members(out, *in.text);
}

/// One migration known or recorded.
struct MigrationState {
  /// Its version; null for a repeatable.
  std::optional<std::int64_t> version;
  /// Its name.
  std::string name;
  /// `sql`, `lua`, `host` or `repeatable`.
  std::string kind;
  /// `applied`, `pending`, `changed`, `missing` or `out_of_order`; `removed` is a repeatable whose file is gone, what
  /// it made stays.
  std::string state;
  /// When it was applied.
  std::optional<std::int64_t> applied_at;
  /// By whom.
  std::optional<std::string> actor;
  /// How long it took then.
  std::optional<double> duration_ms;
  /// Whether there is a way back; null for a Lua file that does not load.
  std::optional<bool> reversible;
  /// How it came to be recorded: `run`, `baseline`, or the tool it was adopted from.
  std::optional<std::string> origin;
  /// When a changed text was accepted.
  std::optional<std::int64_t> repaired_at;
  /// By whom.
  std::optional<std::string> repaired_by;
};
inline void read_members(Reader& in, MigrationState& out) {
  in.object([&](std::string_view name) {
    if (name == "version") return in.read(out.version);
    if (name == "name") return in.read(out.name);
    if (name == "kind") return in.read(out.kind);
    if (name == "state") return in.read(out.state);
    if (name == "applied_at") return in.read(out.applied_at);
    if (name == "actor") return in.read(out.actor);
    if (name == "duration_ms") return in.read(out.duration_ms);
    if (name == "reversible") return in.read(out.reversible);
    if (name == "origin") return in.read(out.origin);
    if (name == "repaired_at") return in.read(out.repaired_at);
    if (name == "repaired_by") return in.read(out.repaired_by);
    in.skip();
  });
}
inline void write_members(Writer& out, const MigrationState& in) {
  out.member("version", in.version);
  out.member("name", in.name);
  out.member("kind", in.kind);
  out.member("state", in.state);
  out.member("applied_at", in.applied_at);
  out.member("actor", in.actor);
  out.member("duration_ms", in.duration_ms);
  out.member("reversible", in.reversible);
  out.member("origin", in.origin);
  out.member("repaired_at", in.repaired_at);
  out.member("repaired_by", in.repaired_by);
}

/// Report of `migrations`.
struct Migrations {
  /// Highest applied version; 0 for none.
  std::int64_t current = 0;
  /// Highest version in the set; 0 for none.
  std::int64_t latest = 0;
  /// How many would run now.
  std::uint64_t pending = 0;
  /// Every migration known or recorded, by version, the repeatables last.
  std::vector<MigrationState> migrations;
  /// What somebody changed in the schema by hand since the last run.
  std::vector<SchemaChange> drift;
};
inline void read_members(Reader& in, Migrations& out) {
  in.object([&](std::string_view name) {
    if (name == "current") return in.read(out.current);
    if (name == "latest") return in.read(out.latest);
    if (name == "pending") return in.read(out.pending);
    if (name == "migrations") return in.read(out.migrations);
    if (name == "drift") return in.read(out.drift);
    in.skip();
  });
}
inline void write_members(Writer& out, const Migrations& in) {
  out.member("current", in.current);
  out.member("latest", in.latest);
  out.member("pending", in.pending);
  out.member("migrations", in.migrations);
  out.member("drift", in.drift);
}

/// Report of `pin`.
struct Pin {
  /// The file.
  std::string path;
  /// Whether retention now keeps its hands off it.
  bool pinned = false;
};
inline void read_members(Reader& in, Pin& out) {
  in.object([&](std::string_view name) {
    if (name == "path") return in.read(out.path);
    if (name == "pinned") return in.read(out.pinned);
    in.skip();
  });
}
inline void write_members(Writer& out, const Pin& in) {
  out.member("path", in.path);
  out.member("pinned", in.pinned);
}

/// A backup that stays.
struct Kept {
  /// The file.
  std::string path;
  /// What wants it.
  std::vector<std::string> because;
};
inline void read_members(Reader& in, Kept& out) {
  in.object([&](std::string_view name) {
    if (name == "path") return in.read(out.path);
    if (name == "because") return in.read(out.because);
    in.skip();
  });
}
inline void write_members(Writer& out, const Kept& in) {
  out.member("path", in.path);
  out.member("because", in.because);
}

/// Report of `prune`.
struct Prune {
  /// What was removed; in a dry run what would be.
  std::vector<std::string> deleted;
  /// What stays, and why.
  std::vector<Kept> kept;
  /// What was cleaned up after backups that were killed.
  std::vector<std::string> leftovers;
  /// Whether nothing was removed, as asked.
  bool dry_run = false;
  /// Time it took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Prune& out) {
  in.object([&](std::string_view name) {
    if (name == "deleted") return in.read(out.deleted);
    if (name == "kept") return in.read(out.kept);
    if (name == "leftovers") return in.read(out.leftovers);
    if (name == "dry_run") return in.read(out.dry_run);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Prune& in) {
  out.member("deleted", in.deleted);
  out.member("kept", in.kept);
  out.member("leftovers", in.leftovers);
  out.member("dry_run", in.dry_run);
  out.member("duration_ms", in.duration_ms);
}

/// Report of `query`.
struct Query {
  /// Names of the result's columns.
  std::vector<std::string> columns;
  /// The rows, each an array. A BLOB is `{"base64": "..."}`, an infinite number `{"real": "inf"}` or `{"real":
  /// "-inf"}`.
  std::vector<std::vector<Value>> rows;
  /// Rows inserted, updated or deleted.
  std::uint64_t changes = 0;
  /// Row id of the last insert by this statement; null when it inserted none.
  std::optional<std::int64_t> last_insert_rowid;
};
inline void read_members(Reader& in, Query& out) {
  in.object([&](std::string_view name) {
    if (name == "columns") return in.read(out.columns);
    if (name == "rows") return in.read_rows(out.rows);
    if (name == "changes") return in.read(out.changes);
    if (name == "last_insert_rowid") return in.read(out.last_insert_rowid);
    in.skip();
  });
}
inline void write_members(Writer& out, const Query& in) {
  out.member("columns", in.columns);
  out.member("rows", in.rows);
  out.member("changes", in.changes);
  out.member("last_insert_rowid", in.last_insert_rowid);
}

/// Report of `repair`.
struct Repair {
  /// Migrations whose present text was accepted.
  std::vector<std::int64_t> repaired;
  /// Changes of the schema that were accepted.
  std::vector<SchemaChange> accepted;
};
inline void read_members(Reader& in, Repair& out) {
  in.object([&](std::string_view name) {
    if (name == "repaired") return in.read(out.repaired);
    if (name == "accepted") return in.read(out.accepted);
    in.skip();
  });
}
inline void write_members(Writer& out, const Repair& in) {
  out.member("repaired", in.repaired);
  out.member("accepted", in.accepted);
}

/// Report of `restore` and `undo_restore`.
struct Restore {
  /// The backup that was brought back.
  std::string path;
  /// The database.
  std::string database_path;
  /// How: `rename`, or `transaction` while others had the database open.
  std::string method;
  /// The backup of what was there before; null when there was nothing, or it was not wanted.
  std::optional<std::string> backup;
  /// What was kept of a file that was no longer a database; null when it was one.
  std::optional<std::string> kept;
  /// Pages of the database now.
  std::uint64_t pages = 0;
  /// Highest applied migration now.
  std::int64_t schema_version = 0;
  /// What deserves a look.
  std::vector<std::string> warnings;
  /// Whether nothing was changed, as asked.
  bool dry_run = false;
  /// Time it took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Restore& out) {
  in.object([&](std::string_view name) {
    if (name == "path") return in.read(out.path);
    if (name == "database_path") return in.read(out.database_path);
    if (name == "method") return in.read(out.method);
    if (name == "backup") return in.read(out.backup);
    if (name == "kept") return in.read(out.kept);
    if (name == "pages") return in.read(out.pages);
    if (name == "schema_version") return in.read(out.schema_version);
    if (name == "warnings") return in.read(out.warnings);
    if (name == "dry_run") return in.read(out.dry_run);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Restore& in) {
  out.member("path", in.path);
  out.member("database_path", in.database_path);
  out.member("method", in.method);
  out.member("backup", in.backup);
  out.member("kept", in.kept);
  out.member("pages", in.pages);
  out.member("schema_version", in.schema_version);
  out.member("warnings", in.warnings);
  out.member("dry_run", in.dry_run);
  out.member("duration_ms", in.duration_ms);
}

/// Report of `rollback`.
struct Rollback {
  /// Version before.
  std::int64_t from = 0;
  /// Version after.
  std::int64_t to = 0;
  /// What was taken back, in order.
  std::vector<Applied> reverted;
  /// The backup made before, if one was.
  std::optional<Backup> backup;
  /// Whether all of it was undone again, as asked.
  bool dry_run = false;
  /// What a dry run would change; null in a real one.
  std::optional<Changes> changes;
  /// Time it took, waiting for the lock included.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Rollback& out) {
  in.object([&](std::string_view name) {
    if (name == "from") return in.read(out.from);
    if (name == "to") return in.read(out.to);
    if (name == "reverted") return in.read(out.reverted);
    if (name == "backup") return in.read(out.backup);
    if (name == "dry_run") return in.read(out.dry_run);
    if (name == "changes") return in.read(out.changes);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Rollback& in) {
  out.member("from", in.from);
  out.member("to", in.to);
  out.member("reverted", in.reverted);
  out.member("backup", in.backup);
  out.member("dry_run", in.dry_run);
  out.member("changes", in.changes);
  out.member("duration_ms", in.duration_ms);
}

/// One object of the schema.
struct SchemaObject {
  /// `table`, `index`, `view` or `trigger`.
  std::string kind;
  /// Its name.
  std::string name;
  /// The table it belongs to.
  std::string table;
  /// The statement that makes it.
  std::string sql;
};
inline void read_members(Reader& in, SchemaObject& out) {
  in.object([&](std::string_view name) {
    if (name == "kind") return in.read(out.kind);
    if (name == "name") return in.read(out.name);
    if (name == "table") return in.read(out.table);
    if (name == "sql") return in.read(out.sql);
    in.skip();
  });
}
inline void write_members(Writer& out, const SchemaObject& in) {
  out.member("kind", in.kind);
  out.member("name", in.name);
  out.member("table", in.table);
  out.member("sql", in.sql);
}

/// Report of `schema`.
struct Schema {
  /// Highest applied migration.
  std::int64_t version = 0;
  /// A sum over all objects: equal for schemas that mean the same.
  std::string hash;
  /// Every object, by kind and name.
  std::vector<SchemaObject> objects;
  /// What somebody changed by hand since the last run.
  std::vector<SchemaChange> drift;
  /// What is different in the other database, seen from this one; null when none was named.
  std::optional<std::vector<SchemaChange>> differences;
};
inline void read_members(Reader& in, Schema& out) {
  in.object([&](std::string_view name) {
    if (name == "version") return in.read(out.version);
    if (name == "hash") return in.read(out.hash);
    if (name == "objects") return in.read(out.objects);
    if (name == "drift") return in.read(out.drift);
    if (name == "differences") return in.read(out.differences);
    in.skip();
  });
}
inline void write_members(Writer& out, const Schema& in) {
  out.member("version", in.version);
  out.member("hash", in.hash);
  out.member("objects", in.objects);
  out.member("drift", in.drift);
  out.member("differences", in.differences);
}

/// Report of `script`.
struct Script {
  /// What the chunk returned.
  Value result;
  /// What it logged, control characters escaped; a line not of level info starts with its level in brackets.
  std::vector<std::string> log;
  /// Whether what it changed was rolled back.
  bool dry_run = false;
  /// How many rows a dry run changed: also what triggers and foreign keys changed with them, and what the script took
  /// back itself; else null.
  std::optional<std::uint64_t> rows_changed;
  /// What a dry run would have changed in schema, numbers of rows and size; else null.
  std::optional<Changes> changes;
  /// Time it took.
  double duration_ms = 0;
  /// The most memory Lua held.
  std::uint64_t peak_memory_bytes = 0;
};
inline void read_members(Reader& in, Script& out) {
  in.object([&](std::string_view name) {
    if (name == "result") return in.read(out.result);
    if (name == "log") return in.read(out.log);
    if (name == "dry_run") return in.read(out.dry_run);
    if (name == "rows_changed") return in.read(out.rows_changed);
    if (name == "changes") return in.read(out.changes);
    if (name == "duration_ms") return in.read(out.duration_ms);
    if (name == "peak_memory_bytes") return in.read(out.peak_memory_bytes);
    in.skip();
  });
}
inline void write_members(Writer& out, const Script& in) {
  out.member("result", in.result);
  out.member("log", in.log);
  out.member("dry_run", in.dry_run);
  out.member("rows_changed", in.rows_changed);
  out.member("changes", in.changes);
  out.member("duration_ms", in.duration_ms);
  out.member("peak_memory_bytes", in.peak_memory_bytes);
}

/// An argument of a script.
struct ScriptArg {
  /// Its name in `job.args`.
  std::string name;
  /// `integer`, `number`, `string` or `boolean`.
  std::string type;
  /// Whether it must be given.
  bool required = false;
  /// What it is when it is not given; null when it is then absent.
  Value default_;
  /// What it means.
  std::string doc;
};
inline void read_members(Reader& in, ScriptArg& out) {
  in.object([&](std::string_view name) {
    if (name == "name") return in.read(out.name);
    if (name == "type") return in.read(out.type);
    if (name == "required") return in.read(out.required);
    if (name == "default") return in.read(out.default_);
    if (name == "doc") return in.read(out.doc);
    in.skip();
  });
}
inline void write_members(Writer& out, const ScriptArg& in) {
  out.member("name", in.name);
  out.member("type", in.type);
  out.member("required", in.required);
  out.member("default", in.default_);
  out.member("doc", in.doc);
}

/// What the head of a script says.
struct ScriptEntry {
  /// What it is run by.
  std::string name;
  /// What it is for.
  std::optional<std::string> purpose;
  /// Its arguments.
  std::vector<ScriptArg> args;
  /// What it changes, or `nothing`.
  std::optional<std::string> changes;
  /// The lowest role that may run it; null when every role may that can run scripts.
  std::optional<std::string> role;
  /// How long it asks to run; the limit of the handle wins.
  std::optional<std::uint64_t> timeout_ms;
  /// How much memory it asks for; the limit of the handle wins.
  std::optional<std::uint64_t> memory_bytes;
};
inline void read_members(Reader& in, ScriptEntry& out) {
  in.object([&](std::string_view name) {
    if (name == "name") return in.read(out.name);
    if (name == "purpose") return in.read(out.purpose);
    if (name == "args") return in.read(out.args);
    if (name == "changes") return in.read(out.changes);
    if (name == "role") return in.read(out.role);
    if (name == "timeout_ms") return in.read(out.timeout_ms);
    if (name == "memory_bytes") return in.read(out.memory_bytes);
    in.skip();
  });
}
inline void write_members(Writer& out, const ScriptEntry& in) {
  out.member("name", in.name);
  out.member("purpose", in.purpose);
  out.member("args", in.args);
  out.member("changes", in.changes);
  out.member("role", in.role);
  out.member("timeout_ms", in.timeout_ms);
  out.member("memory_bytes", in.memory_bytes);
}

/// Report of `scripts`.
struct Scripts {
  /// The scripts that are built in, by name.
  std::vector<ScriptEntry> scripts;
};
inline void read_members(Reader& in, Scripts& out) {
  in.object([&](std::string_view name) {
    if (name == "scripts") return in.read(out.scripts);
    in.skip();
  });
}
inline void write_members(Writer& out, const Scripts& in) {
  out.member("scripts", in.scripts);
}

/// What changed between two calls of `stats`.
struct Growth {
  /// When the call before was.
  std::int64_t since = 0;
  /// How long ago that is.
  std::uint64_t elapsed_ms = 0;
  /// By how much the database grew; below zero, it shrank.
  std::int64_t size_bytes = 0;
  /// By how much the log grew; null when there was none and is none.
  std::optional<std::int64_t> wal_size_bytes;
  /// By how many rows tables grew: those that changed, and were counted both times or estimated both times.
  std::map<std::string, std::int64_t> tables;
};
inline void read_members(Reader& in, Growth& out) {
  in.object([&](std::string_view name) {
    if (name == "since") return in.read(out.since);
    if (name == "elapsed_ms") return in.read(out.elapsed_ms);
    if (name == "size_bytes") return in.read(out.size_bytes);
    if (name == "wal_size_bytes") return in.read(out.wal_size_bytes);
    if (name == "tables") return in.read(out.tables);
    in.skip();
  });
}
inline void write_members(Writer& out, const Growth& in) {
  out.member("since", in.since);
  out.member("elapsed_ms", in.elapsed_ms);
  out.member("size_bytes", in.size_bytes);
  out.member("wal_size_bytes", in.wal_size_bytes);
  out.member("tables", in.tables);
}

/// Size of a table or an index.
struct ObjectSize {
  /// Its name.
  std::string name;
  /// The table it belongs to; a table's own name.
  std::string table;
  /// What it is.
  std::string kind;
  /// Size of its pages.
  std::uint64_t size_bytes = 0;
  /// How much of that holds nothing.
  std::uint64_t unused_bytes = 0;
  /// Its pages.
  std::uint64_t pages = 0;
  /// Those of them that continue rows which do not fit on one page.
  std::uint64_t overflow_pages = 0;
};
inline void read_members(Reader& in, ObjectSize& out) {
  in.object([&](std::string_view name) {
    if (name == "name") return in.read(out.name);
    if (name == "table") return in.read(out.table);
    if (name == "kind") return in.read(out.kind);
    if (name == "size_bytes") return in.read(out.size_bytes);
    if (name == "unused_bytes") return in.read(out.unused_bytes);
    if (name == "pages") return in.read(out.pages);
    if (name == "overflow_pages") return in.read(out.overflow_pages);
    in.skip();
  });
}
inline void write_members(Writer& out, const ObjectSize& in) {
  out.member("name", in.name);
  out.member("table", in.table);
  out.member("kind", in.kind);
  out.member("size_bytes", in.size_bytes);
  out.member("unused_bytes", in.unused_bytes);
  out.member("pages", in.pages);
  out.member("overflow_pages", in.overflow_pages);
}

/// Report of `stats`.
struct Stats {
  /// Size of the database: its pages, without the log.
  std::uint64_t size_bytes = 0;
  /// Rows of every table; null where they could not be counted or estimated: a virtual table without its module, a
  /// damaged page.
  std::map<std::string, std::optional<std::uint64_t>> tables;
  /// The database file.
  std::string database_path;
  /// Whether the row counts are estimates; `sources` tells it of each.
  bool estimated = false;
  /// Where the number of rows of each table comes from; a table without a number is not here.
  std::map<std::string, std::string> sources;
  /// Size of a page.
  std::uint64_t page_size = 0;
  /// Pages in the database.
  std::uint64_t page_count = 0;
  /// Pages that are free for reuse.
  std::uint64_t freelist_count = 0;
  /// Their size.
  std::uint64_t freelist_bytes = 0;
  /// What becomes of free pages: `none` (they stay in the file), `full` or `incremental`.
  std::string auto_vacuum;
  /// How text is stored: `UTF-8`, `UTF-16le` or `UTF-16be`.
  std::string encoding;
  /// Size of the write-ahead log; null when there is none.
  std::optional<std::uint64_t> wal_size_bytes;
  /// Frames in the log, also those that are in the database already; null when not in WAL mode, and inside a
  /// transaction.
  std::optional<std::uint64_t> wal_frames;
  /// How many tables.
  std::uint64_t table_count = 0;
  /// How many indexes.
  std::uint64_t index_count = 0;
  /// Highest applied migration.
  std::int64_t schema_version = 0;
  /// Size of every table and index, SQLite's own included, largest first; null when never measured.
  std::optional<std::vector<ObjectSize>> objects;
  /// When `objects` was measured. It is measured anew only when the database changed since and sizes are asked for.
  std::optional<std::int64_t> objects_measured_at;
  /// Tables and indexes in which a damaged page was met; `diagnostics` is what looks for damage.
  std::vector<std::string> damaged;
  /// What changed since the last call on this open database, by any handle; null at the first, and inside a
  /// transaction.
  std::optional<Growth> growth;
};
inline void read_members(Reader& in, Stats& out) {
  in.object([&](std::string_view name) {
    if (name == "size_bytes") return in.read(out.size_bytes);
    if (name == "tables") return in.read(out.tables);
    if (name == "database_path") return in.read(out.database_path);
    if (name == "estimated") return in.read(out.estimated);
    if (name == "sources") return in.read(out.sources);
    if (name == "page_size") return in.read(out.page_size);
    if (name == "page_count") return in.read(out.page_count);
    if (name == "freelist_count") return in.read(out.freelist_count);
    if (name == "freelist_bytes") return in.read(out.freelist_bytes);
    if (name == "auto_vacuum") return in.read(out.auto_vacuum);
    if (name == "encoding") return in.read(out.encoding);
    if (name == "wal_size_bytes") return in.read(out.wal_size_bytes);
    if (name == "wal_frames") return in.read(out.wal_frames);
    if (name == "table_count") return in.read(out.table_count);
    if (name == "index_count") return in.read(out.index_count);
    if (name == "schema_version") return in.read(out.schema_version);
    if (name == "objects") return in.read(out.objects);
    if (name == "objects_measured_at") return in.read(out.objects_measured_at);
    if (name == "damaged") return in.read(out.damaged);
    if (name == "growth") return in.read(out.growth);
    in.skip();
  });
}
inline void write_members(Writer& out, const Stats& in) {
  out.member("size_bytes", in.size_bytes);
  out.member("tables", in.tables);
  out.member("database_path", in.database_path);
  out.member("estimated", in.estimated);
  out.member("sources", in.sources);
  out.member("page_size", in.page_size);
  out.member("page_count", in.page_count);
  out.member("freelist_count", in.freelist_count);
  out.member("freelist_bytes", in.freelist_bytes);
  out.member("auto_vacuum", in.auto_vacuum);
  out.member("encoding", in.encoding);
  out.member("wal_size_bytes", in.wal_size_bytes);
  out.member("wal_frames", in.wal_frames);
  out.member("table_count", in.table_count);
  out.member("index_count", in.index_count);
  out.member("schema_version", in.schema_version);
  out.member("objects", in.objects);
  out.member("objects_measured_at", in.objects_measured_at);
  out.member("damaged", in.damaged);
  out.member("growth", in.growth);
}

/// A line of a file that is not what it was.
struct LineChange {
  /// Its number, counting from 1: in the file as it is now, or where it would stand.
  std::uint32_t line = 0;
  /// The text that was applied; null for a line that is new.
  std::optional<std::string> before;
  /// The text now; null for a line that is gone.
  std::optional<std::string> after;
};
inline void read_members(Reader& in, LineChange& out) {
  in.object([&](std::string_view name) {
    if (name == "line") return in.read(out.line);
    if (name == "before") return in.read(out.before);
    if (name == "after") return in.read(out.after);
    in.skip();
  });
}
inline void write_members(Writer& out, const LineChange& in) {
  out.member("line", in.line);
  out.member("before", in.before);
  out.member("after", in.after);
}

/// The members of an error document.
struct Body {
  /// The status number.
  std::int32_t status = 0;
  /// The status name.
  std::string name;
  /// One line for a person.
  std::string message;
  /// What to do about it.
  std::optional<std::string> hint;
  /// SQLite's extended result code.
  std::optional<std::int32_t> sqlite_code;
  /// The file's name as the user knows it.
  std::optional<std::string> file;
  /// Line of the error.
  std::optional<std::uint32_t> line;
  /// Column of the error.
  std::optional<std::uint32_t> column;
  /// Which statement of the file, counting from 1.
  std::optional<std::uint32_t> statement;
  /// The text of that line.
  std::optional<std::string> source_line;
  /// The migration's version.
  std::optional<std::int64_t> version;
  /// The calls that led to a line of a script, the innermost first.
  std::optional<std::string> traceback;
  /// The lines of a changed migration that are not what was applied.
  std::vector<LineChange> changes;
};
inline void read_members(Reader& in, Body& out) {
  in.object([&](std::string_view name) {
    if (name == "status") return in.read(out.status);
    if (name == "name") return in.read(out.name);
    if (name == "message") return in.read(out.message);
    if (name == "hint") return in.read(out.hint);
    if (name == "sqlite_code") return in.read(out.sqlite_code);
    if (name == "file") return in.read(out.file);
    if (name == "line") return in.read(out.line);
    if (name == "column") return in.read(out.column);
    if (name == "statement") return in.read(out.statement);
    if (name == "source_line") return in.read(out.source_line);
    if (name == "version") return in.read(out.version);
    if (name == "traceback") return in.read(out.traceback);
    if (name == "changes") return in.read(out.changes);
    in.skip();
  });
}
inline void write_members(Writer& out, const Body& in) {
  out.member("status", in.status);
  out.member("name", in.name);
  out.member("message", in.message);
  out.given("hint", in.hint);
  out.given("sqlite_code", in.sqlite_code);
  out.given("file", in.file);
  out.given("line", in.line);
  out.given("column", in.column);
  out.given("statement", in.statement);
  out.given("source_line", in.source_line);
  out.given("version", in.version);
  out.given("traceback", in.traceback);
  if (!in.changes.empty()) out.member("changes", in.changes);
}

/// Something that `test` found wrong.
struct TestProblem {
  /// The version that was started from, or that a crash was tried in.
  std::int64_t from = 0;
  /// What it is.
  std::string what;
  /// The error, where there was one.
  std::optional<Body> error;
};
inline void read_members(Reader& in, TestProblem& out) {
  in.object([&](std::string_view name) {
    if (name == "from") return in.read(out.from);
    if (name == "what") return in.read(out.what);
    if (name == "error") return in.read(out.error);
    in.skip();
  });
}
inline void write_members(Writer& out, const TestProblem& in) {
  out.member("from", in.from);
  out.member("what", in.what);
  out.member("error", in.error);
}

/// Report of `test`.
struct Test {
  /// Whether nothing was found wrong.
  bool passed = false;
  /// What the rows were made from.
  std::uint64_t seed = 0;
  /// Versions that were started from.
  std::vector<std::int64_t> started_from;
  /// How many crashes were tried.
  std::uint64_t crashes = 0;
  /// What was found wrong.
  std::vector<TestProblem> problems;
  /// Most rows that each table had.
  std::map<std::string, std::uint64_t> rows;
  /// Tables that no row could be made for, and why.
  std::map<std::string, std::string> skipped_tables;
  /// Migrations without a way back; going back was tried above them only.
  std::vector<std::int64_t> irreversible;
  /// Time it took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Test& out) {
  in.object([&](std::string_view name) {
    if (name == "passed") return in.read(out.passed);
    if (name == "seed") return in.read(out.seed);
    if (name == "started_from") return in.read(out.started_from);
    if (name == "crashes") return in.read(out.crashes);
    if (name == "problems") return in.read(out.problems);
    if (name == "rows") return in.read(out.rows);
    if (name == "skipped_tables") return in.read(out.skipped_tables);
    if (name == "irreversible") return in.read(out.irreversible);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Test& in) {
  out.member("passed", in.passed);
  out.member("seed", in.seed);
  out.member("started_from", in.started_from);
  out.member("crashes", in.crashes);
  out.member("problems", in.problems);
  out.member("rows", in.rows);
  out.member("skipped_tables", in.skipped_tables);
  out.member("irreversible", in.irreversible);
  out.member("duration_ms", in.duration_ms);
}

/// Report of `verify`: the backup is what its manifest says. One that is not is an error.
struct Verify {
  /// The file.
  std::string path;
  /// What was looked at: `pages`, `quick` or `full`.
  std::string depth;
  /// The backups it is made of, the full one first.
  std::vector<std::string> chain;
  /// How the looks came out.
  Checks checks;
  /// `ok`, `none`, or `not_checked` when it is signed and the handle has no key.
  std::string signature;
  /// Bytes read.
  std::uint64_t bytes = 0;
  /// What is known of it.
  Manifest manifest;
  /// Time it took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Verify& out) {
  in.object([&](std::string_view name) {
    if (name == "path") return in.read(out.path);
    if (name == "depth") return in.read(out.depth);
    if (name == "chain") return in.read(out.chain);
    if (name == "checks") return in.read(out.checks);
    if (name == "signature") return in.read(out.signature);
    if (name == "bytes") return in.read(out.bytes);
    if (name == "manifest") return in.read(out.manifest);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Verify& in) {
  out.member("path", in.path);
  out.member("depth", in.depth);
  out.member("chain", in.chain);
  out.member("checks", in.checks);
  out.member("signature", in.signature);
  out.member("bytes", in.bytes);
  out.member("manifest", in.manifest);
  out.member("duration_ms", in.duration_ms);
}

/// A task of the monitor.
struct MonitorTask {
  /// Its name.
  std::string name;
  /// Between two runs; null for one that runs when the log asks for it.
  std::optional<std::uint64_t> every_ms;
};
inline void read_members(Reader& in, MonitorTask& out) {
  in.object([&](std::string_view name) {
    if (name == "name") return in.read(out.name);
    if (name == "every_ms") return in.read(out.every_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const MonitorTask& in) {
  out.member("name", in.name);
  out.member("every_ms", in.every_ms);
}

/// Report of `monitor_start`.
struct MonitorStart {
  /// Between two looks.
  std::uint64_t tick_ms = 0;
  /// What it will do besides looking.
  std::vector<MonitorTask> tasks;
};
inline void read_members(Reader& in, MonitorStart& out) {
  in.object([&](std::string_view name) {
    if (name == "tick_ms") return in.read(out.tick_ms);
    if (name == "tasks") return in.read(out.tasks);
    in.skip();
  });
}
inline void write_members(Writer& out, const MonitorStart& in) {
  out.member("tick_ms", in.tick_ms);
  out.member("tasks", in.tasks);
}

/// Report of `monitor_stop`.
struct MonitorStop {
  /// How often it looked.
  std::uint64_t ticks = 0;
  /// How long stopping took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, MonitorStop& out) {
  in.object([&](std::string_view name) {
    if (name == "ticks") return in.read(out.ticks);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const MonitorStop& in) {
  out.member("ticks", in.ticks);
  out.member("duration_ms", in.duration_ms);
}

/// Report of `transaction`.
struct Transaction {
  /// Whether it was committed.
  bool committed = false;
  /// What the callback returned.
  std::int32_t returned = 0;
  /// Time it took.
  double duration_ms = 0;
};
inline void read_members(Reader& in, Transaction& out) {
  in.object([&](std::string_view name) {
    if (name == "committed") return in.read(out.committed);
    if (name == "returned") return in.read(out.returned);
    if (name == "duration_ms") return in.read(out.duration_ms);
    in.skip();
  });
}
inline void write_members(Writer& out, const Transaction& in) {
  out.member("committed", in.committed);
  out.member("returned", in.returned);
  out.member("duration_ms", in.duration_ms);
}

/// The SQLite that the library works through.
struct SqliteInfo {
  /// Its version; null while there is none.
  std::optional<std::string> version;
  /// Its source id; null while there is none.
  std::optional<std::string> source_id;
  /// `bundled`, `system` or `host`.
  std::string linkage;
};
inline void read_members(Reader& in, SqliteInfo& out) {
  in.object([&](std::string_view name) {
    if (name == "version") return in.read(out.version);
    if (name == "source_id") return in.read(out.source_id);
    if (name == "linkage") return in.read(out.linkage);
    in.skip();
  });
}
inline void write_members(Writer& out, const SqliteInfo& in) {
  out.member("version", in.version);
  out.member("source_id", in.source_id);
  out.member("linkage", in.linkage);
}

/// Report of `build_info`.
struct BuildInfo {
  /// Version of this library.
  std::string version;
  /// Version of its C ABI.
  std::uint32_t abi_version = 0;
  /// The SQLite that it works through.
  SqliteInfo sqlite;
  /// The Lua inside.
  std::string lua;
  /// Optional parts that are in this build.
  std::vector<std::string> features;
  /// What it was compiled for.
  std::string target;
  /// How many migrations are embedded.
  std::uint64_t embedded_migrations = 0;
};
inline void read_members(Reader& in, BuildInfo& out) {
  in.object([&](std::string_view name) {
    if (name == "version") return in.read(out.version);
    if (name == "abi_version") return in.read(out.abi_version);
    if (name == "sqlite") return in.read(out.sqlite);
    if (name == "lua") return in.read(out.lua);
    if (name == "features") return in.read(out.features);
    if (name == "target") return in.read(out.target);
    if (name == "embedded_migrations") return in.read(out.embedded_migrations);
    in.skip();
  });
}
inline void write_members(Writer& out, const BuildInfo& in) {
  out.member("version", in.version);
  out.member("abi_version", in.abi_version);
  out.member("sqlite", in.sqlite);
  out.member("lua", in.lua);
  out.member("features", in.features);
  out.member("target", in.target);
  out.member("embedded_migrations", in.embedded_migrations);
}

/// How far a call has come.
struct Progress {
  /// What is being done now, such as `copying pages`; empty before the first report.
  std::string stage;
  /// Units done of `total`.
  std::uint64_t done = 0;
  /// Units in all; 0 while unknown.
  std::uint64_t total = 0;
  /// Whether a stop was asked for.
  bool cancelled = false;
};
inline void read_members(Reader& in, Progress& out) {
  in.object([&](std::string_view name) {
    if (name == "stage") return in.read(out.stage);
    if (name == "done") return in.read(out.done);
    if (name == "total") return in.read(out.total);
    if (name == "cancelled") return in.read(out.cancelled);
    in.skip();
  });
}
inline void write_members(Writer& out, const Progress& in) {
  out.member("stage", in.stage);
  out.member("done", in.done);
  out.member("total", in.total);
  out.member("cancelled", in.cancelled);
}

/// `{"error": {...}}`: what a failed call hands out.
struct Document {
  /// The one member.
  Body error;
};
inline void read_members(Reader& in, Document& out) {
  in.object([&](std::string_view name) {
    if (name == "error") return in.read(out.error);
    in.skip();
  });
}
inline void write_members(Writer& out, const Document& in) {
  out.member("error", in.error);
}

}  // namespace reports

RPMADB_END

#endif
