//! Samples to a wav file.

use crate::files::write_atomic;
use crate::{Error, Result};
use hound::{SampleFormat, WavSpec, WavWriter};
use std::io::Cursor;
use std::path::Path;

const BITS: u16 = 24;

/// Writes interleaved samples as 24-bit wav; what lies beyond ±1 is clipped.
///
/// # Errors
/// [`Error::Parameter`] if there is no channel, the samples are no whole number of frames or not
/// finite; [`Error::Io`] if the file cannot be written.
pub fn write_wav(path: &Path, interleaved: &[f32], channels: u16, sample_rate: u32) -> Result<()> {
    if channels == 0 || !interleaved.len().is_multiple_of(usize::from(channels)) {
        return Err(Error::Parameter(format!(
            "{} samples do not make whole frames of {channels} channels",
            interleaved.len()
        )));
    }
    crate::analysis::check_finite(interleaved)?;
    let spec =
        WavSpec { channels, sample_rate, bits_per_sample: BITS, sample_format: SampleFormat::Int };
    let failed = |error: hound::Error| Error::Parameter(format!("cannot make a wav: {error}"));
    let mut buffer = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut buffer, spec).map_err(failed)?;
    let full_scale = ((1_i32 << (BITS - 1)) - 1) as f32;
    for sample in interleaved {
        let value = (sample.clamp(-1.0, 1.0) * full_scale).round() as i32;
        writer.write_sample(value).map_err(failed)?;
    }
    writer.finalize().map_err(failed)?;
    write_atomic(path, buffer.get_ref())
}
