//! Reading, writing and resampling audio.

mod decode;
mod encode;
mod files;
mod rate_reader;
pub mod resample;

pub use decode::{Audio, AudioInfo, decode, info};
pub use encode::{WavSubtype, encode_wav, write_wav};
pub use files::{EXTENSIONS, list};
pub(crate) use rate_reader::RateReader;
pub use resample::resample;

use crate::{Error, Result};
use std::path::Path;

/// Largest accepted magnitude of a sample. Full scale is 1, but integer samples of 16 or 24 bits
/// that were never scaled are accepted too. The squares of much larger samples would overflow in
/// single precision.
const MAX_SAMPLE: f32 = 1e9;

/// Index of the first sample that is NaN, infinite or beyond [`MAX_SAMPLE`].
fn first_bad_sample(samples: &[f32]) -> Option<usize> {
    samples.iter().position(|x| x.is_nan() || x.abs() > MAX_SAMPLE)
}

/// Checks that all samples can be analysed: finite, and no larger than 1e9 in magnitude (full scale
/// is 1).
///
/// # Errors
/// [`Error::Parameter`] names the first sample that is NaN, infinite or too large.
pub fn check_finite(signal: &[f32]) -> Result<()> {
    match first_bad_sample(signal) {
        Some(at) => Err(Error::Parameter(format!(
            "sample {at} is {:?}, wanted finite samples, full scale at ±1",
            signal[at]
        ))),
        None => Ok(()),
    }
}

/// Reads an audio file as mono, and resamples it to `sample_rate` Hz if that is given.
///
/// Returns the samples, full scale at ±1, and their rate in Hz.
///
/// # Errors
/// [`Error::AudioFile`] or [`Error::Io`] as for [`decode`]; [`Error::AudioFile`] also if the file
/// holds no samples.
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
