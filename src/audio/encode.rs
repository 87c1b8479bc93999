//! Writes samples to wav files. All wav files of this program are written here.

use super::{check_finite, listing};
use crate::files::write_atomic;
use crate::{Error, Result};
use hound::{SampleFormat, WavSpec, WavWriter};
use std::io::Cursor;
use std::path::Path;

/// Largest wav file in bytes: the format stores sizes as 32-bit numbers.
const MAX_BYTES: usize = u32::MAX as usize;
/// Longest header that is written, bytes.
const MAX_HEADER: usize = 68;

/// How the samples of a wav file are stored, named as in Python's soundfile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WavSubtype {
    /// Whole numbers of 16 bits, `"PCM_16"`.
    Pcm16,
    /// Whole numbers of 24 bits, `"PCM_24"`.
    #[default]
    Pcm24,
    /// Floating-point numbers of 32 bits, `"FLOAT"`: samples beyond ±1 are kept.
    Float,
}

impl WavSubtype {
    /// The subtype of this name: `"PCM_16"`, `"PCM_24"` or `"FLOAT"`.
    ///
    /// # Errors
    /// [`Error::Parameter`] if the name is none of these.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "PCM_16" => Ok(Self::Pcm16),
            "PCM_24" => Ok(Self::Pcm24),
            "FLOAT" => Ok(Self::Float),
            _ => Err(Error::Parameter(format!(
                "subtype is {name:?}, wanted \"PCM_16\", \"PCM_24\" or \"FLOAT\""
            ))),
        }
    }

    fn bits(self) -> u16 {
        match self {
            Self::Pcm16 => 16,
            Self::Pcm24 => 24,
            Self::Float => 32,
        }
    }
}

/// Writes a wav file. If that fails, no incomplete file is left behind.
///
/// `interleaved` holds one sample of every channel, then the next sample of every channel, and so
/// on. Full scale is ±1. For the PCM subtypes, samples are clipped to full scale and rounded to the
/// nearest whole number. `sample_rate` is in Hz.
///
/// # Errors
/// [`Error::Parameter`] if `channels` is 0, the number of samples is not a multiple of `channels`,
/// a sample is not finite, the file would exceed the 4 GiB of the wav format, or its name ends as
/// that of another kind of audio; [`Error::Io`] if it cannot be written.
pub fn write_wav(
    path: &Path,
    interleaved: &[f32],
    channels: u16,
    sample_rate: u32,
    subtype: WavSubtype,
) -> Result<()> {
    if let Some(ending) = listing::other_ending(path) {
        return Err(Error::Parameter(format!(
            "{}: {ending} is not written, wanted a name that ends in .wav",
            path.display()
        )));
    }
    write_atomic(path, &encode_wav(interleaved, channels, sample_rate, subtype)?)
}

/// What is lost if these samples are written, in one line; `None` if nothing is.
pub fn clipped(samples: &[f32], subtype: WavSubtype) -> Option<String> {
    let beyond = samples.iter().filter(|sample| sample.abs() > 1.0).count();
    if beyond == 0 || subtype == WavSubtype::Float {
        return None;
    }
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let samples = if beyond == 1 { "sample was" } else { "samples were" };
    Some(format!(
        "{beyond} {samples} clipped to full scale, the largest of {peak:.3}; wanted at most 1, or \
         the subtype \"FLOAT\""
    ))
}

/// The bytes of the wav file that [`write_wav`] would write for the same arguments.
///
/// # Errors
/// [`Error::Parameter`] for the same reasons as [`write_wav`].
pub fn encode_wav(
    interleaved: &[f32],
    channels: u16,
    sample_rate: u32,
    subtype: WavSubtype,
) -> Result<Vec<u8>> {
    if channels == 0 || !interleaved.len().is_multiple_of(usize::from(channels)) {
        return Err(Error::Parameter(format!(
            "{} samples of {channels} channels, wanted a whole number of frames of at least one \
             channel",
            interleaved.len()
        )));
    }
    check_finite(interleaved)?;
    if interleaved.len() > (MAX_BYTES - MAX_HEADER) / usize::from(subtype.bits() / 8) {
        return Err(Error::Parameter(format!(
            "{} samples are too many for a wav file, wanted at most 4 GiB: write a shorter sound, \
             or fewer bits a sample",
            interleaved.len()
        )));
    }
    if subtype == WavSubtype::Float {
        return Ok(encode_float(interleaved, channels, sample_rate));
    }
    encode_pcm(interleaved, channels, sample_rate, subtype.bits())
        .map_err(|error| Error::Parameter(format!("cannot make a wav: {error}")))
}

fn encode_pcm(
    interleaved: &[f32],
    channels: u16,
    sample_rate: u32,
    bits_per_sample: u16,
) -> hound::Result<Vec<u8>> {
    let spec = WavSpec { channels, sample_rate, bits_per_sample, sample_format: SampleFormat::Int };
    let mut buffer = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut buffer, spec)?;
    let full_scale = ((1_i32 << (bits_per_sample - 1)) - 1) as f32;
    for sample in interleaved {
        writer.write_sample((sample.clamp(-1.0, 1.0) * full_scale).round() as i32)?;
    }
    writer.finalize()?;
    Ok(buffer.into_inner())
}

/// A wav file of floats in the plain format (`WAVE_FORMAT_IEEE_FLOAT`). More programs read it than
/// the extensible format that the crate hound would write.
fn encode_float(interleaved: &[f32], channels: u16, sample_rate: u32) -> Vec<u8> {
    const FORMAT: u16 = 3;
    const FORMAT_BYTES: u32 = 18;
    const FACT_BYTES: u32 = 4;
    let data_bytes = 4 * interleaved.len() as u32;
    let frame_bytes = 4 * channels;
    let riff_bytes = 4 + (8 + FORMAT_BYTES) + (8 + FACT_BYTES) + (8 + data_bytes);
    let mut file = Vec::with_capacity(8 + riff_bytes as usize);
    let number = |file: &mut Vec<u8>, value: u32| file.extend(value.to_le_bytes());
    file.extend(b"RIFF");
    number(&mut file, riff_bytes);
    file.extend(b"WAVEfmt ");
    number(&mut file, FORMAT_BYTES);
    file.extend(FORMAT.to_le_bytes());
    file.extend(channels.to_le_bytes());
    number(&mut file, sample_rate);
    number(&mut file, sample_rate.wrapping_mul(u32::from(frame_bytes)));
    file.extend(frame_bytes.to_le_bytes());
    file.extend(32_u16.to_le_bytes());
    // Length of the format's extension: it has none.
    file.extend(0_u16.to_le_bytes());
    file.extend(b"fact");
    number(&mut file, FACT_BYTES);
    number(&mut file, interleaved.len() as u32 / u32::from(channels));
    file.extend(b"data");
    number(&mut file, data_bytes);
    file.extend(interleaved.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use hound::WavReader;

    const SAMPLES: [f32; 6] = [0.0, 1.0, -1.0, 0.25, -2.0, 1e-3];

    fn decoded(subtype: WavSubtype) -> Vec<f32> {
        let bytes = encode_wav(&SAMPLES, 2, 44100, subtype).unwrap();
        let mut reader = WavReader::new(Cursor::new(bytes)).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate), (2, 44100));
        assert_eq!(spec.bits_per_sample, subtype.bits());
        if subtype == WavSubtype::Float {
            return reader.samples::<f32>().map(|x| x.unwrap()).collect();
        }
        let scale = ((1_i32 << (subtype.bits() - 1)) - 1) as f32;
        reader.samples::<i32>().map(|x| x.unwrap() as f32 / scale).collect()
    }

    #[test]
    fn samples_come_back() {
        assert_eq!(decoded(WavSubtype::Float), SAMPLES);
        for (subtype, step) in
            [(WavSubtype::Pcm16, 1.0 / 32767.0), (WavSubtype::Pcm24, 1.0 / 8_388_607.0)]
        {
            for (got, want) in decoded(subtype).into_iter().zip(SAMPLES) {
                assert!((got - want.clamp(-1.0, 1.0)).abs() <= 0.51 * step, "{got} for {want}");
            }
        }
    }

    #[test]
    fn sizes_of_the_chunks_are_those_of_the_file() {
        let bytes = encode_wav(&SAMPLES, 2, 44100, WavSubtype::Float).unwrap();
        assert_eq!(bytes.len(), 58 + 4 * SAMPLES.len());
        assert_eq!(bytes[4..8], (bytes.len() as u32 - 8).to_le_bytes());
        assert_eq!(bytes[46..50], 3_u32.to_le_bytes());
    }

    #[test]
    fn clipping_is_told() {
        let told = |subtype| clipped(&SAMPLES, subtype);
        let line = told(WavSubtype::Pcm16).unwrap();
        assert!(line.starts_with("1 sample was clipped to full scale, the largest of 2.000"));
        assert_eq!(told(WavSubtype::Float), None);
        assert_eq!(clipped(&[1.0, -1.0], WavSubtype::Pcm24), None);
    }

    #[test]
    fn names_of_other_kinds_are_refused() {
        let write = |path| write_wav(path, &SAMPLES, 1, 8000, WavSubtype::Pcm16);
        let error = write(Path::new("no/x.FLAC")).unwrap_err().to_string();
        assert_eq!(error, "no/x.FLAC: flac is not written, wanted a name that ends in .wav");
    }

    #[test]
    fn damaged_requests_are_refused() {
        let wrong = |samples: &[f32], channels| {
            encode_wav(samples, channels, 8000, WavSubtype::default()).unwrap_err().to_string()
        };
        assert!(wrong(&SAMPLES, 4).contains("6 samples of 4 channels, wanted"));
        assert!(wrong(&SAMPLES, 0).contains("wanted"));
        assert!(wrong(&[f32::NAN], 1).contains("sample 0 is NaN, wanted finite"));
        let error = WavSubtype::from_name("pcm16").unwrap_err().to_string();
        assert!(error.contains("subtype is \"pcm16\", wanted \"PCM_16\""), "{error}");
    }
}
