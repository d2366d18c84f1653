//! What goes wrong here: an error of the library, or one of the command's own that has the same document.
//!
//! Leaves to others: printing it (`show/failure.rs`).

use rpmadb::error::{Body, Document, Place};
use rpmadb::{Error, Status};

use crate::exit::Exit;

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// The document that a failed call hands out.
pub(crate) struct Failure {
    body: Box<Body>,
    error: Option<Box<Error>>,
    next: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { body: Box::new(error.document().error), error: Some(Box::new(error)), next: None }
    }
}

impl Failure {
    /// Wrong usage: `message` says what of.
    pub(crate) fn usage(message: impl Into<String>, hint: Option<&str>) -> Failure {
        let (name, reason) = (message.into(), String::new());
        let mut body = Error::InvalidArgument { name: name.clone(), reason }.document().error;
        (body.message, body.hint) = (name, hint.map(str::to_owned));
        Failure { body: Box::new(body), error: None, next: None }
    }

    /// The same, with the place in a file where it is.
    pub(crate) fn at(mut self, place: Place) -> Failure {
        self.body.place = place;
        self
    }

    pub(crate) fn with_message(mut self, message: String) -> Failure {
        self.body.message = message;
        self
    }

    pub(crate) fn with_hint(mut self, hint: &str) -> Failure {
        self.body.hint = Some(hint.to_owned());
        self
    }

    /// The same with the command that comes next.
    pub(crate) fn with_next(mut self, next: Option<String>) -> Failure {
        self.next = next;
        self
    }

    /// The command that comes next.
    pub(crate) fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    /// What the library said, where it was the library.
    pub(crate) fn error(&self) -> Option<&Error> {
        self.error.as_deref()
    }

    pub(crate) fn document(self) -> Document {
        Document { error: *self.body }
    }

    pub(crate) fn exit(&self) -> Exit {
        if self.body.status == Status::InvalidArgument as i32 { Exit::Usage } else { Exit::Failed }
    }
}
