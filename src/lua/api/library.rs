//! The part of the table that is Lua's own: what scripts have of the standard library.

use super::{Group, Origin, function, value};

const S: super::Parameter = ("text", "string");
const X: super::Parameter = ("x", "number");
const LIST: super::Parameter = ("list", "table");

pub(super) const GLOBALS: Group = Group {
    name: "",
    class: None,
    origin: Origin::Lua,
    doc: "The basic functions. `load` takes text only, `collectgarbage` counts only, and a metatable may have no `__gc`.",
    example: "local ok, failure = pcall(function() error({ code = \"mine\" }) end)\nprint(ok, failure.code)",
    entries: &[
        value("_G", "table", "The globals of this run."),
        value("_VERSION", "string", "\"Lua 5.4\"."),
        function(
            "assert",
            &[("value", "any"), ("message?", "any"), ("...", "any")],
            &["...any"],
            "Raises unless the value is true.",
        ),
        function("collectgarbage", &[("what", "\"count\"")], &["number"], "The memory that Lua uses, in KiB."),
        function("error", &[("message?", "any"), ("level?", "integer")], &[], "Raises an error."),
        function("getmetatable", &[("object", "any")], &["any"], "The metatable of a value."),
        function("ipairs", &[LIST], &["function", "table", "integer"], "Iterates over a list in order."),
        function(
            "load",
            &[("chunk", "string|function"), ("name?", "string"), ("mode?", "\"t\""), ("env?", "table")],
            &["function?", "string?"],
            "Compiles a text.",
        ),
        function("next", &[("table", "table"), ("key?", "any")], &["any", "any"], "The next key and value of a table."),
        function("pairs", &[("table", "table")], &["function", "table", "any"], "Iterates over a table in no order."),
        function(
            "pcall",
            &[("body", "function"), ("...", "any")],
            &["boolean", "...any"],
            "Calls and catches errors; limits are raised again.",
        ),
        function("print", &[("...", "any")], &[], "Logs a line of level info."),
        function("rawequal", &[("a", "any"), ("b", "any")], &["boolean"], "Compares without metamethods."),
        function("rawget", &[("table", "table"), ("key", "any")], &["any"], "Reads without metamethods."),
        function("rawlen", &[("value", "table|string")], &["integer"], "The length without metamethods."),
        function(
            "rawset",
            &[("table", "table"), ("key", "any"), ("value", "any")],
            &["table"],
            "Writes without metamethods.",
        ),
        function(
            "select",
            &[("index", "integer|\"#\""), ("...", "any")],
            &["...any"],
            "The arguments from an index on, or their number.",
        ),
        function(
            "setmetatable",
            &[("table", "table"), ("meta", "table?")],
            &["table"],
            "Sets the metatable of a table.",
        ),
        function("tonumber", &[("value", "any"), ("base?", "integer")], &["number?"], "The number of a text."),
        function("tostring", &[("value", "any")], &["string"], "The text of a value."),
        function("type", &[("value", "any")], &["string"], "The name of the type of a value."),
        function(
            "xpcall",
            &[("body", "function"), ("handler", "function"), ("...", "any")],
            &["boolean", "...any"],
            "Calls and gives errors to a handler.",
        ),
    ],
};

pub(super) const STRING: Group = Group {
    name: "string",
    class: None,
    origin: Origin::Lua,
    doc: "Texts, which are bytes. All of Lua's functions but `dump`; also as methods of any text.",
    example: "local first = (\"ada@example.org\"):match(\"^[^@]+\")",
    entries: &[
        function("byte", &[S, ("first?", "integer"), ("last?", "integer")], &["...integer"], "The numbers of bytes."),
        function("char", &[("...", "integer")], &["string"], "The text of bytes."),
        function(
            "find",
            &[S, ("pattern", "string"), ("start?", "integer"), ("plain?", "boolean")],
            &["integer?", "integer?", "...any"],
            "Where a pattern is.",
        ),
        function("format", &[("format", "string"), ("...", "any")], &["string"], "Puts values into a format."),
        function(
            "gmatch",
            &[S, ("pattern", "string"), ("start?", "integer")],
            &["fun(): ...any"],
            "Iterates over matches.",
        ),
        function(
            "gsub",
            &[S, ("pattern", "string"), ("by", "string|table|function"), ("most?", "integer")],
            &["string", "integer"],
            "Replaces matches.",
        ),
        function("len", &[S], &["integer"], "The number of bytes."),
        function("lower", &[S], &["string"], "ASCII letters made small."),
        function(
            "match",
            &[S, ("pattern", "string"), ("start?", "integer")],
            &["...any"],
            "The first match, or its captures.",
        ),
        function("pack", &[("format", "string"), ("...", "any")], &["string"], "Values as bytes."),
        function("packsize", &[("format", "string")], &["integer"], "How many bytes a format takes."),
        function("rep", &[S, ("count", "integer"), ("separator?", "string")], &["string"], "Repeats a text."),
        function("reverse", &[S], &["string"], "The bytes in reverse."),
        function("sub", &[S, ("first", "integer"), ("last?", "integer")], &["string"], "A part."),
        function("unpack", &[("format", "string"), S, ("start?", "integer")], &["...any"], "Bytes as values."),
        function("upper", &[S], &["string"], "ASCII letters made big."),
    ],
};

pub(super) const TABLE: Group = Group {
    name: "table",
    class: None,
    origin: Origin::Lua,
    doc: "Lists. They take no tables with metamethods.",
    example: "table.sort(names)\nlog.info(table.concat(names, \", \"))",
    entries: &[
        function(
            "concat",
            &[LIST, ("separator?", "string"), ("first?", "integer"), ("last?", "integer")],
            &["string"],
            "Joins texts.",
        ),
        function("insert", &[LIST, ("position", "any"), ("value?", "any")], &[], "Adds at the end or at a position."),
        function(
            "move",
            &[("from", "table"), ("first", "integer"), ("last", "integer"), ("to", "integer"), ("target?", "table")],
            &["table"],
            "Copies a part.",
        ),
        function("pack", &[("...", "any")], &["table"], "Values as a table with their number in n."),
        function("remove", &[LIST, ("position?", "integer")], &["any"], "Takes out the last or the one at a position."),
        function("sort", &[LIST, ("before?", "fun(a: any, b: any): boolean")], &[], "Sorts in place."),
        function("unpack", &[LIST, ("first?", "integer"), ("last?", "integer")], &["...any"], "A list as values."),
    ],
};

pub(super) const MATH: Group = Group {
    name: "math",
    class: None,
    origin: Origin::Lua,
    doc: "Numbers.",
    example: "local pages = math.ceil(rows / 100)",
    entries: &[
        function("abs", &[X], &["number"], "Without the sign."),
        function("acos", &[X], &["number"], "Arc cosine."),
        function("asin", &[X], &["number"], "Arc sine."),
        function("atan", &[("y", "number"), ("x?", "number")], &["number"], "Arc tangent."),
        function("ceil", &[X], &["integer"], "Rounded up."),
        function("cos", &[X], &["number"], "Cosine."),
        function("deg", &[X], &["number"], "Radians as degrees."),
        function("exp", &[X], &["number"], "e to the power."),
        function("floor", &[X], &["integer"], "Rounded down."),
        function("fmod", &[X, ("y", "number")], &["number"], "The rest of a division towards zero."),
        value("huge", "number", "Infinity."),
        function("log", &[X, ("base?", "number")], &["number"], "Logarithm."),
        function("max", &[X, ("...", "number")], &["number"], "The greatest."),
        value("maxinteger", "integer", "The greatest integer."),
        function("min", &[X, ("...", "number")], &["number"], "The least."),
        value("mininteger", "integer", "The least integer."),
        function("modf", &[X], &["number", "number"], "The whole part and the rest."),
        value("pi", "number", "Pi."),
        function("rad", &[X], &["number"], "Degrees as radians."),
        function(
            "random",
            &[("m?", "integer"), ("n?", "integer")],
            &["number"],
            "A pseudo-random number; not for secrets.",
        ),
        function(
            "randomseed",
            &[("x?", "integer"), ("y?", "integer")],
            &["integer", "integer"],
            "Begins a new sequence.",
        ),
        function("sin", &[X], &["number"], "Sine."),
        function("sqrt", &[X], &["number"], "Square root."),
        function("tan", &[X], &["number"], "Tangent."),
        function("tointeger", &[("x", "any")], &["integer?"], "The integer of a number, if it is one."),
        function("type", &[("x", "any")], &["string?"], "\"integer\", \"float\" or nil."),
        function("ult", &[("m", "integer"), ("n", "integer")], &["boolean"], "Less than, without signs."),
        function("atan2", &[("y", "number"), X], &["number"], "Of Lua 5.2; use atan."),
        function("cosh", &[X], &["number"], "Of Lua 5.2."),
        function("frexp", &[X], &["number", "integer"], "Of Lua 5.2."),
        function("ldexp", &[X, ("exponent", "integer")], &["number"], "Of Lua 5.2."),
        function("log10", &[X], &["number"], "Of Lua 5.2; use log."),
        function("pow", &[X, ("y", "number")], &["number"], "Of Lua 5.2; use ^."),
        function("sinh", &[X], &["number"], "Of Lua 5.2."),
        function("tanh", &[X], &["number"], "Of Lua 5.2."),
    ],
};

pub(super) const UTF8: Group = Group {
    name: "utf8",
    class: None,
    origin: Origin::Lua,
    doc: "Texts as characters.",
    example: "if utf8.len(name) > 80 then error(\"the name is too long\") end",
    entries: &[
        function("char", &[("...", "integer")], &["string"], "The text of characters."),
        value("charpattern", "string", "The pattern of one character."),
        function(
            "codepoint",
            &[S, ("first?", "integer"), ("last?", "integer"), ("lax?", "boolean")],
            &["...integer"],
            "The numbers of characters.",
        ),
        function("codes", &[S, ("lax?", "boolean")], &["fun(): integer?, integer?"], "Iterates over characters."),
        function(
            "len",
            &[S, ("first?", "integer"), ("last?", "integer"), ("lax?", "boolean")],
            &["integer?", "integer?"],
            "The number of characters, or nil and where it is no UTF-8.",
        ),
        function(
            "offset",
            &[S, ("n", "integer"), ("start?", "integer")],
            &["integer?"],
            "Where the nth character begins.",
        ),
    ],
};

pub(super) const OS: Group = Group {
    name: "os",
    class: None,
    origin: Origin::Lua,
    doc: "The clock, and nothing else of the machine. Migrations have none, so that they do the same everywhere.",
    example: "local cutoff = (os.time() - job.args.keep_days * 86400) * 1000",
    entries: &[
        function("clock", &[], &["number"], "Processor time in seconds.").scripts_only(),
        function("date", &[("format?", "string"), ("time?", "integer")], &["string|table"], "A time as text or table.")
            .scripts_only(),
        function(
            "difftime",
            &[("later", "integer"), ("earlier", "integer")],
            &["number"],
            "Seconds between two times.",
        )
        .scripts_only(),
        function("time", &[("date?", "table")], &["integer"], "Seconds since 1970.").scripts_only(),
    ],
};

pub(super) const COROUTINE: Group = Group {
    name: "coroutine",
    class: None,
    origin: Origin::Lua,
    doc: "Functions that pause. The limits of the run hold in them too.",
    example: "local numbers = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)\nprint(numbers(), numbers())",
    entries: &[
        function("close", &[("co", "thread")], &["boolean", "any"], "Ends a paused one."),
        function("create", &[("body", "function")], &["thread"], "Makes one."),
        function("isyieldable", &[("co?", "thread")], &["boolean"], "Whether it can pause."),
        function("resume", &[("co", "thread"), ("...", "any")], &["boolean", "...any"], "Goes on."),
        function("running", &[], &["thread", "boolean"], "The one that runs."),
        function("status", &[("co", "thread")], &["string"], "Its state."),
        function("wrap", &[("body", "function")], &["function"], "Makes one that is called like a function."),
        function("yield", &[("...", "any")], &["...any"], "Pauses."),
    ],
};
