//! Writes a file of frames piece by piece, so that memory does not grow with their number.

use super::frames::{Remark, Skipped};
use super::header;
use super::stored::{from_le_bytes, to_le_bytes};
use crate::analysis::{FeaturesView, table};
use crate::files::{beside, folder_of, persist};
use crate::timbre::Scaler;
use crate::timbre::scaler::Mean;
use crate::{Error, Params, Result};
use bytemuck::Pod;
use ndarray::{ArrayRef, ArrayRef1, Dimension};
use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, SpooledTempFile};

/// A small array is kept in memory up to this many bytes; a larger one goes to disk.
const SPOOL_BYTES: usize = 1 << 20;
/// Frames whose small arrays are copied at a time.
const COPIED_FRAMES: usize = 1024;
/// The arrays begin at a multiple of this many bytes.
const ALIGNMENT: usize = 64;
/// More frames or samples than any file has. The space for the header is that of a header with
/// these numbers, the longest possible one.
const MORE_THAN_ANY: usize = 1 << 40;
/// Space in the header of a shard for warnings, which are known only at its end, bytes.
const WARNINGS_BYTES: usize = 4096;

/// A file of frames that is being written under a temporary name.
///
/// The spectra go straight into the file, after some space for the header. The smaller arrays come
/// after all spectra, so they are kept in temporary files until the last frame has come.
pub(super) struct FramesWriter<'a> {
    path: PathBuf,
    params: &'a Params,
    files: &'a [String],
    skipped: &'a [Skipped],
    warnings: Cow<'a, [Remark]>,
    file: NamedTempFile,
    /// Coefficients, fundamentals, voicedness, times and recording numbers, in the file's order.
    small: [SpooledTempFile; 5],
    /// Number of bytes reserved for the header's text.
    header_space: usize,
    frames: usize,
    mean: Mean,
}

impl<'a> FramesWriter<'a> {
    /// Begins a file that will be moved to `path` when it is complete.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written there.
    pub fn new(
        path: &Path,
        params: &'a Params,
        files: &'a [String],
        skipped: &'a [Skipped],
        warnings: &'a [Remark],
    ) -> Result<Self> {
        let most = Some(MORE_THAN_ANY);
        let text = header::text(params, files, skipped, warnings, most, MORE_THAN_ANY);
        let longest = 8 + text.len() + WARNINGS_BYTES;
        let header_space = longest.next_multiple_of(ALIGNMENT) - 8;
        let n_mfcc = params.analysis().n_mfcc;
        let mut file = beside(path)?;
        let data = (8 + header_space + 2 * 8 * n_mfcc) as u64;
        file.seek(SeekFrom::Start(data)).map_err(|source| Error::io(path, source))?;
        let spool = || SpooledTempFile::new_in(SPOOL_BYTES, folder_of(path));
        Ok(Self {
            path: path.into(),
            params,
            files,
            skipped,
            warnings: Cow::Borrowed(warnings),
            file,
            small: std::array::from_fn(|_| spool()),
            header_space,
            frames: 0,
            mean: Mean::new(n_mfcc),
        })
    }

    /// Adds warnings about the recording; those that do not fit into the header are left out.
    pub fn warn(&mut self, lines: &[String]) {
        let mut space = WARNINGS_BYTES;
        let file = self.files.first().map_or("", String::as_str);
        for line in lines {
            let remark = Remark { path: file.into(), message: line.clone() };
            // A quotation mark within JSON within JSON takes four bytes.
            let bytes = 64 + file.len() + 4 * line.len();
            if bytes > space {
                break;
            }
            space -= bytes;
            self.warnings.to_mut().push(remark);
        }
    }

    /// Number of frames that were appended.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Appends frames, with the time of each in its recording, s, and the recording's number.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be written.
    pub fn push(
        &mut self,
        features: &FeaturesView,
        times_s: &ArrayRef1<f32>,
        file_index: &ArrayRef1<i32>,
    ) -> Result<()> {
        self.mean.add(&features.mfcc);
        self.frames += features.len();
        let [mfcc, f0_hz, voicedness, times, indices] = &mut self.small;
        write_values(&mut self.file, &features.spectrum)
            .and_then(|()| write_values(mfcc, &features.mfcc))
            .and_then(|()| write_values(f0_hz, &features.f0_hz))
            .and_then(|()| write_values(voicedness, &features.voicedness))
            .and_then(|()| write_values(times, times_s))
            .and_then(|()| write_values(indices, file_index))
            .map_err(|source| Error::io(&self.path, source))
    }

    /// Completes the file and moves it to its path. If `scaler` is `None`, one is fitted to the
    /// coefficients. `samples` is the length of the recording if the file is a shard.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; an existing file then stays as it was.
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
        let n_mfcc = self.params.analysis().n_mfcc;
        let mut spread = self.mean.spread();
        // The block holds a whole number of rows of coefficients.
        let mut block = vec![0; 4 * n_mfcc * COPIED_FRAMES];
        for (at, array) in self.small.iter_mut().enumerate() {
            array.rewind()?;
            loop {
                let read = read_up_to(array, &mut block)?;
                if read == 0 {
                    break;
                }
                let is_mfcc = at == 0;
                if is_mfcc && scaler.is_none() {
                    spread.add(&table(from_le_bytes(&block[..read]), n_mfcc));
                }
                self.file.write_all(&block[..read])?;
            }
        }
        let fitted = spread.scaler();
        let scaler = scaler.unwrap_or(&fitted);
        let text = header::text(
            self.params,
            self.files,
            self.skipped,
            &self.warnings,
            samples,
            self.frames,
        );
        self.file.rewind()?;
        self.file.write_all(&(self.header_space as u64).to_le_bytes())?;
        // The format allows spaces after the header.
        write!(self.file, "{text:<0$}", self.header_space)?;
        self.file.write_all(&to_le_bytes(&scaler.mean))?;
        self.file.write_all(&to_le_bytes(&scaler.scale))?;
        Ok(self.file)
    }
}

fn write_values<T: Pod, D: Dimension>(
    file: &mut impl Write,
    values: &ArrayRef<T, D>,
) -> io::Result<()> {
    let values = match values.as_slice() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(values.iter().copied().collect()),
    };
    file.write_all(&to_le_bytes(&values))
}

/// Reads until `block` is full or the file ends; returns the number of bytes read.
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
