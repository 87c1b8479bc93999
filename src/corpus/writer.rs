//! Writing a file of frames as the frames come, in memory that does not grow with them.

use super::frames::Skipped;
use super::header;
use crate::files::{beside, folder_of, persist};
use crate::timbre::Scaler;
use crate::timbre::scaler::Mean;
use crate::{Error, Params, Result};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, SpooledTempFile};

/// Bytes of an array that are kept in memory before they go to disk.
const SPOOL: usize = 1 << 20;
/// Values that are turned into bytes at a time.
const BLOCK: usize = 1 << 14;
/// The data begins at a multiple of so many bytes.
const ALIGNMENT: usize = 64;
/// More frames or samples than any file has: a header that names them is as long as any.
const MANY: usize = 1 << 40;

/// Frames that belong together, row-major.
pub(super) struct Rows<'a> {
    pub f0_hz: &'a [f32],
    pub voicedness: &'a [f32],
    pub mfcc: &'a [f32],
    pub spectrum: &'a [f32],
    pub times_s: &'a [f32],
    pub file_index: &'a [i32],
}

/// A file that is being written beside its place.
///
/// The spectra go straight into it, behind room for the header; the small arrays, which follow
/// them, are kept in temporary files until the number of frames is known.
pub(super) struct Writer<'a> {
    path: PathBuf,
    params: &'a Params,
    files: &'a [String],
    skipped: &'a [Skipped],
    file: NamedTempFile,
    /// mfcc, f0, voicedness, times, recordings: in the file's order.
    small: [SpooledTempFile; 5],
    /// Bytes for the header's text.
    room: usize,
    frames: usize,
    mean: Mean,
    block: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Begins a file that will be `path`.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written there.
    pub fn new(
        path: &Path,
        params: &'a Params,
        files: &'a [String],
        skipped: &'a [Skipped],
    ) -> Result<Self> {
        let longest = 8 + header::text(params, files, skipped, Some(MANY), MANY).len();
        let room = longest.next_multiple_of(ALIGNMENT) - 8;
        let n_mfcc = params.analysis().n_mfcc;
        let mut file = beside(path)?;
        let data = (8 + room + 2 * 8 * n_mfcc) as u64;
        file.seek(SeekFrom::Start(data)).map_err(|source| Error::io(path, source))?;
        let spool = || SpooledTempFile::new_in(SPOOL, folder_of(path));
        Ok(Self {
            path: path.into(),
            params,
            files,
            skipped,
            file,
            small: std::array::from_fn(|_| spool()),
            room,
            frames: 0,
            mean: Mean::new(n_mfcc),
            block: Vec::new(),
        })
    }

    /// Number of frames so far.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Appends frames.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be written.
    pub fn push(&mut self, rows: &Rows) -> Result<()> {
        self.mean.add(rows.mfcc);
        self.frames += rows.f0_hz.len();
        let block = &mut self.block;
        let [mfcc, f0_hz, voicedness, times_s, file_index] = &mut self.small;
        put(&mut self.file, block, rows.spectrum, f32::to_le_bytes)
            .and_then(|()| put(mfcc, block, rows.mfcc, f32::to_le_bytes))
            .and_then(|()| put(f0_hz, block, rows.f0_hz, f32::to_le_bytes))
            .and_then(|()| put(voicedness, block, rows.voicedness, f32::to_le_bytes))
            .and_then(|()| put(times_s, block, rows.times_s, f32::to_le_bytes))
            .and_then(|()| put(file_index, block, rows.file_index, i32::to_le_bytes))
            .map_err(|source| Error::io(&self.path, source))
    }

    /// Completes the file and puts it in its place. The coefficients' standardisation is fitted to
    /// them where none is given; `samples` are those of a shard's recording.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; an existing one then stays as it was.
    pub fn finish(self, scaler: Option<&Scaler>, samples: Option<usize>) -> Result<()> {
        let path = self.path.clone();
        let file = self.complete(scaler, samples).map_err(|source| Error::io(&path, source))?;
        persist(file, &path)
    }

    fn complete(
        mut self,
        scaler: Option<&Scaler>,
        samples: Option<usize>,
    ) -> io::Result<NamedTempFile> {
        let mut spread = self.mean.spread();
        let mut block = vec![0; 4 * self.params.analysis().n_mfcc * 1024];
        for (at, array) in self.small.iter_mut().enumerate() {
            array.rewind()?;
            loop {
                // The coefficients in whole rows.
                let read = read_up_to(array, &mut block)?;
                if read == 0 {
                    break;
                }
                if at == 0 && scaler.is_none() {
                    let values = block[..read].as_chunks::<4>().0.iter();
                    let values: Vec<f32> = values.map(|b| f32::from_le_bytes(*b)).collect();
                    spread.add(&values);
                }
                self.file.write_all(&block[..read])?;
            }
        }
        let fitted = spread.scaler();
        let scaler = scaler.unwrap_or(&fitted);
        let text = header::text(self.params, self.files, self.skipped, samples, self.frames);
        self.file.rewind()?;
        self.file.write_all(&(self.room as u64).to_le_bytes())?;
        // The format allows spaces after the header.
        write!(self.file, "{text:<0$}", self.room)?;
        put(&mut self.file, &mut self.block, &scaler.mean, f64::to_le_bytes)?;
        put(&mut self.file, &mut self.block, &scaler.scale, f64::to_le_bytes)?;
        Ok(self.file)
    }
}

fn put<T: Copy, const N: usize>(
    file: &mut impl Write,
    bytes: &mut Vec<u8>,
    values: &[T],
    to_bytes: impl Fn(T) -> [u8; N],
) -> io::Result<()> {
    for block in values.chunks(BLOCK) {
        bytes.clear();
        bytes.extend(block.iter().flat_map(|&value| to_bytes(value)));
        file.write_all(bytes)?;
    }
    Ok(())
}

/// Fills `block`, or as much of it as there is.
fn read_up_to(file: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match file.read(&mut block[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}
