//! Reading and writing audio files, and changing their rate.

mod decode;
mod encode;
mod files;
pub mod resample;

pub use decode::{Audio, decode};
pub use encode::write_wav;
pub use files::{EXTENSIONS, list};
pub use resample::resample;

use crate::{Error, Result};
use std::path::Path;

/// Reads a file as mono and, if asked, resamples it.
///
/// Returns the samples, full scale at ±1, and their rate in Hz.
///
/// # Errors
/// [`Error::AudioFile`] or [`Error::Io`] as [`decode`], also if the file holds no samples.
pub fn load(path: &Path, sample_rate: Option<u32>) -> Result<(Vec<f32>, u32)> {
    let audio = decode(path)?;
    if audio.samples.is_empty() {
        return Err(Error::audio(path, "holds no samples, wanted at least one"));
    }
    match sample_rate {
        Some(rate) if rate != audio.sample_rate => {
            Ok((resample(&audio.samples, audio.sample_rate, rate)?, rate))
        }
        _ => Ok((audio.samples, audio.sample_rate)),
    }
}
