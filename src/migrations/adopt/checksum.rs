//! The checksums that other tools keep of the texts they applied, and whether a text of ours has one.
//!
//! Leaves to others: where a checksum is stored and what follows from one that does not fit (`adopt.rs`).
//!
//! Invariant: a sum fits a text exactly when the tool, given that text with some line endings and with or without a
//! byte-order mark, would have stored that sum; our own checksum ignores the same differences.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha384};
use siphasher::sip::SipHasher13;

/// The checksum of one migration as its tool stored it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sum {
    /// refinery: SipHash-1-3, keys 0, over name, version and text as the standard library feeds them to a hasher.
    Refinery {
        /// The name that was hashed, which need not be the name of our file.
        name: String,
        /// The stored number.
        hash: u64,
    },
    /// sqlx: SHA-384 of the text.
    Sqlx(Vec<u8>),
    /// Flyway: CRC-32 of the lines without their endings and without a byte-order mark.
    Flyway(u32),
}

impl Sum {
    /// Whether this is the sum of a text.
    pub(super) fn fits(&self, version: i64, text: &str) -> bool {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match self {
            Sum::Refinery { name, hash } => forms(text).any(|form| {
                // why two widths: a build feature of refinery makes versions 64 bits wide
                i32::try_from(version).is_ok_and(|short| refinery(name, short, &form) == *hash)
                    || refinery(name, version, &form) == *hash
            }),
            Sum::Sqlx(digest) => forms(text).any(|form| Sha384::digest(form.as_bytes()).as_slice() == digest),
            Sum::Flyway(crc) => flyway(text) == *crc,
        }
    }
}

/// The texts that a file may have held when its tool read it: as it is now, or as a checkout on another system has it,
/// each without and with a byte-order mark.
fn forms(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let unix = text.replace("\r\n", "\n");
    let windows = unix.replace('\n', "\r\n");
    let endings = [Cow::Borrowed(text), Cow::Owned(unix), Cow::Owned(windows)];
    endings.into_iter().flat_map(|form| [Cow::Owned(format!("\u{feff}{form}")), form])
}

fn refinery(name: &str, version: impl Hash, text: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    name.hash(&mut hasher);
    version.hash(&mut hasher);
    text.hash(&mut hasher);
    hasher.finish()
}

fn flyway(text: &str) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    // why a lone CR too: Java's line reader ends a line there
    for line in text.split(['\r', '\n']) {
        hasher.update(line.as_bytes());
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARS: &str = "CREATE TABLE cars (\n    id int,\n    name varchar(255)\n);\n";

    #[test]
    fn sums_that_refinery_expects_in_its_own_tests_fit() {
        // from refinery/tests/rusqlite.rs of rust-db/refinery, with the texts of its test migrations
        let persons = "CREATE TABLE persons (\n    id int,\n    name varchar(255),\n    city varchar(255)\n);\n";
        let initial = Sum::Refinery { name: "initial".into(), hash: 2_959_965_718_684_201_605 };
        let cars = Sum::Refinery { name: "add_cars_table".into(), hash: 8_238_603_820_526_370_208 };
        assert!(initial.fits(1, persons) && cars.fits(2, CARS));
        assert!(!cars.fits(3, CARS) && !cars.fits(2, persons));
    }

    #[test]
    fn a_version_of_64_bits_fits_as_refinery_hashes_it() {
        // a SipHash-1-3 written in Python gave these, with 8 bytes of version; the second version has room in 4 too
        let long = Sum::Refinery { name: "add_cars_table".into(), hash: 7_200_730_393_089_220_395 };
        let short = Sum::Refinery { name: "add_cars_table".into(), hash: 5_394_706_226_941_044_339 };
        assert!(long.fits(20_240_504_090_343, CARS) && short.fits(2, CARS));
    }

    #[test]
    fn sums_of_sqlx_fit_the_text_with_other_line_endings_and_a_byte_order_mark() {
        // hashlib.sha384 of Python gave these
        for (sum, form) in SQLX {
            let sum = Sum::Sqlx(bytes(sum));
            assert!(sum.fits(1, CARS), "{form}");
            assert!(sum.fits(1, &CARS.replace('\n', "\r\n")), "{form}");
            assert!(!sum.fits(1, &CARS.replace("int", "text")), "{form}");
        }
    }

    #[test]
    fn sums_of_flyway_fit_the_text_with_any_line_endings_and_a_byte_order_mark() {
        // zlib.crc32 of Python over the lines without their endings gave this
        for text in [CARS.to_owned(), CARS.replace('\n', "\r\n"), CARS.replace('\n', "\r"), format!("\u{feff}{CARS}")] {
            assert!(Sum::Flyway(624_789_796).fits(1, &text), "{text:?}");
        }
        assert!(!Sum::Flyway(624_789_796).fits(1, &CARS.replace("int", "text")));
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
        (0..hex.len()).step_by(2).map(digit).collect()
    }

    const SQLX: [(&str, &str); 4] = [
        (
            "304e50f261d87e974b15e7c36360c4faa2d08bcd954499e74fcc12ebb9d38e468b66dbb6562de2867d909b28173ca827",
            "as it is",
        ),
        ("1048d1e73caf9b4ed5858ef8cc99cc7584e745b0674b809698efdcbf844a927da3dd8ac240b10e789311a09f48fe6fda", "CRLF"),
        (
            "e5a6ff4aeffac8ebf5ccc734ebf577507aad549ca09ec7c19011d3bffd082f21425a679a1c73cdda79828fb9206067b6",
            "byte-order mark",
        ),
        (
            "be28fcf01a081016417350f5f9c1770a1fc094cfc2e995c4a9a4976c72b8ed17936d6335a3da91eff3843bd3dfb2afcb",
            "CRLF and byte-order mark",
        ),
    ];
}
