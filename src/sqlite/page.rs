//! What one page of a b-tree says: how many cells it has, and which pages are below it.
//!
//! Leaves to others: what the cells hold, and walking the tree (`estimate.rs`).
//!
//! Byte map (SQLite's "Database File Format", section 1.6), behind the 100 bytes of file header on page 1: 0 type, 3..5
//! number of cells, 8..12 right-most child; the cell pointers, two bytes each, begin at 8 on a leaf and at 12 above one;
//! a cell above the leaves begins with its child.
//!
//! Invariant: the page may hold anything; what cannot be a page of a b-tree is `None`, never a panic.

/// A page of a b-tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// Whether it is of an index or a table WITHOUT ROWID, whose inner cells are entries too.
    pub(super) is_index: bool,
    /// How many cells it has.
    pub(super) cells: u32,
    /// The pages below, in order; empty on a leaf.
    pub(super) children: Vec<u32>,
}

const FILE_HEADER: usize = 100;
const INDEX_INTERIOR: u8 = 0x02;
const TABLE_INTERIOR: u8 = 0x05;
const INDEX_LEAF: u8 = 0x0a;
const TABLE_LEAF: u8 = 0x0d;

/// Reads page `number`.
pub(super) fn node(number: u32, page: &[u8]) -> Option<Node> {
    let header = page.get(if number == 1 { FILE_HEADER } else { 0 }..)?;
    let kind = *header.first()?;
    let cells = two_bytes(header, 3)?;
    let pointers = |at: usize| header.get(at..at + 2 * usize::from(cells));
    let (is_index, is_leaf) = match kind {
        TABLE_LEAF => (false, true),
        INDEX_LEAF => (true, true),
        TABLE_INTERIOR => (false, false),
        INDEX_INTERIOR => (true, false),
        _ => return None,
    };
    let mut children = Vec::new();
    if is_leaf {
        pointers(8)?;
    } else {
        for pointer in pointers(12)?.chunks_exact(2) {
            children.push(four_bytes(page, usize::from(two_bytes(pointer, 0)?))?);
        }
        children.push(four_bytes(header, 8)?);
    }
    Some(Node { is_index, cells: u32::from(cells), children })
}

fn two_bytes(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn four_bytes(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of 512 bytes with these bytes at these places.
    fn page(parts: &[(usize, &[u8])]) -> Vec<u8> {
        let mut page = vec![0; 512];
        for (at, bytes) in parts {
            page[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        page
    }

    #[test]
    fn leaves_and_inner_pages_are_read() {
        let leaf = page(&[(0, &[0x0d]), (3, &[0, 7])]);
        assert_eq!(node(2, &leaf), Some(Node { is_index: false, cells: 7, children: Vec::new() }));
        let first = page(&[(100, &[0x0d]), (103, &[0, 7])]);
        assert_eq!(node(1, &first), Some(Node { is_index: false, cells: 7, children: Vec::new() }));
        let inner = page(&[(0, &[0x02]), (3, &[0, 1]), (8, &[0, 0, 0, 9]), (12, &[1, 0]), (256, &[0, 0, 1, 4])]);
        assert_eq!(node(2, &inner), Some(Node { is_index: true, cells: 1, children: vec![260, 9] }));
    }

    #[test]
    fn what_is_no_page_of_a_tree_is_none() {
        for (why, bytes) in [
            ("zeros", page(&[])),
            ("an unknown type", page(&[(0, &[0x0b])])),
            ("more cells than fit", page(&[(0, &[0x0d]), (3, &[0xff, 0xff])])),
            ("a cell beyond the end", page(&[(0, &[0x05]), (3, &[0, 1]), (12, &[0x02, 0x00])])),
            ("nothing", Vec::new()),
        ] {
            assert_eq!(node(2, &bytes), None, "{why}");
        }
    }
}
