//! Saves frames to one safetensors file and loads them.

use super::frames::{Frames, StoredFeatures};
use super::header::Header;
use super::stored::{Stored, from_le_bytes};
use super::writer::FramesWriter;
use crate::timbre::Scaler;
use crate::{Error, Result};
use memmap2::Mmap;
use ndarray::{Ix1, Ix2};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

impl Frames {
    /// Writes all arrays to a safetensors file, with the parameters as metadata.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; an existing file then stays as it was.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut writer =
            FramesWriter::new(path, &self.params, &self.files, &self.skipped, &self.warnings)?;
        writer.push(&self.features.view(), &self.times_s.view(), &self.file_index.view())?;
        writer.finish(Some(&self.scaler), None)
    }

    /// Opens a file that [`Frames::save`] wrote.
    ///
    /// The file is mapped into memory, so only those parts of its arrays are read that are used.
    /// [`load`](super::load()) opens stores too.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::FeatureFile`] if it is truncated, is another
    /// kind of file, or has arrays that do not fit each other.
    pub fn load(path: &Path) -> Result<Self> {
        let io = |source| Error::io(path, source);
        let mut file = File::open(path).map_err(io)?;
        let header = Header::read(path, &mut file)?;
        // SAFETY: the map is only read, and only as number types for which every bit pattern is
        // valid. As for every mapped file, it is up to the user that no other process writes into
        // the file meanwhile. This program only ever replaces its files as a whole.
        let map = Arc::new(unsafe { Mmap::map(&file) }.map_err(io)?);
        if header.end() > map.len() {
            return Err(Error::features(path, "not a safetensors file: it shrank while opened"));
        }
        let frames = header.frames;
        let analysis = header.params.analysis();
        let (n_mfcc, n_bins) = (analysis.n_mfcc, analysis.n_bins);
        let column = |name: &str| Stored::of_file(&map, header.place(name), Ix1(frames));
        let table = |name: &str, width: usize| {
            Stored::of_file(&map, header.place(name), Ix2(frames, width))
        };
        let frames = Self {
            file_index: Stored::of_file(&map, header.place("file_index"), Ix1(frames)),
            times_s: column("times_s"),
            features: StoredFeatures {
                f0_hz: column("f0_hz"),
                voicedness: column("voicedness"),
                mfcc: table("mfcc_raw", n_mfcc),
                spectrum: table("spectrum", n_bins),
            },
            scaler: Scaler {
                mean: from_le_bytes(&map[header.place("scaler_mean")]),
                scale: from_le_bytes(&map[header.place("scaler_scale")]),
            },
            params: header.params,
            files: header.files,
            skipped: header.skipped,
            warnings: header.warnings,
        };
        frames.check_file_index(path)?;
        Ok(frames)
    }

    /// Checks that every frame's `file_index` refers to a recording in `files`.
    fn check_file_index(&self, path: &Path) -> Result<()> {
        let count = self.files.len() as i32;
        match self.file_index.view().iter().find(|index| !(0..count).contains(*index)) {
            Some(index) => Err(Error::features(
                path,
                format!("a frame names file {index} of {count}, wanted 0 to {}", count - 1),
            )),
            None => Ok(()),
        }
    }
}
