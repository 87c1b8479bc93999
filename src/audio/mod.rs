//! Reading, writing and resampling audio.

mod channel;
mod chunks;
mod container;
mod decode;
mod encode;
mod flac;
mod kind;
mod layout;
mod listing;
mod mpeg;
mod mpeg_frames;
mod ogg;
mod packets;
mod rate_reader;
mod raw_decoder;
pub mod resample;
mod splice;
mod survey;

pub use channel::Channel;
pub use decode::{Audio, AudioInfo, ReadOptions, decode, info};
pub use encode::{WavSubtype, clipped, encode_wav, write_wav};
pub use listing::{ENDINGS, Listing, list};
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
/// # Errors
/// [`Error::AudioFile`] or [`Error::Io`] as for [`decode`]; [`Error::AudioFile`] also if the file
/// holds no samples.
pub fn load(path: &Path, sample_rate: Option<u32>, options: ReadOptions) -> Result<Audio> {
    let mut audio = decode(path, options)?;
    if audio.samples.is_empty() {
        return Err(Error::audio(path, "holds no samples, wanted at least one"));
    }
    if let Some(rate) = sample_rate.filter(|rate| *rate != audio.sample_rate) {
        audio.samples = resample(&audio.samples, audio.sample_rate, rate)?;
        audio.sample_rate = rate;
    }
    Ok(audio)
}
