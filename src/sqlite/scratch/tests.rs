//! Scratch files through SQLite and on the disk.
//!
//! Leaves to others: what backups do with them.
//!
//! Invariant: the raw bytes are read through a second descriptor of the very file, never by a name.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::request;
use crate::sqlite::Value;

const MARK: &str = "a-row-that-nobody-may-read";

fn raw(scratch: &Scratch) -> Vec<u8> {
    let mut bytes = vec![0; scratch.content.file.metadata().unwrap().len() as usize];
    scratch.content.file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

fn ordinary(path: &Path, page_size: u32, rows: u32) -> Connection {
    let connection = Connection::open(&Settings::new(Some(path.to_owned()), &request::Open::default()), true, false);
    let connection = connection.unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA page_size={page_size}; PRAGMA journal_mode=wal;
             CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, noise BLOB); CREATE INDEX by_name ON t (name);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO t SELECT i, '{MARK}' || i, randomblob(i % 700) FROM n;
             DELETE FROM t WHERE id % 3 = 0"
        ))
        .unwrap();
    connection
}

fn rows(connection: &Connection) -> Vec<Vec<Value>> {
    connection.rows("SELECT * FROM t ORDER BY id", &[]).unwrap()
}

fn compact(from: &Connection, into: &Scratch) -> Result<()> {
    from.execute("VACUUM INTO ?", &[Value::from(into.uri().as_str())]).map(drop)
}

fn must_be_sound(connection: &Connection) {
    assert_eq!(connection.rows("PRAGMA integrity_check", &[]).unwrap(), [[Value::from("ok")]]);
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_database_is_compacted_into_it_and_read_back_while_the_disk_shows_nothing() {
    let (place, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for page_size in [512, 4096, 65536] {
        let path = place.path().join(format!("{page_size}.db"));
        let source = ordinary(&path, page_size, 400);
        let scratch = Scratch::new(folder.path()).unwrap();
        compact(&source, &scratch).unwrap();
        assert_eq!(entries(folder.path()), 0);
        assert!(scratch.len().is_multiple_of(u64::from(page_size)) && !scratch.is_empty());

        let mut plain = vec![0; scratch.len() as usize + 10];
        assert_eq!(scratch.read_at(&mut plain, 0).unwrap() as u64, scratch.len());
        assert!(holds(&plain, MARK) && plain.starts_with(b"SQLite format 3"));
        let raw = raw(&scratch);
        assert!(raw.len() >= scratch.len() as usize && !holds(&raw, MARK) && !holds(&raw, "SQLite format"));

        let opened = scratch.open().unwrap();
        must_be_sound(&opened);
        assert!(rows(&opened) == rows(&source));
        assert_eq!(opened.value::<i64>("PRAGMA page_size", &[]).unwrap(), Some(i64::from(page_size)));

        // the plain bytes are an ordinary database
        drop(opened);
        let copy = place.path().join(format!("{page_size}-copy.db"));
        std::fs::write(&copy, &plain[..scratch.len() as usize]).unwrap();
        let copy = Connection::open(&Settings::new(Some(copy), &request::Open::default()), false, true).unwrap();
        assert!(rows(&copy) == rows(&source));
    }
    assert_eq!(entries(folder.path()), 0);
}

#[test]
fn a_reader_that_may_not_write_can_compact_too() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.db");
    let writer = ordinary(&path, 4096, 500);
    let reader = Connection::open(&Settings::new(Some(path), &request::Open::default()), false, true).unwrap();
    let scratch = Scratch::new(place.path()).unwrap();
    compact(&reader, &scratch).unwrap();
    assert!(rows(&scratch.open().unwrap()) == rows(&writer));
    // a scratch file that holds something is not overwritten
    let before = scratch.len();
    assert!(compact(&reader, &scratch).is_err());
    assert_eq!(scratch.len(), before);
}

#[test]
fn a_filled_one_can_be_changed_and_rolled_back_and_its_journal_shows_nothing() {
    let (place, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = ordinary(&place.path().join("a.db"), 512, 500);
    let first = Scratch::new(folder.path()).unwrap();
    compact(&source, &first).unwrap();
    let mut plain = vec![0; first.len() as usize];
    first.read_at(&mut plain, 0).unwrap();
    let second = Scratch::new(folder.path()).unwrap();
    for (number, piece) in plain.chunks(10_007).enumerate() {
        second.write_at(piece, number as u64 * 10_007).unwrap();
    }
    drop(first);

    let opened = second.open().unwrap();
    let before = rows(&opened);
    opened.execute_batch("PRAGMA cache_size=10; PRAGMA temp_store=file; BEGIN; SAVEPOINT s").unwrap();
    opened.execute_batch("UPDATE t SET name = name || 'changed'; CREATE INDEX x ON t (noise)").unwrap();
    let sorted = opened.rows("SELECT id FROM t ORDER BY noise, name", &[]).unwrap();
    assert_eq!(sorted.len(), before.len());
    let mut looked_at = 0;
    for entry in std::fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let Ok(target) = std::fs::read_link(entry.path()) else { continue };
        if target.starts_with(folder.path()) {
            let mut bytes = Vec::new();
            let mut file = File::open(entry.path()).unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            file.read_to_end(&mut bytes).unwrap();
            looked_at += usize::from(!bytes.is_empty());
            assert!(!holds(&bytes, MARK));
        }
    }
    assert!(looked_at >= 2, "the database and its journal, not {looked_at}");
    assert_eq!(entries(folder.path()), 0);
    opened.rollback();
    must_be_sound(&opened);
    assert!(rows(&opened) == before);
    opened.execute_batch("DELETE FROM t WHERE id > 50; VACUUM").unwrap();
    assert!(second.len() < plain.len() as u64 / 4);
    must_be_sound(&opened);
}

#[test]
fn it_keeps_what_a_plain_file_would() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = Scratch::new(folder.path()).unwrap();
    let mut model: Vec<u8> = Vec::new();
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for step in 0..250 {
        let at = random(300_000);
        match random(5) {
            0 => {
                let len = if random(2) == 0 { at } else { at / 4096 * 4096 };
                scratch.set_len(len).unwrap();
                model.resize(len as usize, 0);
            }
            1 | 2 => {
                let size = if random(8) == 0 { 100_000 } else { random(9_000) };
                let bytes: Vec<u8> = (0..size).map(|i| (i * 7 + step) as u8).collect();
                scratch.write_at(&bytes, at).unwrap();
                let end = at as usize + bytes.len();
                if !bytes.is_empty() && model.len() < end {
                    model.resize(end, 0);
                }
                if !bytes.is_empty() {
                    model[at as usize..end].copy_from_slice(&bytes);
                }
            }
            _ => {
                let mut into = vec![1; random(30_000) as usize];
                let read = scratch.read_at(&mut into, at).unwrap();
                let expected = model.get(at as usize..).unwrap_or_default();
                assert_eq!(read, expected.len().min(into.len()), "step {step}");
                assert!(into[..read] == expected[..read], "step {step}");
            }
        }
        assert_eq!(scratch.len(), model.len() as u64, "step {step}");
    }
    let mut all = vec![0; model.len()];
    scratch.read_at(&mut all, 0).unwrap();
    assert!(all == model);
}

#[test]
fn overwriting_never_reuses_a_key_stream() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = Scratch::new(folder.path()).unwrap();
    let mut seen = Vec::new();
    for byte in [0_u8, 0, 0xff, 0] {
        scratch.write_at(&[byte; 512], 1024).unwrap();
        let raw = raw(&scratch);
        let stream: Vec<u8> = raw[HEAD + 1024..HEAD + 1536].iter().map(|sealed| sealed ^ byte).collect();
        assert!(!seen.contains(&stream));
        seen.push(stream);
    }
    // nor do two blocks, nor two files
    scratch.write_at(&[0; 2 * BLOCK], 0).unwrap();
    let first = raw(&scratch);
    assert_ne!(first[HEAD..SLOT], first[SLOT + HEAD..]);
    let other = Scratch::new(folder.path()).unwrap();
    other.write_at(&[0; BLOCK], 0).unwrap();
    assert_ne!(raw(&other)[HEAD..SLOT], first[HEAD..SLOT]);
}

#[test]
fn bytes_that_changed_on_the_disk_are_an_error_and_not_data() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = Scratch::new(folder.path()).unwrap();
    compact(&ordinary(&folder.path().join("a.db"), 4096, 500), &scratch).unwrap();
    let whole = raw(&scratch);
    let mut raw = whole.clone();
    raw[SLOT..].chunks_exact_mut(SLOT).for_each(|slot| slot[100] ^= 1);
    scratch.content.file.write_all_at(&raw, 0).unwrap();
    let error = scratch.read_at(&mut [0; 10], 2 * BLOCK as u64).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    let error = scratch.open().unwrap().value::<i64>("SELECT sum(id) FROM t", &[]).unwrap_err();
    assert!(matches!(error, Error::Io { sqlite_code: Some(8202), .. }), "{error}");
    // a block in another block's place is noticed too
    raw = whole;
    raw.copy_within(3 * SLOT..4 * SLOT, 2 * SLOT);
    scratch.content.file.write_all_at(&raw, 0).unwrap();
    assert!(scratch.read_at(&mut [0; 10], 2 * BLOCK as u64).is_err());
}

#[test]
fn two_are_used_at_once_on_two_threads() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for number in 0..2 {
            let folder = folder.path();
            scope.spawn(move || {
                for round in 0..5 {
                    let source = ordinary(&folder.join(format!("{number}-{round}.db")), 1024, 400 + number * 100);
                    let scratch = Scratch::new(folder).unwrap();
                    compact(&source, &scratch).unwrap();
                    let opened = scratch.open().unwrap();
                    must_be_sound(&opened);
                    assert!(rows(&opened) == rows(&source));
                }
            });
        }
    });
}

#[test]
fn it_takes_one_connection_at_a_time_and_goes_with_the_last_user() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = Scratch::new(folder.path()).unwrap();
    let opened = scratch.open().unwrap();
    opened.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
    assert!(matches!(scratch.open().err().unwrap(), Error::Busy { .. }));
    drop(opened);
    let opened = scratch.open().unwrap();
    let uri = scratch.uri();
    drop(scratch);
    assert_eq!(opened.value::<i64>("SELECT a FROM t", &[]).unwrap(), Some(1));
    // what is withdrawn, and what never was one, cannot be opened or made
    let plain = folder.path().join("plain.db");
    for wrong in [uri, format!("file:{}?vfs={}", plain.display(), vfs::NAME)] {
        let error = opened.execute("VACUUM INTO ?", &[Value::from(wrong.as_str())]).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");
    }
    assert_eq!(entries(folder.path()), 0);
}

#[test]
fn a_full_disk_is_said_to_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let source = ordinary(&folder.path().join("a.db"), 4096, 500);
    let mut scratch = Scratch::new(folder.path()).unwrap();
    let full = File::options().read(true).write(true).open("/dev/full").unwrap();
    let mut content = Content::new(folder.path()).unwrap();
    content.file = full;
    scratch.content = Arc::new(content);
    vfs::publish(&scratch.name, &scratch.content);
    assert_eq!(scratch.write_at(b"x", 0).unwrap_err().kind(), io::ErrorKind::StorageFull);
    let error = compact(&source, &scratch).unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
}

#[test]
fn a_folder_that_is_not_there_is_said_to_be_so() {
    let error = Scratch::new(Path::new("/nonexistent/folder")).err().unwrap();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}

#[test]
fn without_nameless_files_the_name_is_gone_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = unnamed(folder.path()).unwrap();
    assert_eq!(entries(folder.path()), 0);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    file.write_all_at(b"works", 3).unwrap();
}
