//! Audio files to mono samples.

use crate::{Error, Result};
use hound::{SampleFormat, WavReader};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

/// A decoded recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// Mono samples, full scale at ±1; possibly none.
    pub samples: Vec<f32>,
    /// Their rate in Hz.
    pub sample_rate: u32,
}

/// Reads a wav, flac, ogg, mp3 or aiff file; several channels are averaged.
///
/// Whole-number samples of b bits are divided by 2^(b-1), as `torchaudio` does.
///
/// # Errors
/// [`Error::Io`] if the file cannot be opened, [`Error::AudioFile`] if it is not an audio file of
/// these kinds, is cut short, or holds samples that are not finite or far beyond full scale.
pub fn decode(path: &Path) -> Result<Audio> {
    let file = File::open(path).map_err(|source| Error::io(path, source))?;
    let length = file.metadata().map_err(|source| Error::io(path, source))?.len();
    if length == 0 {
        return Err(Error::audio(path, "is zero bytes long, wanted an audio file"));
    }
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
    let (interleaved, channels, sample_rate) = match ending.as_str() {
        "wav" | "wave" => wav(path, file)?,
        _ => compressed(path, file, &ending)?,
    };
    if let Some(at) = super::first_bad_sample(&interleaved) {
        let time = at as f64 / channels as f64 / f64::from(sample_rate);
        return Err(Error::audio(
            path,
            format!(
                "sample at {time:.3} s is {:?}, wanted finite samples, full scale at ±1",
                interleaved[at]
            ),
        ));
    }
    Ok(Audio { samples: downmix(interleaved, channels), sample_rate })
}

fn downmix(interleaved: Vec<f32>, channels: usize) -> Vec<f32> {
    if channels == 1 {
        return interleaved;
    }
    let scale = 1.0 / channels as f32;
    interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() * scale).collect()
}

type Decoded = (Vec<f32>, usize, u32);

fn wav(path: &Path, file: File) -> Result<Decoded> {
    let corrupt = |error: hound::Error| Error::audio(path, format!("not a readable wav: {error}"));
    let reader = match WavReader::new(BufReader::new(file)) {
        Ok(reader) => reader,
        // Rare encodings (64-bit floats, μ-law), and other formats under a wav's name.
        Err(error) => {
            let again = File::open(path).map_err(|source| Error::io(path, source))?;
            return compressed(path, again, "").map_err(|_| corrupt(error));
        }
    };
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    if channels == 0 || spec.sample_rate == 0 {
        return Err(Error::audio(
            path,
            format!("wav header says {channels} channels at {} Hz", spec.sample_rate),
        ));
    }
    let samples = match spec.sample_format {
        SampleFormat::Float => reader.into_samples::<f32>().collect::<hound::Result<Vec<f32>>>(),
        SampleFormat::Int => {
            let scale = 1.0 / (1_i64 << (spec.bits_per_sample - 1)) as f32;
            reader
                .into_samples::<i32>()
                .map(|sample| sample.map(|value| value as f32 * scale))
                .collect()
        }
    };
    Ok((samples.map_err(corrupt)?, channels, spec.sample_rate))
}

fn compressed(path: &Path, file: File, ending: &str) -> Result<Decoded> {
    let corrupt =
        |error: SymphoniaError| Error::audio(path, format!("not readable audio: {error}"));
    let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    hint.with_extension(ending);
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(corrupt)?;
    let track = format
        .default_track(TrackType::Audio)
        .ok_or_else(|| Error::audio(path, "holds no audio track"))?;
    let track_id = track.id;
    let params = track
        .codec_params
        .as_ref()
        .and_then(|params| params.audio())
        .ok_or_else(|| Error::audio(path, "its audio codec is unknown"))?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(params, &AudioDecoderOptions::default())
        .map_err(corrupt)?;

    let mut samples = Vec::new();
    let mut block: Vec<f32> = Vec::new();
    let mut layout: Option<(usize, u32)> = None;
    while let Some(packet) = format.next_packet().map_err(corrupt)? {
        if packet.track_id != track_id {
            continue;
        }
        let decoded = decoder.decode(&packet).map_err(corrupt)?;
        let found = (decoded.num_planes(), decoded.spec().rate());
        if *layout.get_or_insert(found) != found {
            return Err(Error::audio(path, "changes its channels or rate midway"));
        }
        block.resize(decoded.samples_interleaved(), 0.0);
        decoded.copy_to_slice_interleaved(&mut block);
        samples.extend_from_slice(&block);
    }
    match layout {
        Some((channels, rate)) if channels > 0 && rate > 0 => Ok((samples, channels, rate)),
        _ => Err(Error::audio(path, "holds no audio packet")),
    }
}
