//! Reading and writing audio files, and changing their rate.

mod decode;
mod encode;
mod files;
mod reader;
pub mod resample;

pub use decode::{Audio, decode};
pub use encode::write_wav;
pub use files::{EXTENSIONS, list};
pub(crate) use reader::Reader;
pub use resample::resample;

use crate::{Error, Result};
use std::path::Path;

/// Largest magnitude that is taken for a sample. Full scale is 1, but samples on a scale of 16 or
/// 24 bits are sound too; squares of much more would not stay finite in single precision.
const MAX_SAMPLE: f32 = 1e9;

/// Where the first sample lies that is not finite, or not within any scale.
pub(crate) fn first_bad_sample(samples: &[f32]) -> Option<usize> {
    samples.iter().position(|x| x.is_nan() || x.abs() > MAX_SAMPLE)
}

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
