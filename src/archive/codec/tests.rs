//! Wrapping and unwrapping, against the crate's own other half and against the programs `zstd` and `age`.
//!
//! Leaves to others: whole backups.
//!
//! Invariant: a program decides whether a format is the standard one, not this library.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;

fn content(size: usize) -> Vec<u8> {
    // half of it noise, half of it repeats, so that zstd writes raw and compressed blocks
    let mut state = size as u64 | 1;
    let mut noise = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|at| if at / 30_000 % 2 == 0 { b"a row of some table, "[at % 21] } else { noise() }).collect()
}

fn pair() -> (String, Keys) {
    use age::secrecy::ExposeSecret;
    let identity = x25519::Identity::generate();
    let text = format!("# created: today\n\n{}\n", identity.to_string().expose_secret());
    (identity.to_public().to_string(), Keys { identities: vec![text], passphrase: None })
}

fn for_one(recipient: &str, compress: Option<i32>) -> Wrapping {
    Wrapping { compress, encrypt: Some(Seal::Recipients(vec![recipient.to_owned()])) }
}

fn wrap(wrapping: &Wrapping, content: &[u8], piece: usize) -> Vec<u8> {
    let (mut wrapped, operation) = (Vec::new(), Operation::new());
    let mut writer = wrapping.writer(&mut wrapped, &operation).unwrap();
    content.chunks(piece).for_each(|piece| writer.write_all(piece).unwrap());
    writer.finish().unwrap();
    wrapped
}

fn unwrap(wrapping: &Wrapping, wrapped: &[u8], keys: &Keys) -> Result<Vec<u8>> {
    let (encrypted, compressed) = (wrapping.encrypt.is_some(), wrapping.compress.is_some());
    let mut content = Vec::new();
    reader(wrapped, encrypted, compressed, keys, "b.db")?
        .read_to_end(&mut content)
        .map_err(|error| failure("b.db", &error))?;
    Ok(content)
}

/// What a program makes of `input`; `None` when it fails.
fn program(folder: &Path, command: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    std::fs::write(folder.join("input"), input).unwrap();
    let input = std::fs::File::open(folder.join("input")).unwrap();
    let mut run = Command::new(command[0]);
    let run = run.args(&command[1..]).current_dir(folder).stdin(input).stderr(Stdio::null());
    let output = run.output().unwrap();
    output.status.success().then_some(output.stdout)
}

#[test]
fn every_wrapping_comes_back_whole_at_every_size() {
    let (recipient, keys) = pair();
    let plain = Wrapping::default();
    let zst = |level| Wrapping { compress: Some(level), encrypt: None };
    let all = [plain, zst(1), zst(19), for_one(&recipient, None), for_one(&recipient, Some(3))];
    for size in [0, 1, 20, 4_096, 65_535, 65_536, 65_537, 131_072, 999_983, 3 << 20] {
        let content = content(size);
        for wrapping in &all {
            let wrapped = wrap(wrapping, &content, size / 3 + 1);
            assert!(unwrap(wrapping, &wrapped, &keys).unwrap() == content, "{size} {wrapping:?}");
            assert_eq!(is_encrypted(&wrapped), wrapping.encrypt.is_some());
            assert_eq!(is_compressed(&wrapped), wrapping.suffix() == ".zst");
        }
    }
}

#[test]
fn the_ordinary_programs_open_it() {
    let folder = tempfile::tempdir().unwrap();
    let (recipient, keys) = pair();
    let (other, _) = pair();
    std::fs::write(folder.path().join("key"), &keys.identities[0]).unwrap();
    for size in [0, 5_000, 65_536, 2_500_000] {
        let content = content(size);
        let zst = Wrapping { compress: Some(1), encrypt: None };
        let wrapped = wrap(&zst, &content, 4_096);
        assert!(program(folder.path(), &["zstd", "-t"], &wrapped).is_some());
        assert!(program(folder.path(), &["zstd", "-d", "-c"], &wrapped).unwrap() == content);
        // the content checksum is there
        assert!(program(folder.path(), &["zstd", "-d", "-c"], &wrapped[..wrapped.len() - 1]).is_none());

        let both = Wrapping { compress: None, encrypt: Some(Seal::Recipients(vec![other.clone(), recipient.clone()])) };
        let opened = |wrapped: &[u8]| program(folder.path(), &["age", "-d", "-i", "key"], wrapped).unwrap();
        assert!(opened(&wrap(&both, &content, 4_096)) == content);
        let compressed = opened(&wrap(&for_one(&recipient, Some(3)), &content, 4_096));
        assert!(program(folder.path(), &["zstd", "-d", "-c"], &compressed).unwrap() == content);
    }
}

#[test]
fn what_the_ordinary_programs_wrote_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (recipient, keys) = pair();
    let content = content(300_000);
    let zst = program(folder.path(), &["zstd", "-c"], &content).unwrap();
    assert!(unwrap(&Wrapping { compress: Some(1), encrypt: None }, &zst, &keys).unwrap() == content);
    let age = program(folder.path(), &["age", "-r", &recipient], &zst).unwrap();
    assert!(unwrap(&for_one(&recipient, Some(1)), &age, &keys).unwrap() == content);
}

#[test]
fn a_passphrase_opens_here_and_in_the_age_program_and_a_wrong_one_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let content = content(100_000);
    let wrapping = Wrapping { compress: Some(1), encrypt: Some(Seal::Passphrase("open sesame".into())) };
    let wrapped = wrap(&wrapping, &content, 70_000);
    let keys = |passphrase: &str| Keys { passphrase: Some(passphrase.into()), ..pair().1 };
    assert!(unwrap(&wrapping, &wrapped, &keys("open sesame")).unwrap() == content);
    for (keys, detail) in [(keys("open sesam"), "the passphrase is wrong"), (pair().1, "none was given")] {
        let error = unwrap(&wrapping, &wrapped, &keys).unwrap_err();
        assert!(matches!(&error, Error::Decrypt { detail: found, .. } if found.contains(detail)), "{error}");
    }

    // why `script`: the age program asks a terminal
    std::fs::write(folder.path().join("b.age"), &wrapped).unwrap();
    let ask = ["script", "-qec", "age -d -o b.zst b.age", "/dev/null"];
    program(folder.path(), &ask, b"open sesame\n").unwrap();
    let zst = std::fs::read(folder.path().join("b.zst")).unwrap();
    assert!(program(folder.path(), &["zstd", "-d", "-c"], &zst).unwrap() == content);
}

#[test]
fn a_passphrase_that_asks_for_too_much_work_is_refused() {
    let wrapping = Wrapping { compress: None, encrypt: Some(Seal::Passphrase("p".into())) };
    let text = "age-encryption.org/v1\n-> scrypt bbbbbbbbbbbbbbbbbbbbbg 21\n\
                gUjEymFKMVXQEKdMMHL24oYexjE3TIC0O0zGSqJ2aUY\n--- qXVTfaLwhRL+Kz1gCcbkVnr6mRLNQ54uhdpXdQSn0BY\n0123456789abcdef0123456789abcdef";
    let keys = Keys { passphrase: Some("p".into()), ..Keys::default() };
    let error = unwrap(&wrapping, text.as_bytes(), &keys).unwrap_err();
    assert_eq!(
        error.to_string(),
        "b.db cannot be decrypted: its passphrase takes 2^21 rounds, and at most 2^20 are made"
    );
}

#[test]
fn a_missing_or_wrong_key_is_an_error_of_its_own_and_tells_no_secret() {
    let (recipient, keys) = pair();
    let wrapping = for_one(&recipient, Some(1));
    let wrapped = wrap(&wrapping, b"rows", 4);
    let secret = keys.identities[0].lines().last().unwrap();
    let typo = secret.replace("AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1B");
    for (given, detail) in [
        (Keys::default(), "no identity was given"),
        (Keys { identities: vec!["# empty".into()], passphrase: Some("p".into()) }, "no identity was given"),
        (pair().1, "it was not encrypted for the identity that was given"),
        (
            Keys { identities: vec![pair().1.identities[0].clone(), format!("\n{typo}")], passphrase: None },
            "line 2 of identity 2 is not an identity, which begins with AGE-SECRET-KEY-1",
        ),
    ] {
        let error = unwrap(&wrapping, &wrapped, &given).unwrap_err();
        assert_eq!(error, Error::Decrypt { path: "b.db".into(), detail: detail.into() });
    }
    let two = Keys { identities: vec![pair().1.identities[0].clone(), secret.into()], passphrase: None };
    assert_eq!(unwrap(&wrapping, &wrapped, &two).unwrap(), b"rows");

    let sealed = Wrapping { compress: None, encrypt: Some(Seal::Passphrase("sesame".into())) };
    let shown = format!("{sealed:?} {two:?} {:?}", Keys { passphrase: Some("sesame".into()), ..two.clone() });
    assert!(!shown.contains("sesame") && !shown.contains("SECRET"), "{shown}");
    let error = for_one(secret, None).check().unwrap_err().to_string();
    assert!(error.contains("number 1 is an identity, which is secret") && !error.contains(&secret[20..]), "{error}");
}

#[test]
fn a_wrapping_that_cannot_be_is_refused_before_anything_is_written() {
    let (recipient, _) = pair();
    let to = |recipients: &[&str]| Some(Seal::Recipients(recipients.iter().map(|&r| r.to_owned()).collect()));
    for (key, compress, encrypt) in [
        ("compress", Some(0), None),
        ("compress", Some(20), None),
        ("encrypt_to", None, to(&[])),
        ("encrypt_to", None, to(&[&recipient, "mine"])),
        ("encrypt_to", None, to(&[&recipient[..40]])),
        ("passphrase", None, Some(Seal::Passphrase(String::new()))),
    ] {
        let wrapping = Wrapping { compress, encrypt };
        let mut written = Vec::new();
        for error in [wrapping.check().unwrap_err(), wrapping.writer(&mut written, &Operation::new()).err().unwrap()] {
            assert!(matches!(&error, Error::InvalidOption { key: found, .. } if found == key), "{error}");
        }
        assert!(written.is_empty());
    }
}

#[test]
fn a_flipped_bit_anywhere_is_an_error_or_changes_nothing() {
    let (recipient, keys) = pair();
    let content = content(70_000);
    let mut unseen = Vec::new();
    let zst = Wrapping { compress: Some(3), encrypt: None };
    let wrapped = wrap(&zst, &content, 50_000);
    for at in (0..64).chain((64..wrapped.len() - 64).step_by(97)).chain(wrapped.len() - 64..wrapped.len()) {
        for bit in 0..8 {
            let mut flipped = wrapped.clone();
            flipped[at] ^= 1 << bit;
            match unwrap(&zst, &flipped, &keys) {
                Ok(found) => {
                    assert!(found == content, "byte {at} bit {bit}: other content");
                    unseen.push(at);
                }
                Err(error) => assert!(matches!(error, Error::BackupInvalid { .. }), "byte {at}: {error}"),
            }
        }
    }
    // the header of the frame has bits without a meaning, and windows larger than needed are as good
    assert!(unseen.iter().all(|at| (4..6).contains(at)), "{unseen:?}");

    let age = for_one(&recipient, Some(3));
    let wrapped = wrap(&age, &content[..2_000], 2_000);
    for at in 0..wrapped.len() {
        let mut flipped = wrapped.clone();
        flipped[at] ^= 1 << (at % 8);
        let error = unwrap(&age, &flipped, &keys).unwrap_err();
        assert!(matches!(error, Error::BackupInvalid { .. } | Error::Decrypt { .. }), "byte {at}: {error}");
    }
}

#[test]
fn a_cut_or_continued_file_is_damaged() {
    let (recipient, keys) = pair();
    let content = content(140_000);
    for wrapping in
        [Wrapping { compress: Some(1), encrypt: None }, for_one(&recipient, None), for_one(&recipient, Some(1))]
    {
        let wrapped = wrap(&wrapping, &content, 50_000);
        let is_damaged = |wrapped: &[u8], how: &str| {
            let error = unwrap(&wrapping, wrapped, &keys).unwrap_err();
            assert!(matches!(error, Error::BackupInvalid { .. }), "{how}: {error}");
        };
        for left in (0..400).chain((400..wrapped.len()).step_by(4_001)).chain(wrapped.len() - 30..wrapped.len()) {
            is_damaged(&wrapped[..left], &format!("cut to {left}"));
        }
        is_damaged(&[wrapped.as_slice(), b"x"].concat(), "a byte more");
        is_damaged(&[wrapped.as_slice(), &wrapped].concat(), "twice");
        is_damaged(&[wrapped.as_slice(), &[0; 200_000]].concat(), "zeros behind");
        is_damaged(&content, "not wrapped at all");
    }
}

#[test]
fn a_whole_frame_in_an_age_file_that_was_cut_behind_it_is_damaged() {
    let (recipient, keys) = pair();
    let zst = Wrapping { compress: Some(1), encrypt: None };
    let noise = wrap(&for_one(&recipient, None), &[0; 70_000], 70_000);
    let whole = (65_400..65_536).map(|size| wrap(&zst, &noise[1_000..1_000 + size], size));
    let frame = whole.into_iter().find(|frame| frame.len() == 65_536).expect("a frame as long as a chunk of age");
    let (mut cut, operation) = (Vec::new(), Operation::new());
    let mut writer = for_one(&recipient, None).writer(&mut cut, &operation).unwrap();
    // why a byte more: it sends the full chunk on its way
    writer.write_all(&[frame.as_slice(), b"x"].concat()).unwrap();
    drop(writer);
    let error = unwrap(&for_one(&recipient, Some(1)), &cut, &keys).unwrap_err();
    assert_eq!(error.to_string(), "the backup b.db is not sound: it ends too early");
}

#[test]
fn a_header_without_an_end_is_not_read_for_ever() {
    let endless = io::Cursor::new(b"age-encryption.org/v1\n").chain(io::repeat(b'a'));
    let error = reader(endless, true, false, &pair().1, "b.db").err().unwrap();
    assert_eq!(error.to_string(), "the backup b.db is not sound: its age header has no end");
}

#[test]
fn a_writer_that_is_dropped_or_failed_leaves_no_whole_stream() {
    let (recipient, keys) = pair();
    for wrapping in [Wrapping { compress: Some(1), encrypt: None }, for_one(&recipient, None)] {
        for size in [0, 10, 65_536, 2_000_000] {
            let (mut wrapped, operation) = (Vec::new(), Operation::new());
            let mut writer = wrapping.writer(&mut wrapped, &operation).unwrap();
            writer.write_all(&content(size)).unwrap();
            drop(writer);
            assert!(unwrap(&wrapping, &wrapped, &keys).is_err(), "{size}");
        }
    }
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken > 0 { Ok(taken) } else { Err(io::Error::from(ErrorKind::StorageFull)) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for wrapping in [Wrapping::default(), Wrapping { compress: Some(1), encrypt: None }, for_one(&recipient, None)] {
        for room in [0, 100, 150_000] {
            let operation = Operation::new();
            let mut writer = wrapping.writer(Full(room), &operation).unwrap();
            let noise: Vec<u8> = content(9_000_000);
            let error = writer.write_all(&noise).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{room}");
            assert!(writer.finish().is_err());
        }
    }
}

#[test]
fn a_writer_whose_call_is_stopped_ends_at_the_next_block_with_the_reason() {
    let slow = Wrapping { compress: Some(19), encrypt: None };
    // as much as waits for the thread and no more, and a hundred times that
    for size in [1 << 20, 100 << 20] {
        let (mut wrapped, operation) = (Vec::new(), Operation::new().begin("backup", 0, Arc::default()));
        let mut writer = slow.writer(&mut wrapped, &operation).unwrap();
        let content = content(1 << 20);
        let start = std::sync::OnceLock::new();
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(60));
                start.get_or_init(Instant::now);
                operation.cancel();
            });
            let written = (0..size >> 20).try_for_each(|_| writer.write_all(&content));
            written.and_then(|()| writer.finish()).unwrap_err()
        });
        let took = start.get().expect("was stopped").elapsed();
        assert_eq!(write_failure("b.db", error), Error::Cancelled { verb: "backup" });
        assert!(took < Duration::from_secs(1), "{size}: {took:?}");
        assert!(unwrap(&slow, &wrapped, &Keys::default()).is_err());
    }
}
