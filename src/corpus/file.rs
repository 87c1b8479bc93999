//! Frames as a safetensors file.

use super::column::{Column, Plain, of_file};
use super::frames::{Features, Frames};
use super::header::Header;
use super::store::Store;
use super::writer::{Rows, Writer};
use crate::analysis::SignalFeatures;
use crate::timbre::Scaler;
use crate::{Error, Result};
use memmap2::Mmap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Frames {
    /// Writes all arrays, with the parameters as metadata.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; an existing file then stays as it was.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut writer = Writer::new(path, &self.params, &self.files, &self.skipped)?;
        writer.push(&Rows {
            f0_hz: &self.features.f0_hz,
            voicedness: &self.features.voicedness,
            mfcc: &self.features.mfcc,
            spectrum: &self.features.spectrum,
            times_s: &self.times_s,
            file_index: &self.file_index,
        })?;
        writer.finish(Some(&self.scaler), None)
    }

    /// Opens a file that [`Frames::save`] wrote, or joins the recordings of a [`Store`] in memory.
    ///
    /// The file is mapped into memory: of its arrays only what is used is read.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::FeatureFile`] if it is truncated, foreign or
    /// its arrays do not fit each other.
    pub fn load(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Store::open(path)?.load();
        }
        let io = |source| Error::io(path, source);
        let mut file = File::open(path).map_err(io)?;
        let header = Header::read(path, &mut file)?;
        // SAFETY: see `Column`, which is what the map is read through.
        let map = Arc::new(unsafe { Mmap::map(&file) }.map_err(io)?);
        if header.end() > map.len() {
            return Err(Error::features(path, "not a safetensors file: it shrank while opened"));
        }
        let frames = Self {
            file_index: column(&header, &map, "file_index"),
            times_s: column(&header, &map, "times_s"),
            features: Features {
                f0_hz: column(&header, &map, "f0_hz"),
                voicedness: column(&header, &map, "voicedness"),
                mfcc: column(&header, &map, "mfcc_raw"),
                spectrum: column(&header, &map, "spectrum"),
            },
            scaler: Scaler {
                mean: column(&header, &map, "scaler_mean").to_vec(),
                scale: column(&header, &map, "scaler_scale").to_vec(),
            },
            params: header.params,
            files: header.files,
            skipped: header.skipped,
        };
        let known = frames.files.len() as i32;
        match frames.file_index.iter().find(|index| !(0..known).contains(*index)) {
            Some(index) => {
                Err(Error::features(path, format!("a frame names file {index} of {known}")))
            }
            None => Ok(frames),
        }
    }
}

fn column<T: Plain>(header: &Header, map: &Arc<Mmap>, name: &str) -> Column<T> {
    let place = header.place(name);
    of_file(map, place.start, place.len() / size_of::<T>())
}

/// Reads a file's arrays piece by piece, into memory that does not grow with it.
pub(super) struct Reader {
    path: PathBuf,
    file: File,
    pub header: Header,
}

impl Reader {
    /// # Errors
    /// As [`Frames::load`].
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(|source| Error::io(path, source))?;
        let header = Header::read(path, &mut file)?;
        Ok(Self { path: path.into(), file, header })
    }

    /// Cepstral coefficients of `count` frames from `first` on.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be read.
    pub fn mfcc(&mut self, first: usize, count: usize) -> Result<Vec<f32>> {
        self.values("mfcc_raw", self.header.params.analysis().n_mfcc, first, count)
    }

    /// All features of `count` frames from `first` on.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be read.
    pub fn features(&mut self, first: usize, count: usize) -> Result<SignalFeatures> {
        Ok(SignalFeatures {
            f0_hz: self.values("f0_hz", 1, first, count)?,
            voicedness: self.values("voicedness", 1, first, count)?,
            mfcc: self.mfcc(first, count)?,
            spectrum: {
                let bins = self.header.params.analysis().n_bins;
                self.values("spectrum", bins, first, count)?
            },
        })
    }

    fn values(&mut self, name: &str, width: usize, first: usize, count: usize) -> Result<Vec<f32>> {
        let start = self.header.place(name).start + 4 * width * first;
        let mut bytes = vec![0; 4 * width * count];
        self.file
            .seek(SeekFrom::Start(start as u64))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|source| Error::io(&self.path, source))?;
        Ok(f32::from_bytes(&bytes))
    }
}
