//! Wav and AIFF files, whose sound lies in a chunk among others.
//!
//! Sizes in these files are often wrong: a program that writes into a pipe does not know them, and
//! a recorder that loses power never writes them. So the chunks are walked by what is really there.
//! The sound is then given to symphonia behind a plain header of known form.

use super::layout::{Coding, Layout, Numbers, Order, aiff_layout, wav_layout};
use super::splice::Splice;
use crate::{Error, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Most chunks that are walked, so that a file of empty chunks ends soon.
const MAX_CHUNKS: usize = 10_000;
/// Bytes of a chunk that describes the sound; longer ones are read up to here.
const MAX_DESCRIPTION: u64 = 128;
/// Programs that write into a pipe put a size from here on for "unknown".
const UNKNOWN_SIZE: u64 = 0x7fff_0000;

/// The sound of a file of chunks.
pub(super) struct Sound {
    pub layout: Layout,
    /// Where the samples begin.
    start: u64,
    /// Their length in bytes, a whole number of frames if the file does not end before.
    length: u64,
    /// What is wrong with the file.
    pub warnings: Vec<String>,
}

impl Sound {
    /// Whether the samples are floating-point numbers.
    pub fn is_float(&self) -> bool {
        matches!(self.layout.coding, Coding::Float(_))
    }

    /// The sound behind a header that symphonia reads.
    pub fn source(&self, file: File) -> Splice<File> {
        let head =
            if self.layout.coding == Coding::Mpeg { Vec::new() } else { self.layout.header() };
        Splice::new(head, file, self.start, self.length, self.layout.change)
    }
}

/// A file whose chunks are walked.
struct Walk<'a> {
    path: &'a Path,
    file: File,
    /// Length of the file in bytes.
    end: u64,
    order: Order,
}

impl Walk<'_> {
    fn damaged(&self, message: impl Into<String>) -> Error {
        Error::audio(self.path, message)
    }

    /// The bytes from `at` on, at most `count`.
    fn read(&mut self, at: u64, count: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| (&mut self.file).take(count).read_to_end(&mut bytes))
            .map_err(|source| Error::io(self.path, source))?;
        Ok(bytes)
    }

    /// Name and size of the chunk that begins at `at`; `None` if the file ends before.
    fn chunk(&mut self, at: u64) -> Result<Option<([u8; 4], u64)>> {
        let head = self.read(at, 8)?;
        let Some(name) = head.first_chunk::<4>().filter(|_| head.len() == 8) else {
            return Ok(None);
        };
        Ok(Some((*name, Numbers(&head, self.order).u32(4).into())))
    }

    /// Whether a chunk seems to begin at `at`, or the file ends there.
    fn goes_on_at(&mut self, at: u64) -> Result<bool> {
        if at >= self.end {
            return Ok(true);
        }
        Ok(self.chunk(at)?.is_some_and(|(name, size)| {
            name.iter().all(|c| c.is_ascii_alphanumeric() || b" _-.()".contains(c))
                && name.iter().any(u8::is_ascii_alphabetic)
                && at + 8 + size <= self.end + 1
        }))
    }

    /// Where the chunk behind one that ends at `end` begins. Chunks of odd length are followed by
    /// one byte, but some programs leave it out.
    fn next(&mut self, end: u64, size: u64) -> Result<u64> {
        let padded = end + size % 2;
        if padded != end && !self.goes_on_at(padded)? && self.goes_on_at(end)? {
            return Ok(end);
        }
        Ok(padded)
    }
}

/// Finds the sound in a wav or AIFF file, whose first chunk begins at byte `start`.
///
/// # Errors
/// [`Error::AudioFile`] if there is none or it is of a kind that is not read, [`Error::Io`] if the
/// file cannot be read.
pub(super) fn find_sound(path: &Path, file: File, start: u64) -> Result<(Sound, File)> {
    let io = |source| Error::io(path, source);
    let end = file.metadata().map_err(io)?.len();
    let mut walk = Walk { path, file, end, order: Order::Little };
    let head = walk.read(start, 12)?;
    let is_aiff = head.starts_with(b"FORM");
    if is_aiff || head.starts_with(b"RIFX") {
        walk.order = Order::Big;
    }
    let compressed = head.ends_with(b"AIFC");
    let mut layout = None;
    let mut announced = None;
    let mut data: Option<(u64, u64)> = None;
    // The size of the sound in an RF64 file, which does not fit into its chunk.
    let mut long_size = None;
    let mut at = start + 12;
    for _ in 0..MAX_CHUNKS {
        let Some((name, size)) = walk.chunk(at)? else { break };
        let body = at + 8;
        match &name {
            b"fmt " if !is_aiff => {
                let text = walk.read(body, size.min(MAX_DESCRIPTION))?;
                layout.get_or_insert(wav_layout(path, &Numbers(&text, walk.order))?);
            }
            b"COMM" if is_aiff => {
                let text = walk.read(body, size.min(MAX_DESCRIPTION))?;
                let numbers = Numbers(&text, walk.order);
                layout.get_or_insert(aiff_layout(path, &numbers, compressed)?);
            }
            b"fact" if !is_aiff => {
                let text = walk.read(body, 4)?;
                announced = Some(Numbers(&text, walk.order).u32(0).into());
            }
            b"ds64" => {
                let text = walk.read(body, 16)?;
                long_size = Some(Numbers(&text, walk.order).u64(8));
            }
            b"data" if !is_aiff => {
                data.get_or_insert((body, size));
            }
            b"SSND" if is_aiff => {
                let text = walk.read(body, 8)?;
                let offset = 8 + u64::from(Numbers(&text, walk.order).u32(0));
                data.get_or_insert((body + offset, size.saturating_sub(offset)));
            }
            _ => {}
        }
        if data.is_some() && layout.is_some() {
            break;
        }
        at = walk.next(body + size, size)?;
    }
    let Some((body, size)) = data else {
        return Err(walk.damaged("holds no sound: it ends before its samples"));
    };
    let Some(mut layout) = layout else {
        return Err(walk.damaged("does not say how its samples are stored: its header is damaged"));
    };
    let size = long_size.filter(|_| size == u64::from(u32::MAX)).unwrap_or(size);
    let (length, warnings) = length_of(&mut walk, &layout, body, size)?;
    layout.frames = announced;
    layout.limit_frames(length);
    Ok((Sound { layout, start: body, length, warnings }, walk.file))
}

/// The length in bytes of the sound that begins at `start` and is said to be `size` bytes long, and
/// what is to be said about it.
fn length_of(
    walk: &mut Walk,
    layout: &Layout,
    start: u64,
    size: u64,
) -> Result<(u64, Vec<String>)> {
    let mut warnings = Vec::new();
    let there = walk.end.saturating_sub(start);
    let time = |bytes: u64| layout.time_text(bytes);
    let mut length = size.min(there);
    if size == 0 && there > 0 && !walk.goes_on_at(start)? {
        length = there;
        warnings.push(format!(
            "its header says that it holds no sound, as if the recorder had lost power; the {} \
             behind the header were taken",
            time(there)
        ));
    } else if size > there && size < UNKNOWN_SIZE {
        warnings.push(format!("is cut short: {} of {} are there", time(there), time(size)));
    } else if size < there && !walk.goes_on_at(start + size + size % 2)? {
        let more = there - size;
        // The size counts modulo 4 GiB in files that grew longer than that.
        let wrapped = more >= 1 << 32;
        if wrapped {
            length = there;
            warnings.push("its header says too little by 4 GiB or more; all was taken".into());
        } else if more > 1 && !walk.goes_on_at(start + size)? {
            warnings.push(format!(
                "{more} bytes behind its sound are of no known kind and were left out"
            ));
        }
    }
    if layout.is_plain() {
        let over = length % u64::from(layout.frame_bytes);
        // Of a file that is cut short anywhere, enough was said.
        if over > 0 && size <= there {
            let bytes = if over == 1 { "byte" } else { "bytes" };
            warnings.push(format!("ends within a sample; {over} {bytes} of it left out"));
        }
        length -= over;
    }
    Ok((length, warnings))
}
