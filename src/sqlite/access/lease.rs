//! [`Lease`]: a connection that a call has.
//!
//! Leaves to others: who gets which (`access.rs`), who has one (`leases.rs`).
//!
//! Invariant: it goes back with no transaction open, but for that of a surrounding transaction.

use parking_lot::MutexGuard;

use crate::sqlite::connection::Connection;
use crate::sqlite::leases::Noted;
use crate::sqlite::readers::Reader;

/// A connection in use; goes back when dropped.
pub struct Lease<'p> {
    // declared before `held`: fields drop in order, and whoever gets the connection next must not find it noted twice
    pub(super) noted: Option<Noted>,
    pub(super) held: Held<'p>,
}

pub(super) enum Held<'p> {
    Writer(MutexGuard<'p, Connection>),
    Reader(Reader),
    /// A reader opened for this lease alone, in a child of a fork.
    Opened(Connection),
    /// The connection of the surrounding transaction, which is noted already.
    Bound(Connection),
}

impl std::ops::Deref for Lease<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match &self.held {
            Held::Writer(guard) => guard,
            Held::Reader(reader) => &reader.connection,
            Held::Bound(connection) | Held::Opened(connection) => connection,
        }
    }
}

impl Lease<'_> {
    /// Whether it is of the pool's writer.
    pub(in crate::sqlite) fn is_writer(&self) -> bool {
        matches!(self.held, Held::Writer(_))
    }

    /// The place of the writer, when this is the pool's.
    pub(in crate::sqlite) fn writer_slot(&mut self) -> Option<&mut Connection> {
        match &mut self.held {
            Held::Writer(guard) => Some(guard),
            Held::Reader(_) | Held::Opened(_) | Held::Bound(_) => None,
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if !matches!(self.held, Held::Bound(_)) {
            self.rollback();
        }
    }
}
