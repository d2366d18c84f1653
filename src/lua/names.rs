//! Which globals a Lua text uses, and what it takes of them.
//!
//! The text is one that Lua's compiler accepted. It is read once more with an eye on scopes alone; precedence does not matter for
//! that, so expressions are read as flat chains.
//! Leaves to others: what is a token (`tokens.rs`), and which globals there are (`check.rs`).
//!
//! Invariants: a local name is never reported as a global; reading ends, also for a text that is no Lua but is nested no deeper than Lua allows.

use super::tokens::{Kind, Token, tokens};

/// A use of a global.
#[derive(Debug)]
pub(super) struct Use<'s> {
    pub(super) name: Token<'s>,
    pub(super) is_assigned: bool,
    pub(super) field: Option<Field<'s>>,
}

/// What is taken of a global.
#[derive(Debug)]
pub(super) struct Field<'s> {
    pub(super) name: Token<'s>,
    /// `.` or `:`.
    pub(super) mark: &'s str,
    /// Whether it is called at once, with something other than the global itself in front.
    pub(super) is_called: bool,
    pub(super) is_assigned: bool,
}

/// The uses of globals in `source`, in its order.
pub(super) fn global_uses(source: &str) -> Vec<Use<'_>> {
    let mut reader = Reader { tokens: tokens(source), at: 0, locals: vec![Vec::new()], uses: Vec::new() };
    while reader.at < reader.tokens.len() {
        reader.block();
        // why: only a text that is no Lua has an end too many
        reader.at += 1;
    }
    reader.uses
}

/// Reads statements and keeps the names that are local.
struct Reader<'s> {
    tokens: Vec<Token<'s>>,
    at: usize,
    locals: Vec<Vec<&'s str>>,
    uses: Vec<Use<'s>>,
}

impl<'s> Reader<'s> {
    fn peek(&self, ahead: usize) -> &'s str {
        // why apart: the text of a string may look like a symbol's
        match self.tokens.get(self.at + ahead) {
            Some(token) if token.kind == Kind::String => "\"",
            Some(token) => token.text,
            None => "",
        }
    }

    fn take(&mut self, text: &str) -> bool {
        let is_it = self.peek(0) == text;
        self.at += usize::from(is_it);
        is_it
    }

    fn name(&mut self) -> Option<Token<'s>> {
        let token = self.tokens.get(self.at).copied().filter(|token| token.kind == Kind::Name)?;
        self.at += 1;
        Some(token)
    }

    fn declare(&mut self, name: &'s str) {
        if let Some(scope) = self.locals.last_mut() {
            scope.push(name);
        }
    }

    fn scoped(&mut self, body: impl FnOnce(&mut Self)) {
        self.locals.push(Vec::new());
        body(self);
        self.locals.pop();
    }

    fn block(&mut self) {
        while !matches!(self.peek(0), "" | "end" | "else" | "elseif" | "until") {
            let before = self.at;
            self.statement();
            // why: a text that is no Lua must not hold it up
            self.at += usize::from(self.at == before);
        }
    }

    fn statement(&mut self) {
        match self.peek(0) {
            "do" => {
                self.at += 1;
                self.scoped(Self::block);
                self.take("end");
            }
            "while" => {
                self.at += 1;
                self.expression();
                self.take("do");
                self.scoped(Self::block);
                self.take("end");
            }
            "repeat" => {
                self.at += 1;
                self.scoped(|reader| {
                    reader.block();
                    reader.take("until");
                    reader.expression();
                });
            }
            "if" => self.branches(),
            "for" => self.loop_over(),
            "function" => self.named_function(),
            "local" => self.local(),
            "return" => {
                self.at += 1;
                if !matches!(self.peek(0), "" | "end" | "else" | "elseif" | "until" | ";") {
                    self.expressions();
                }
            }
            "goto" => self.at += 2,
            "::" => self.at += 3,
            "break" | ";" => self.at += 1,
            _ => self.assignment_or_call(),
        }
    }

    fn branches(&mut self) {
        while self.take("if") || self.take("elseif") {
            self.expression();
            self.take("then");
            self.scoped(Self::block);
        }
        if self.take("else") {
            self.scoped(Self::block);
        }
        self.take("end");
    }

    fn loop_over(&mut self) {
        self.at += 1;
        let mut names = Vec::new();
        while let Some(name) = self.name() {
            names.push(name.text);
            if !self.take(",") {
                break;
            }
        }
        self.at += 1;
        self.expressions();
        self.take("do");
        self.scoped(|reader| {
            names.into_iter().for_each(|name| reader.declare(name));
            reader.block();
        });
        self.take("end");
    }

    fn named_function(&mut self) {
        self.at += 1;
        let Some(name) = self.name() else { return };
        let mut field = None;
        let mut has_self = false;
        while matches!(self.peek(0), "." | ":") {
            has_self = self.peek(0) == ":";
            let mark = self.peek(0);
            self.at += 1;
            let Some(part) = self.name() else { return };
            let is_last = !matches!(self.peek(0), "." | ":");
            field.get_or_insert(Field { name: part, mark, is_called: false, is_assigned: is_last });
        }
        let is_assigned = field.is_none();
        self.use_of(name, is_assigned, field);
        self.function_body(has_self);
    }

    /// Parameters and body, behind the word `function`.
    fn function_body(&mut self, has_self: bool) {
        self.take("(");
        self.scoped(|reader| {
            if has_self {
                reader.declare("self");
            }
            while !reader.take(")") && !reader.peek(0).is_empty() {
                match reader.name() {
                    Some(name) => reader.declare(name.text),
                    None => reader.at += 1,
                }
            }
            reader.block();
        });
        self.take("end");
    }

    fn local(&mut self) {
        self.at += 1;
        if self.take("function") {
            if let Some(name) = self.name() {
                self.declare(name.text);
            }
            return self.function_body(false);
        }
        let mut names = Vec::new();
        while let Some(name) = self.name() {
            names.push(name.text);
            if self.take("<") {
                self.at += 2;
            }
            if !self.take(",") {
                break;
            }
        }
        if self.take("=") {
            self.expressions();
        }
        // why last: in `local x = x` the second is not the first
        names.into_iter().for_each(|name| self.declare(name));
    }

    fn assignment_or_call(&mut self) {
        let mut targets = Vec::new();
        loop {
            targets.extend(self.chain());
            if !self.take(",") {
                break;
            }
        }
        if self.take("=") {
            for target in targets {
                let found = &mut self.uses[target.of];
                match &mut found.field {
                    None if target.parts == 0 => found.is_assigned = true,
                    Some(field) if target.parts == 1 => field.is_assigned = true,
                    _ => {}
                }
            }
            self.expressions();
        }
    }

    fn expressions(&mut self) {
        self.expression();
        while self.take(",") {
            self.expression();
        }
    }

    fn expression(&mut self) {
        loop {
            while matches!(self.peek(0), "not" | "-" | "#" | "~") {
                self.at += 1;
            }
            match self.peek(0) {
                "function" => {
                    self.at += 1;
                    self.function_body(false);
                }
                "{" => self.table(),
                "nil" | "true" | "false" | "..." | "\"" => self.at += 1,
                _ if self.tokens.get(self.at).is_some_and(|token| token.kind == Kind::Number) => self.at += 1,
                _ => drop(self.chain()),
            }
            let is_operator = matches!(
                self.peek(0),
                "+" | "-"
                    | "*"
                    | "/"
                    | "//"
                    | "%"
                    | "^"
                    | ".."
                    | "&"
                    | "|"
                    | "~"
                    | "<<"
                    | ">>"
                    | "=="
                    | "~="
                    | "<"
                    | "<="
                    | ">"
                    | ">="
                    | "and"
                    | "or"
            );
            if !is_operator {
                return;
            }
            self.at += 1;
        }
    }

    fn table(&mut self) {
        self.at += 1;
        while !self.take("}") && !self.peek(0).is_empty() {
            let before = self.at;
            if self.take("[") {
                self.expression();
                self.take("]");
                self.take("=");
            } else if self.peek(1) == "=" && self.name().is_some() {
                self.at += 1;
            }
            self.expression();
            let _ = self.take(",") || self.take(";");
            self.at += usize::from(self.at == before);
        }
    }

    /// A name or an expression in brackets, and what is done with it: fields, indexes, calls. Tells which use of a global it begins
    /// with, if it does.
    fn chain(&mut self) -> Option<Target> {
        let mut target = None;
        if self.take("(") {
            self.expression();
            self.take(")");
        } else {
            let name = self.name()?;
            target = self.use_of(name, false, None).map(|of| Target { of, parts: 0 });
        }
        loop {
            match self.peek(0) {
                mark @ ("." | ":") => {
                    self.at += 1;
                    let name = self.name()?;
                    let is_called = matches!(self.peek(0), "(" | "{" | "\"");
                    if let Some(Target { of, parts: 0 }) = target {
                        let own = self.uses[of].name.text;
                        let is_called = is_called && self.peek(1) != own;
                        self.uses[of].field = Some(Field { name, mark, is_called, is_assigned: false });
                    }
                }
                "[" => {
                    self.at += 1;
                    self.expression();
                    self.take("]");
                }
                "(" => {
                    self.at += 1;
                    if !self.take(")") {
                        self.expressions();
                        self.take(")");
                    }
                }
                "{" => self.table(),
                "\"" => self.at += 1,
                _ => return target,
            }
            if let Some(target) = &mut target {
                target.parts += 1;
            }
        }
    }

    /// Notes the use of a name, unless it is local.
    fn use_of(&mut self, name: Token<'s>, is_assigned: bool, field: Option<Field<'s>>) -> Option<usize> {
        if self.locals.iter().flatten().any(|local| *local == name.text) || name.text == "_ENV" {
            return None;
        }
        self.uses.push(Use { name, is_assigned, field });
        Some(self.uses.len() - 1)
    }
}

/// Which use of a global a chain begins with, and how many parts follow the name.
struct Target {
    of: usize,
    parts: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_global_is_told_with_what_is_taken_of_it() {
        let source = "local a = b.c\nd.e = a.f\nfunction g.h:i() return self end\nreturn db:query('x'), db.query(db)";
        let shown: Vec<_> = global_uses(source)
            .into_iter()
            .map(|found| {
                let field = found.field.map(|field| (field.mark, field.name.text, field.is_called, field.is_assigned));
                (found.name.text, found.is_assigned, field)
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("b", false, Some((".", "c", false, false))),
                ("d", false, Some((".", "e", false, true))),
                ("g", false, Some((".", "h", false, false))),
                ("db", false, Some((":", "query", true, false))),
                ("db", false, Some((".", "query", false, false))),
                ("db", false, None),
            ]
        );
    }

    #[test]
    fn reading_ends_for_every_text() {
        for source in [
            "end end",
            "local",
            "function",
            "for",
            "if",
            "x.",
            "x:",
            "f(",
            "{",
            "{,",
            "::",
            "goto",
            "= = =",
            "local function",
            "(",
        ] {
            let _ = global_uses(source);
        }
    }
}
