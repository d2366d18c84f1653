//! The hashes by which a backup's pages are known: BLAKE3, cut to 16 bytes, one for each block of pages.
//!
//! A block is one page up to a quarter of a million pages (1 GiB of 4 KiB pages); above that it doubles with the size, so that
//! the hashes of any database fit into 4 MiB.
//!
//! Leaves to others: where the pages come from and the hashes go.
//!
//! Invariant: pages are fed in order, each once; hashes of two states can be compared when their blocks are of one length.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;

/// Most blocks of a database.
pub const MOST_BLOCKS: u32 = 1 << 18;
/// Bytes kept of a hash.
const KEPT: usize = 16;

type Hash = [u8; KEPT];

/// The hashes of all blocks of one state of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageHashes {
    /// Pages in a block.
    every: u32,
    hashes: Vec<Hash>,
}

/// Hashes pages as they come by.
pub struct Hasher {
    done: PageHashes,
    block: blake3::Hasher,
    in_block: u32,
}

/// Pages in a block of a database of so many pages.
pub fn pages_in_block(page_count: u32) -> u32 {
    let mut every = 1u32;
    while page_count.div_ceil(every) > MOST_BLOCKS {
        every *= 2;
    }
    every
}

impl Hasher {
    /// Begins, with so many pages in a block.
    pub fn new(every: u32) -> Hasher {
        Hasher {
            done: PageHashes { every: every.max(1), hashes: Vec::new() },
            block: blake3::Hasher::new(),
            in_block: 0,
        }
    }

    /// Takes the next page. Returns the index of the block that it completes.
    pub fn page(&mut self, page: &[u8]) -> Option<u32> {
        self.block.update(page);
        self.in_block += 1;
        (self.in_block == self.done.every).then(|| self.end_block())
    }

    /// The hashes of the blocks that are complete.
    pub fn so_far(&self) -> &PageHashes {
        &self.done
    }

    /// Ends with the block that is begun, if one is.
    pub fn finish(mut self) -> PageHashes {
        if self.in_block > 0 {
            self.end_block();
        }
        self.done
    }

    fn end_block(&mut self) -> u32 {
        let mut hash = Hash::default();
        hash.copy_from_slice(&self.block.finalize().as_bytes()[..KEPT]);
        self.block.reset();
        self.in_block = 0;
        self.done.hashes.push(hash);
        (self.done.hashes.len() - 1) as u32
    }
}

impl PageHashes {
    /// Pages in a block.
    pub fn every(&self) -> u32 {
        self.every
    }

    /// Whether the block `index` is the same in both states.
    pub fn same_block(&self, other: &PageHashes, index: u32) -> bool {
        let of = |hashes: &PageHashes| hashes.hashes.get(index as usize).copied();
        self.every == other.every && of(self).is_some() && of(self) == of(other)
    }

    /// Whether the block `index` is the one block of `single`.
    pub fn is_block(&self, index: u32, single: &PageHashes) -> bool {
        single.hashes.len() == 1 && self.hashes.get(index as usize) == single.hashes.first()
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> u32 {
        self.hashes.len() as u32
    }

    /// The hash of all hashes, in hexadecimal.
    pub fn root(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.every.to_le_bytes());
        hasher.update(self.hashes.as_flattened());
        hasher.finalize().to_hex().to_string()
    }

    /// As text.
    pub fn to_text(&self) -> String {
        BASE64.encode(self.hashes.as_flattened())
    }

    /// From text; `None` when it is none.
    pub fn from_text(every: u32, text: &str) -> Option<PageHashes> {
        let bytes = BASE64.decode(text).ok()?;
        let (hashes, rest) = bytes.as_chunks::<KEPT>();
        (rest.is_empty() && every > 0).then(|| PageHashes { every, hashes: hashes.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_grows_with_the_database_so_that_the_hashes_do_not() {
        assert_eq!(pages_in_block(0), 1);
        assert_eq!(pages_in_block(MOST_BLOCKS), 1);
        assert_eq!(pages_in_block(MOST_BLOCKS + 1), 2);
        for pages in [1, 1 << 20, u32::MAX - 1] {
            assert!(pages.div_ceil(pages_in_block(pages)) <= MOST_BLOCKS, "{pages}");
        }
    }

    #[test]
    fn a_changed_page_changes_its_block_and_the_root_alone() {
        let hashes = |changed: Option<usize>| {
            let mut hasher = Hasher::new(2);
            for number in 0..7usize {
                hasher.page(&[number as u8 + if changed == Some(number) { 100 } else { 0 }; 512]);
            }
            hasher.finish()
        };
        let (before, after) = (hashes(None), hashes(Some(6)));
        assert_eq!((before.blocks(), before.every()), (4, 2));
        assert!((0..3).all(|block| before.same_block(&after, block)) && !before.same_block(&after, 3));
        assert!(!before.same_block(&after, 4), "a block that is not there is not the same");
        assert_ne!(before.root(), after.root());
        assert_eq!(PageHashes::from_text(2, &before.to_text()), Some(before.clone()));
        assert_eq!(PageHashes::from_text(2, &before.to_text()[1..]), None);
        assert_eq!(PageHashes::from_text(0, ""), None);
    }
}
