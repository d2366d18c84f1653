//! What a `rpmadb *` or `rpmadb_op *` really is: a number, never an address.
//!
//! ```text
//! 63..60 kind | 59..40 nonce of the table | 39..16 generation of the slot | 15..0 slot
//! ```
//!
//! Leaves to others: what a handle stands for.
//!
//! Invariants: a number that is not a live handle of the wanted kind gives an error that says which it is; the check for
//! a fork comes before any lock (another thread may have held it when the process forked). A slot whose
//! generations are used up is never used again.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;

use crate::database::Database;
use crate::error::{Error, Result};
use crate::operation::Operation;

const SLOT_BITS: u32 = 16;
const GENERATION_BITS: u32 = 24;
const NONCE_BITS: u32 = 20;
const LAST_GENERATION: u64 = (1 << GENERATION_BITS) - 1;
const MOST_SLOTS: usize = 1 << SLOT_BITS;

const _: () = assert!(usize::BITS == 64, "handles need 64-bit pointers");

/// What a handle stands for.
#[derive(Clone)]
pub(super) enum Held {
    Database(Arc<Database>),
    Operation(Operation),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Database = 1,
    Operation = 2,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Database => "database",
            Kind::Operation => "operation",
        }
    }

    fn from_bits(bits: u64) -> Option<Kind> {
        match bits {
            1 => Some(Kind::Database),
            2 => Some(Kind::Operation),
            _ => None,
        }
    }
}

impl Held {
    fn kind(&self) -> Kind {
        match self {
            Held::Database(_) => Kind::Database,
            Held::Operation(_) => Kind::Operation,
        }
    }
}

struct Table {
    nonce: u64,
    process: u32,
    /// Nonces of the tables that processes before a fork had.
    inherited: Vec<(u64, u32)>,
    slots: Mutex<Slots>,
}

#[derive(Default)]
struct Slots {
    slots: Vec<Slot>,
    free: Vec<usize>,
}

#[derive(Default)]
struct Slot {
    generation: u64,
    held: Option<Held>,
}

static TABLE: AtomicPtr<Table> = AtomicPtr::new(std::ptr::null_mut());

/// The table in force, made by this process or inherited through a fork.
fn table() -> Option<&'static Table> {
    // SAFETY: the pointer is null or comes from `Box::leak` in `own_table`; tables are never freed.
    unsafe { TABLE.load(Ordering::Acquire).as_ref() }
}

/// The table of this process, made when there is none or the one in force belongs to the process before a fork.
fn own_table() -> &'static Table {
    let process = std::process::id();
    loop {
        let found = table();
        if let Some(table) = found.filter(|table| table.process == process) {
            return table;
        }
        let mut inherited = found.map(|table| table.inherited.clone()).unwrap_or_default();
        inherited.extend(found.map(|table| (table.nonce, table.process)));
        let nonce = RandomState::new().hash_one(process) & ((1 << NONCE_BITS) - 1);
        if inherited.iter().any(|(used, _)| *used == nonce) {
            continue;
        }
        let new = Box::leak(Box::new(Table { nonce, process, inherited, slots: Mutex::default() }));
        let expected = found.map_or(std::ptr::null_mut(), |table| std::ptr::from_ref(table).cast_mut());
        // why the outcome does not matter: the loop looks again, and a table that lost the race is a few bytes
        let _ = TABLE.compare_exchange(expected, new, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// Makes a handle.
pub(super) fn insert(held: Held) -> Result<u64> {
    let table = own_table();
    let kind = held.kind() as u64;
    let (slot, generation) = table.slots.lock().insert(held)?;
    Ok(encode(kind, table.nonce, generation, slot as u64))
}

impl Slots {
    fn insert(&mut self, held: Held) -> Result<(usize, u64)> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None if self.slots.len() < MOST_SLOTS => {
                self.slots.push(Slot::default());
                self.slots.len() - 1
            }
            None => return Err(Error::NoMemory { what: format!("making a handle: {MOST_SLOTS} are open") }),
        };
        let entry = &mut self.slots[slot];
        entry.generation += 1;
        entry.held = Some(held);
        Ok((slot, entry.generation))
    }

    fn remove(&mut self, slot: usize, generation: u64) -> Option<Held> {
        let entry = self.slots.get_mut(slot).filter(|entry| entry.generation == generation)?;
        let taken = entry.held.take()?;
        if generation < LAST_GENERATION {
            self.free.push(slot);
        }
        Some(taken)
    }
}

fn encode(kind: u64, nonce: u64, generation: u64, slot: u64) -> u64 {
    kind << (SLOT_BITS + GENERATION_BITS + NONCE_BITS)
        | nonce << (SLOT_BITS + GENERATION_BITS)
        | generation << SLOT_BITS
        | slot
}

/// Finds what `handle` stands for.
fn find(handle: u64, wanted: Kind) -> Result<(&'static Table, usize, u64)> {
    let bad = Error::BadHandle { value: handle };
    let kind = Kind::from_bits(handle >> (SLOT_BITS + GENERATION_BITS + NONCE_BITS)).ok_or(bad.clone())?;
    let nonce = handle >> (SLOT_BITS + GENERATION_BITS) & ((1 << NONCE_BITS) - 1);
    let generation = handle >> SLOT_BITS & LAST_GENERATION;
    let slot = (handle & ((1 << SLOT_BITS) - 1)) as usize;
    let table = table().ok_or(bad.clone())?;
    let current = std::process::id();
    if nonce != table.nonce {
        return Err(match table.inherited.iter().find(|(used, _)| *used == nonce) {
            Some((_, opened_by)) => Error::WrongProcess { opened_by: *opened_by, current },
            None => bad,
        });
    }
    if table.process != current {
        return Err(Error::WrongProcess { opened_by: table.process, current });
    }
    if kind != wanted {
        return Err(Error::WrongKind { expected: wanted.name(), found: kind.name() });
    }
    Ok((table, slot, generation))
}

fn held(handle: u64, wanted: Kind) -> Result<Held> {
    let (table, slot, generation) = find(handle, wanted)?;
    let slots = table.slots.lock();
    match slots.slots.get(slot) {
        Some(entry) if entry.generation == generation && generation > 0 => match &entry.held {
            Some(held) if held.kind() == wanted => Ok(held.clone()),
            _ => Err(Error::StaleHandle { kind: wanted.name() }),
        },
        Some(entry) if generation > 0 && generation < entry.generation => {
            Err(Error::StaleHandle { kind: wanted.name() })
        }
        _ => Err(Error::BadHandle { value: handle }),
    }
}

/// The database of a handle.
pub(super) fn database(handle: u64) -> Result<Arc<Database>> {
    match held(handle, Kind::Database)? {
        Held::Database(database) => Ok(database),
        Held::Operation(_) => Err(Error::BadHandle { value: handle }),
    }
}

/// The operation of a handle.
pub(super) fn operation(handle: u64) -> Result<Operation> {
    match held(handle, Kind::Operation)? {
        Held::Operation(operation) => Ok(operation),
        Held::Database(_) => Err(Error::BadHandle { value: handle }),
    }
}

/// Ends a handle; what it stood for is dropped outside the lock.
pub(super) fn remove(handle: u64, wanted: Kind) -> Result<()> {
    held(handle, wanted)?;
    let (table, slot, generation) = find(handle, wanted)?;
    let taken = table.slots.lock().remove(slot, generation);
    // why an error: another thread ended it between the two looks
    taken.map(drop).ok_or(Error::StaleHandle { kind: wanted.name() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_operation() -> u64 {
        insert(Held::Operation(Operation::new())).expect("a slot is free")
    }

    #[test]
    fn a_handle_works_until_it_is_removed_and_never_again() {
        let first = new_operation();
        assert!(operation(first).is_ok());
        remove(first, Kind::Operation).expect("is there");
        for _ in 0..10_000 {
            let next = new_operation();
            assert_ne!(next, first);
            assert_eq!(operation(first).err(), Some(Error::StaleHandle { kind: "operation" }));
            remove(next, Kind::Operation).expect("is there");
        }
        assert_eq!(remove(first, Kind::Operation), Err(Error::StaleHandle { kind: "operation" }));
    }

    #[test]
    fn each_wrong_number_has_its_own_answer() {
        let handle = new_operation();
        assert_eq!(database(handle).err(), Some(Error::WrongKind { expected: "database", found: "operation" }));
        let other_nonce = handle ^ (1 << (SLOT_BITS + GENERATION_BITS));
        for wrong in [1, 0xdead_beef, u64::MAX, other_nonce, handle | 0xffff, handle + (1 << SLOT_BITS)] {
            assert_eq!(operation(wrong).err(), Some(Error::BadHandle { value: wrong }), "{wrong:#x}");
        }
        remove(handle, Kind::Operation).expect("is there");
    }

    #[test]
    fn a_slot_retires_with_its_last_generation() {
        let mut slots = Slots::default();
        slots.slots.push(Slot { generation: LAST_GENERATION - 2, held: None });
        slots.free.push(0);
        let held = || Held::Operation(Operation::new());
        assert_eq!(slots.insert(held()), Ok((0, LAST_GENERATION - 1)));
        assert!(slots.remove(0, LAST_GENERATION - 1).is_some());
        assert_eq!(slots.insert(held()), Ok((0, LAST_GENERATION)));
        assert!(slots.remove(0, LAST_GENERATION).is_some());
        assert_eq!(slots.insert(held()), Ok((1, 1)), "slot 0 must not come back");
    }
}
