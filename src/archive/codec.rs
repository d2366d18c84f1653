//! How the bytes of a backup are wrapped: zstd (one standard frame), then age (a standard age file), in one pass.
//!
//! Leaves to others: what the bytes are, whole files, their names and hashes. A flipped bit that changes no byte of the
//! content (an unused bit of a zstd header) passes here; who wants to find those hashes the wrapped bytes.
//!
//! Invariants: memory does not grow with the content; an unfinished stream never reads as a whole one; what
//! was read counts only after the reader said `Ok(0)`, because the checks of both formats stand at their end;
//! no key and no passphrase appears in a message or in `Debug` output.

mod compress;

use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt, x25519};
use zstd::stream::raw::{self, Operation as _};

use self::compress::Compressor;
use crate::error::{Error, Result};
use crate::operation::Operation;

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
    /// The zstd level, 1 to 19; `None` for plain. 1 and 3 take 5 MB of memory, 9 takes 16, 19 takes 90.
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

    /// Wraps what is written, on its way `into` there, until `operation` shall stop, see [`write_failure`]. A passphrase takes about a
    /// second.
    pub fn writer<'w, W: Write + 'w>(&self, into: W, operation: &'w Operation) -> Result<Writer<'w>> {
        self.check()?;
        let failed = |error: io::Error| Error::from_io("the backup", &error);
        // why a buffer: the age crate hides why it could not write its header, such as a full disk
        let mut layers: Box<dyn Layer + 'w> = Box::new(Bottom(io::BufWriter::new(into)));
        if let Some(seal) = &self.encrypt {
            layers = Box::new(encryptor(seal)?.wrap_output(layers).map_err(failed)?);
        }
        if let Some(level) = self.compress {
            layers = Box::new(Compressor::new(layers, level, operation).map_err(failed)?);
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

/// The error for a writer that failed: why the call was stopped, or the machine.
#[must_use]
pub fn write_failure(named: &str, error: io::Error) -> Error {
    error.downcast::<Error>().unwrap_or_else(|error| Error::from_io(named, &error))
}

/// The error for a reader that failed: damage in what was read, or the machine.
#[must_use]
pub fn failure(named: &str, error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof if error.get_ref().is_none() => damaged(named, "it ends too early"),
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
mod tests;
