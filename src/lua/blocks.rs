//! The allocator of a run's state, in front of mlua's.
//!
//! Blocks that Lua gives back are kept, by their size, for the next of that size: a loop over rows makes and drops the same few
//! sizes a million times, and to the allocator of the process those go in bursts, one for each step of the collector.
//!
//! Where Lua works on in one C call, which a chain of `__call` makes it do for minutes, it at least allocates: a long block is
//! refused when the run must end.
//!
//! Leaves to others: the memory limit. mlua's allocator holds it.
//!
//! Invariants: what is kept counts as used there, and is given up before a block is refused for want of memory; a block is
//! only ever used for the very size it was made for.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};

use mlua::{Lua, ffi};

use super::failure::INTERNAL;
use crate::operation;

/// A block of Lua's that is worth a look at the operation.
const LONG_BYTES: usize = 64 << 10;
/// Longer blocks are not kept. A table of sixteen fields has one of 384 bytes.
const LONGEST_KEPT: usize = 384;
/// Most that is kept in all.
const MOST_KEPT: usize = 256 << 10;
/// When so many blocks were wanted and not there, while nothing more can be kept, then other sizes are wanted now.
const MOST_MISSES: u32 = 4_096;

/// What keeps the collector calm: it works whenever the heap has grown by a fifth, and a fifth of an almost empty heap is a few rows.
pub(super) const WEIGHT_BYTES: usize = 256 << 10;

/// Until it is dropped, a state has this allocator.
pub(super) struct Blocks<'l> {
    lua: &'l Lua,
    own: Box<Allocator>,
}

/// mlua's allocator and what it is called with, and what is kept.
struct Allocator {
    function: ffi::lua_Alloc,
    data: *mut c_void,
    /// By size, the block that was kept last; its first word is the address of the one before.
    kept: [*mut c_void; LONGEST_KEPT + 1],
    kept_bytes: usize,
    /// What that may come to.
    most_kept: usize,
    misses: u32,
    /// The state, whose line is noted when it is refused a block.
    state: *mut ffi::lua_State,
}

/// Where the run of this thread was last seen: the name of the chunk, which ends with a zero, and the line.
// why: for want of memory Lua calls no handler, and where that is caught the calls are gone
#[derive(Clone, Copy)]
struct Seen {
    chunk: [c_char; 60],
    line: c_int,
}

thread_local! {
    static SEEN: Cell<Option<Seen>> = const { Cell::new(None) };
}

/// In which line of the chunk `name` the run of this thread was last seen.
pub(super) fn seen_at(name: &str) -> Option<u32> {
    let seen = SEEN.get()?;
    let chunk = seen.chunk.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8);
    if chunk.eq(name.bytes()) { u32::try_from(seen.line).ok() } else { None }
}

/// Notes in which line the script is.
///
/// # Safety
/// `state` is alive and not growing its stack, whose addresses are not what they are while it does.
#[cold]
pub(super) unsafe fn note_line(state: *mut ffi::lua_State) {
    for level in 0..8 {
        // SAFETY: the caller promises it. Asking for the source and the line allocates nothing and changes nothing.
        let seen = unsafe {
            let mut frame: ffi::lua_Debug = std::mem::zeroed();
            if ffi::lua_getstack(state, level, &raw mut frame) == 0
                || ffi::lua_getinfo(state, c"Sl".as_ptr(), &raw mut frame) == 0
            {
                return;
            }
            Seen { chunk: frame.short_src, line: frame.currentline }
        };
        let is = |name: &&str| name.bytes().chain([0]).zip(seen.chunk).all(|(a, b)| a == b as u8);
        if seen.line > 0 && !INTERNAL.iter().any(is) {
            return SEEN.set(Some(seen));
        }
    }
}

impl Blocks<'_> {
    pub(super) fn new(lua: &Lua) -> mlua::Result<Blocks<'_>> {
        let mut own = Box::new(Allocator::without_blocks());
        // SAFETY: `exchange` is called by Lua with a live state and the address of `own`, which lives as long as our allocator is set.
        unsafe { lua.create_c_function(exchange) }?
            .call::<()>(mlua::LightUserData(std::ptr::from_mut(&mut *own).cast()))?;
        Ok(Blocks { lua, own })
    }
}

impl Drop for Blocks<'_> {
    fn drop(&mut self) {
        // why first: should the rest fail, then what Lua gives back as it closes must go to the process
        self.own.most_kept = 0;
        // SAFETY: the state has this allocator, and nothing of Lua's runs.
        unsafe { self.own.give_up() };
        let data = mlua::LightUserData(std::ptr::from_mut(&mut *self.own).cast());
        // SAFETY: as for `new`; the state is put back as it was before it is closed.
        let restored = unsafe { self.lua.create_c_function(restore) }.and_then(|function| function.call::<()>(data));
        if restored.is_err() {
            // why: the state still points to it
            Box::leak(std::mem::replace(&mut self.own, Box::new(Allocator::without_blocks())));
        }
    }
}

/// Makes a fresh state so much heavier, by a block that nobody looks at.
pub(super) fn weigh_down(lua: &Lua) -> mlua::Result<()> {
    // SAFETY: `weigh` is called by Lua, takes nothing from the caller's stack and leaves nothing on it.
    unsafe { lua.create_c_function(weigh) }?.call::<()>(())
}

unsafe extern "C-unwind" fn weigh(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua passes a live state with room for 20 values; the registry takes the block from the stack.
    unsafe {
        ffi::lua_newuserdatauv(state, WEIGHT_BYTES, 0);
        ffi::lua_setfield(state, ffi::LUA_REGISTRYINDEX, c"weight".as_ptr());
    }
    0
}

unsafe extern "C-unwind" fn exchange(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua passes a live state; the argument is the address of an `Allocator` of `Blocks::new`.
    unsafe {
        let own = ffi::lua_touserdata(state, 1).cast::<Allocator>();
        (*own).function = ffi::lua_getallocf(state, &raw mut (*own).data);
        // why that one: what called this may be collected before the run is over
        ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_MAINTHREAD);
        (*own).state = ffi::lua_tothread(state, -1);
        ffi::lua_setallocf(state, allocate, own.cast());
    }
    0
}

unsafe extern "C-unwind" fn restore(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as above; nothing is kept any more.
    unsafe {
        let own = ffi::lua_touserdata(state, 1).cast::<Allocator>();
        ffi::lua_setallocf(state, (*own).function, (*own).data);
    }
    0
}

impl Allocator {
    fn without_blocks() -> Allocator {
        let kept = [std::ptr::null_mut(); LONGEST_KEPT + 1];
        let (function, data) = (allocate as ffi::lua_Alloc, std::ptr::null_mut());
        let state = std::ptr::null_mut();
        Allocator { function, data, kept, kept_bytes: 0, most_kept: MOST_KEPT, misses: 0, state }
    }

    /// A block of that size which was kept; null when there is none.
    ///
    /// # Safety
    /// The state has this allocator.
    unsafe fn take(&mut self, size: usize) -> *mut c_void {
        let Some(last) = self.kept.get_mut(size) else { return std::ptr::null_mut() };
        let block = *last;
        if !block.is_null() {
            // SAFETY: the first word of a kept block is as `keep` wrote it.
            *last = unsafe { block.cast::<*mut c_void>().read() };
            self.kept_bytes -= size;
            return block;
        }
        self.misses = self.misses.wrapping_add(1);
        if self.misses >= MOST_MISSES {
            self.misses = 0;
            if self.kept_bytes + LONGEST_KEPT > self.most_kept {
                // SAFETY: the caller promises it.
                unsafe { self.give_up() };
            }
        }
        block
    }

    /// Keeps a block of that size; false when it is not to be kept.
    ///
    /// # Safety
    /// Nobody uses the block any more, and mlua's allocator made it for that size.
    unsafe fn keep(&mut self, block: *mut c_void, size: usize) -> bool {
        let fits = size >= size_of::<*mut c_void>() && self.kept_bytes + size <= self.most_kept;
        match self.kept.get_mut(size) {
            Some(last) if fits && !block.is_null() => {
                // SAFETY: the block has room for a word, and is aligned for anything.
                unsafe { block.cast::<*mut c_void>().write(*last) };
                *last = block;
                self.kept_bytes += size;
                true
            }
            _ => false,
        }
    }

    /// Notes where the run is that is refused a block.
    ///
    /// # Safety
    /// The state has this allocator and asks it for a block in the place of `block`.
    unsafe fn refuse(&self, block: *mut c_void) {
        // why not in the place of another: that may be the stack
        if block.is_null() {
            // SAFETY: the caller promises it.
            unsafe { note_line(self.state) };
        }
    }

    /// Gives all that is kept back to mlua's allocator.
    ///
    /// # Safety
    /// The state has this allocator.
    unsafe fn give_up(&mut self) {
        for (size, last) in self.kept.iter_mut().enumerate() {
            while !last.is_null() {
                let block = *last;
                // SAFETY: as for `take`; the block was made by that function for this size.
                unsafe {
                    *last = block.cast::<*mut c_void>().read();
                    (self.function)(self.data, block, size, 0);
                }
            }
        }
        self.kept_bytes = 0;
    }
}

unsafe extern "C" fn allocate(data: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
    // SAFETY: the data is that of `exchange`, Lua uses a state on one thread at a time, and mlua's allocator does not call this one.
    // A block and its size are as Lua passes them; without a block `old` is no size.
    unsafe {
        let own = &mut *data.cast::<Allocator>();
        if new == 0 {
            if !own.keep(block, old) {
                (own.function)(own.data, block, old, 0);
            }
            return std::ptr::null_mut();
        }
        if block.is_null() {
            let kept = own.take(new);
            if !kept.is_null() {
                return kept;
            }
        }
        let is_long = new >= LONG_BYTES && (block.is_null() || new > old);
        if is_long && operation::current().is_some_and(|operation| operation.check().is_err()) {
            own.refuse(block);
            return std::ptr::null_mut();
        }
        let mut made = (own.function)(own.data, block, old, new);
        if made.is_null() && own.kept_bytes > 0 {
            own.give_up();
            made = (own.function)(own.data, block, old, new);
        }
        if made.is_null() {
            own.refuse(block);
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes `count` strings of `length` bytes that are no others, and drops all of them at once.
    fn litter(lua: &Lua, count: usize, length: usize) {
        let source = format!("for i = 1, {count} do local s = ('%0{length}d'):format(i) end");
        lua.gc_stop();
        lua.load(source).exec().expect("runs");
        lua.gc_restart();
        lua.gc_collect().expect("collects");
    }

    fn counted(lua: &Lua) -> usize {
        lua.load("return collectgarbage('count') * 1024 // 1 | 0").eval().expect("counts")
    }

    #[test]
    fn what_is_kept_is_bounded_and_gone_with_the_allocator() {
        let lua = Lua::new();
        let blocks = Blocks::new(&lua).expect("fits");
        litter(&lua, 50_000, 30);
        let kept = blocks.own.kept_bytes;
        assert!((MOST_KEPT / 2..=MOST_KEPT).contains(&kept), "{kept}");
        drop(blocks);
        // why equal: mlua counts blocks, and Lua what it has of them
        let counted = counted(&lua);
        assert!(lua.used_memory().abs_diff(counted) < 1_024, "{} and {counted}", lua.used_memory());
    }

    #[test]
    fn what_is_kept_is_given_up_before_a_block_is_refused() {
        const LIMIT: usize = 2 << 20;
        let lua = Lua::new();
        lua.set_memory_limit(LIMIT).expect("has a limit");
        let blocks = Blocks::new(&lua).expect("fits");
        litter(&lua, 3_000, 30);
        let (left, kept) = (LIMIT - counted(&lua), blocks.own.kept_bytes);
        assert!(kept > 64 << 10, "{kept}");
        let held = lua.create_string(vec![b'x'; left - kept / 2]).expect("fits without what is kept");
        assert!(blocks.own.kept_bytes < kept / 4, "{}", blocks.own.kept_bytes);
        let more = lua.create_string(vec![b'y'; kept]);
        assert!(matches!(more, Err(mlua::Error::MemoryError(_))), "{more:?}");
        drop(held);
    }

    #[test]
    fn sizes_that_are_no_longer_wanted_make_room_for_others() {
        let lua = Lua::new();
        let blocks = Blocks::new(&lua).expect("fits");
        let is_kept = |length: usize| {
            // why 25: that is a string besides its bytes
            !blocks.own.kept[length + 25].is_null()
        };
        litter(&lua, 50_000, 30);
        assert!(is_kept(30));
        litter(&lua, 50_000, 20);
        assert!(is_kept(20) && !is_kept(30));
    }

    #[test]
    fn a_long_block_is_refused_when_the_run_must_end() {
        let lua = Lua::new();
        // why: without a limit mlua does not expect to be refused anything
        lua.set_memory_limit(16 << 20).expect("has a limit");
        let _blocks = Blocks::new(&lua).expect("fits");
        let operation = crate::operation::Operation::new();
        let _entered = operation::enter(operation.clone());
        assert!(lua.create_string(vec![b'x'; LONG_BYTES]).is_ok());
        operation.cancel();
        assert!(lua.create_string(b"short").is_ok());
        assert!(lua.create_string(vec![b'x'; LONG_BYTES]).is_err());
    }
}
