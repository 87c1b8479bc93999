//! Reads a file of frames piece by piece.

use super::header::Header;
use super::stored::from_le_bytes;
use crate::analysis::{Features, table};
use crate::{Error, Result};
use ndarray::{Array1, Array2};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Frames that are read at a time.
const PIECE_FRAMES: usize = 4096;

/// An open file of frames. Its arrays are read in pieces, so that memory does not grow with the
/// file.
pub(super) struct FramesReader {
    path: PathBuf,
    file: File,
    pub header: Header,
}

impl FramesReader {
    /// Opens a file that [`Frames::save`](super::Frames::save) wrote.
    ///
    /// # Errors
    /// The same as [`Frames::load`](super::Frames::load).
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(|source| Error::io(path, source))?;
        let header = Header::read(path, &mut file)?;
        Ok(Self { path: path.into(), file, header })
    }

    /// The range of frame numbers of each piece.
    pub fn pieces(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let frames = self.header.frames;
        (0..frames).step_by(PIECE_FRAMES).map(move |at| at..frames.min(at + PIECE_FRAMES))
    }

    /// Cepstral coefficients of some frames, shape `(rows.len(), n_mfcc)`.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be read.
    pub fn mfcc(&mut self, rows: &Range<usize>) -> Result<Array2<f32>> {
        let width = self.header.params.analysis().n_mfcc;
        Ok(table(self.values("mfcc_raw", width, rows)?, width))
    }

    /// All features of some frames.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be read.
    pub fn features(&mut self, rows: &Range<usize>) -> Result<Features> {
        let n_bins = self.header.params.analysis().n_bins;
        Ok(Features {
            f0_hz: Array1::from_vec(self.values("f0_hz", 1, rows)?),
            voicedness: Array1::from_vec(self.values("voicedness", 1, rows)?),
            mfcc: self.mfcc(rows)?,
            spectrum: table(self.values("spectrum", n_bins, rows)?, n_bins),
        })
    }

    /// The values of the array `name`, which has `width` values per frame, for the frames `rows`.
    fn values(&mut self, name: &str, width: usize, rows: &Range<usize>) -> Result<Vec<f32>> {
        let start = self.header.place(name).start + 4 * width * rows.start;
        let mut bytes = vec![0; 4 * width * rows.len()];
        self.file
            .seek(SeekFrom::Start(start as u64))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|source| Error::io(&self.path, source))?;
        Ok(from_le_bytes(&bytes))
    }
}
