//! How the bytes of a backup are wrapped: zstd (one standard frame), then age (a standard age file), in one pass.
//!
//! Leaves to others: what the bytes are, whole files, their names and hashes. A flipped bit that changes no byte of the
//! content (an unused bit of a zstd header) passes here; who wants to find those hashes the wrapped bytes.
//!
//! Invariants: memory does not grow with the content; an unfinished stream never reads as a whole one; what
//! was read counts only after the reader said `Ok(0)`, because the checks of both formats stand at their end;
//! no key and no passphrase appears in a message or in `Debug` output.

use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt, x25519};
use zstd::stream::raw::{self, Operation};
use zstd::zstd_safe::CParameter;

use crate::error::{Error, Result};

/// Bytes that the zstd worker takes at a time. Left alone it takes four windows, of which it keeps four: 32 MB at level 3.
const JOB_BYTES: u32 = 1 << 20;

/// Passphrases cost 2^18 rounds of scrypt (256 MB for about a second), as with the `age` program.
/// why not what the crate measures: on a machine that is busy just then it would choose a weak one.
const WORK_FACTOR: u8 = 18;

/// A file that asks for more rounds than 2^20 (1 GB) is refused: memory and time would be its author's to choose.
const MAX_WORK_FACTOR: u8 = 20;

/// The longest age header that is read: room for a few thousand recipients.
const MAX_HEADER: u64 = 1 << 20;

const BUFFER: usize = 128 << 10;
const AGE_MAGIC: &[u8] = b"age-encryption.org/v1";
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// How a backup's bytes are wrapped on their way to the disk.
#[derive(Clone, Debug, Default)]
pub struct Wrapping {
    /// The zstd level, 1 to 19; `None` for plain. 1 and 3 take 10 MB of memory, 9 takes 20, 19 takes 125.
    pub compress: Option<i32>,
    /// Who can open it; `None` for everyone.
    pub encrypt: Option<Seal>,
}

/// Whom a backup is encrypted for.
#[derive(Clone)]
pub enum Seal {
    /// Age recipients, `age1...`.
    Recipients(Vec<String>),
    /// Everyone who knows it.
    Passphrase(String),
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seal::Recipients(recipients) => f.debug_tuple("Recipients").field(&recipients.len()).finish(),
            Seal::Passphrase(_) => f.write_str("Passphrase(..)"),
        }
    }
}

/// What opens an encrypted backup.
#[derive(Clone, Default)]
pub struct Keys {
    /// Age identities, `AGE-SECRET-KEY-1...`, or whole identity files with their comments and blank lines.
    pub identities: Vec<String>,
    /// The passphrase, for a backup that was encrypted with one.
    pub passphrase: Option<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passphrase = if self.passphrase.is_some() { "given" } else { "none" };
        f.debug_struct("Keys").field("identities", &self.identities.len()).field("passphrase", &passphrase).finish()
    }
}

/// Whether a file with these first bytes is an age file.
#[must_use]
pub fn is_encrypted(first: &[u8]) -> bool {
    first.starts_with(AGE_MAGIC)
}

/// Whether a file with these first bytes is a zstd frame.
#[must_use]
pub fn is_compressed(first: &[u8]) -> bool {
    first.starts_with(ZSTD_MAGIC)
}

impl Wrapping {
    /// Fails when a backup could not be written like this. Asks nothing of the disk.
    pub fn check(&self) -> Result<()> {
        if let Some(level) = self.compress.filter(|level| !(1..=19).contains(level)) {
            return Err(Error::InvalidOption { key: "compress".into(), reason: format!("{level} is outside 1 to 19") });
        }
        match &self.encrypt {
            Some(Seal::Recipients(given)) => recipients(given).map(drop),
            Some(Seal::Passphrase(passphrase)) if passphrase.is_empty() => {
                Err(Error::InvalidOption { key: "passphrase".into(), reason: "is empty".into() })
            }
            _ => Ok(()),
        }
    }

    /// What the name of a file that is wrapped like this ends with.
    #[must_use]
    pub fn suffix(&self) -> &'static str {
        match (self.compress.is_some(), self.encrypt.is_some()) {
            (false, false) => "",
            (true, false) => ".zst",
            (false, true) => ".age",
            (true, true) => ".zst.age",
        }
    }

    /// Wraps what is written, on its way `into` there. A passphrase takes about a second.
    pub fn writer<'w, W: Write + 'w>(&self, into: W) -> Result<Writer<'w>> {
        self.check()?;
        let failed = |error: io::Error| Error::from_io("the backup", &error);
        // why a buffer: the age crate hides why it could not write its header, such as a full disk
        let mut layers: Box<dyn Layer + 'w> = Box::new(Bottom(io::BufWriter::new(into)));
        if let Some(seal) = &self.encrypt {
            layers = Box::new(encryptor(seal)?.wrap_output(layers).map_err(failed)?);
        }
        if let Some(level) = self.compress {
            let encoder = zstd::Encoder::new(layers, level).and_then(|mut encoder| {
                encoder.include_checksum(true)?;
                encoder.multithread(1)?;
                encoder.set_parameter(CParameter::JobSize(JOB_BYTES))?;
                Ok(encoder)
            });
            layers = Box::new(encoder.map_err(failed)?);
        }
        Ok(Writer { layers, failed: false })
    }
}

fn recipients(given: &[String]) -> Result<Vec<x25519::Recipient>> {
    let wrong = |reason: String| Error::InvalidOption { key: "encrypt_to".into(), reason };
    if given.is_empty() {
        return Err(wrong("names no recipient".into()));
    }
    let parse = |(number, text): (usize, &String)| {
        text.parse().map_err(|detail| {
            // why so careful: what was put here by mistake may be a secret
            wrong(match text.get(..15) {
                Some(start) if start.eq_ignore_ascii_case("age-secret-key-") => {
                    format!("number {number} is an identity, which is secret; give the recipient that belongs to it")
                }
                _ if text.starts_with("age1") => format!("{text} is not a recipient: {detail}"),
                _ => format!("number {number} is not a recipient, which begins with age1"),
            })
        })
    };
    (1..).zip(given).map(parse).collect()
}

fn encryptor(seal: &Seal) -> Result<Encryptor> {
    let made = match seal {
        Seal::Recipients(given) => {
            let recipients = recipients(given)?;
            Encryptor::with_recipients(recipients.iter().map(|recipient| recipient as &dyn age::Recipient))
        }
        Seal::Passphrase(passphrase) => {
            let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.clone()));
            recipient.set_work_factor(WORK_FACTOR);
            Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        }
    };
    made.map_err(|error| Error::InvalidOption { key: "encrypt_to".into(), reason: error.to_string() })
}

/// Wraps what is written to it. Dropped without [`Writer::finish`] it leaves a stream that no reader takes for whole.
pub struct Writer<'w> {
    layers: Box<dyn Layer + 'w>,
    failed: bool,
}

impl Writer<'_> {
    /// Writes what is still held back and the ends of the formats, and flushes.
    pub fn finish(self) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("an earlier write failed"));
        }
        self.layers.finish()
    }

    fn noted<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        // why: after a failure nobody knows how much arrived, and a proper end behind it would be a lie
        self.failed |= outcome.as_ref().is_err_and(|error| error.kind() != ErrorKind::Interrupted);
        outcome
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.layers.write(bytes);
        self.noted(outcome)
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.layers.flush();
        self.noted(outcome)
    }
}

/// One of the formats around another.
trait Layer: Write {
    fn finish(self: Box<Self>) -> io::Result<()>;
}

struct Bottom<W>(W);

impl<W: Write> Write for Bottom<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write> Layer for Bottom<W> {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

impl<'w> Layer for age::stream::StreamWriter<Box<dyn Layer + 'w>> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.finish()
    }
}

impl<'w> Layer for zstd::Encoder<'static, Box<dyn Layer + 'w>> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.finish()
    }
}

/// Unwraps what is read `from` there; messages call it `named`.
///
/// Damage found while reading has the kind `InvalidData` or `UnexpectedEof`, see [`failure`].
pub fn reader<'r, R: Read + 'r>(
    from: R,
    is_encrypted: bool,
    is_compressed: bool,
    keys: &Keys,
    named: &str,
) -> Result<Box<dyn Read + 'r>> {
    let mut layers: Box<dyn Read + 'r> = Box::new(from);
    if is_encrypted {
        layers = Box::new(Decrypted(decrypted(layers, keys, named)?));
    }
    if is_compressed {
        let decoder = raw::Decoder::new().map_err(|error| Error::from_io(named, &error))?;
        let from = BufReader::with_capacity(BUFFER, layers);
        layers = Box::new(Decompressed { from, decoder, state: State::Inside });
    }
    Ok(layers)
}

/// The error for a reader that failed: damage in what was read, or the machine.
#[must_use]
pub fn failure(named: &str, error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => damaged(named, &error.to_string()),
        _ => Error::from_io(named, error),
    }
}

fn damaged(named: &str, detail: &str) -> Error {
    Error::BackupInvalid { path: named.to_owned(), detail: detail.to_owned() }
}

fn decrypted<'r>(from: impl Read + 'r, keys: &Keys, named: &str) -> Result<age::stream::StreamReader<impl Read + 'r>> {
    let sealed = |detail: String| Error::Decrypt { path: named.to_owned(), detail };
    let mut from = BufReader::with_capacity(BUFFER, from);
    let header = header(&mut from).map_err(|error| failure(named, &error))?;
    let judged = |error: DecryptError| match error {
        DecryptError::NoMatchingKeys => sealed("it was not encrypted for the identity that was given".into()),
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => sealed("the passphrase is wrong".into()),
        DecryptError::ExcessiveWork { required, .. } => {
            sealed(format!("its passphrase takes 2^{required} rounds, and at most 2^{MAX_WORK_FACTOR} are made"))
        }
        DecryptError::UnknownFormat => sealed("it is of a version of age that is not known here".into()),
        DecryptError::Io(error) => failure(named, &error),
        _ => damaged(named, "its age header is damaged"),
    };
    let decryptor = Decryptor::new_buffered(io::Cursor::new(header).chain(from)).map_err(judged)?;
    if decryptor.is_scrypt() {
        let Some(passphrase) = &keys.passphrase else {
            return Err(sealed("it was encrypted with a passphrase, and none was given".into()));
        };
        let mut identity = scrypt::Identity::new(SecretString::from(passphrase.clone()));
        identity.set_max_work_factor(MAX_WORK_FACTOR);
        return decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(judged);
    }
    let identities = identities(keys).map_err(&sealed)?;
    if identities.is_empty() {
        return Err(sealed("no identity was given".into()));
    }
    decryptor.decrypt(identities.iter().map(|identity| identity as &dyn age::Identity)).map_err(judged)
}

/// The bytes of the age header and no more.
/// why not left to the crate: it would read a header without an end until memory does.
fn header(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut header = Vec::new();
    let mut from = from.take(MAX_HEADER);
    loop {
        let begin = header.len();
        from.read_until(b'\n', &mut header)?;
        let line = &header[begin..];
        if begin == 0 && !is_encrypted(line) {
            return Err(invalid("it is not an age file"));
        }
        if !line.ends_with(b"\n") {
            return Err(invalid("its age header has no end"));
        }
        if line.starts_with(b"--- ") {
            return Ok(header);
        }
    }
}

fn identities(keys: &Keys) -> Result<Vec<x25519::Identity>, String> {
    let mut all = Vec::new();
    for (number, text) in (1..).zip(&keys.identities) {
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if !text.is_empty() && !text.starts_with('#') {
                all.push(text.parse().map_err(|_| {
                    format!("line {line} of identity {number} is not an identity, which begins with AGE-SECRET-KEY-1")
                })?);
            }
        }
    }
    Ok(all)
}

fn invalid(detail: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, detail.into())
}

fn truncated() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "it ends too early")
}

/// The content of an age file.
struct Decrypted<R>(age::stream::StreamReader<R>);

impl<R: Read> Read for Decrypted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => invalid("its encrypted bytes are damaged"),
            ErrorKind::UnexpectedEof => truncated(),
            _ => error,
        })
    }
}

#[derive(Clone, Copy)]
enum State {
    Inside,
    /// The frame is whole; nothing may follow it.
    Behind,
    Done,
    Broken,
}

/// The content of one zstd frame with nothing behind it.
struct Decompressed<R> {
    from: BufReader<R>,
    decoder: raw::Decoder<'static>,
    state: State,
}

impl<R: Read> Decompressed<R> {
    fn step(&mut self, into: &mut [u8]) -> io::Result<Option<usize>> {
        match self.state {
            State::Done => return Ok(Some(0)),
            State::Broken => return Err(invalid("its compressed bytes are damaged")),
            State::Inside | State::Behind => {}
        }
        let input = self.from.fill_buf()?;
        let ended = input.is_empty();
        if matches!(self.state, State::Behind) {
            self.state = if ended { State::Done } else { State::Broken };
            return if ended { Ok(Some(0)) } else { Err(invalid("something follows its compressed bytes")) };
        }
        let outcome = self.decoder.run_on_buffers(input, into);
        let status = outcome.map_err(|error| {
            self.state = State::Broken;
            invalid(format!("its compressed bytes are damaged ({error})"))
        })?;
        self.from.consume(status.bytes_read);
        if status.remaining == 0 {
            self.state = State::Behind;
        } else if ended && status.bytes_written == 0 {
            return Err(truncated());
        }
        Ok(Some(status.bytes_written).filter(|written| *written > 0))
    }
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(read) = self.step(into)? {
                return Ok(read);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};

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
        let mut wrapped = Vec::new();
        let mut writer = wrapping.writer(&mut wrapped).unwrap();
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

            let both =
                Wrapping { compress: None, encrypt: Some(Seal::Recipients(vec![other.clone(), recipient.clone()])) };
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
        assert!(
            error.contains("number 1 is an identity, which is secret") && !error.contains(&secret[20..]),
            "{error}"
        );
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
            for error in [wrapping.check().unwrap_err(), wrapping.writer(&mut written).err().unwrap()] {
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
        // whole as zstd, but the end of the age stream around it was cut
        let inner = wrap(&Wrapping { compress: Some(1), encrypt: None }, &self::content(29_000), 9_000);
        let mut cut = Vec::new();
        let mut writer = for_one(&recipient, None).writer(&mut cut).unwrap();
        writer.write_all(&[inner.as_slice(), &[7; 100_000]].concat()).unwrap();
        drop(writer);
        let error = unwrap(&for_one(&recipient, Some(1)), &cut, &keys).unwrap_err();
        assert!(matches!(error, Error::BackupInvalid { .. }), "{error}");
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
                let mut wrapped = Vec::new();
                let mut writer = wrapping.writer(&mut wrapped).unwrap();
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
        for wrapping in [Wrapping::default(), Wrapping { compress: Some(1), encrypt: None }, for_one(&recipient, None)]
        {
            for room in [0, 100, 150_000] {
                let mut writer = wrapping.writer(Full(room)).unwrap();
                let noise: Vec<u8> = content(9_000_000);
                let error = writer.write_all(&noise).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::StorageFull, "{room}");
                assert!(writer.finish().is_err());
            }
        }
    }
}
