//! Decodes audio files to mono samples, block by block.

use super::channel::Channel;
use super::raw_decoder::RawDecoder;
use super::survey::{LOUD, Survey};
use crate::Result;
use std::path::Path;

/// A decoded recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// Mono samples, full scale at ±1. Empty if the file holds no sound.
    pub samples: Vec<f32>,
    /// Sample rate, Hz.
    pub sample_rate: u32,
    /// What was wrong with the file or had to be changed, each in one line without its name.
    pub warnings: Vec<String>,
}

/// Format of the sound in an audio file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioInfo {
    /// Number of channels.
    pub channels: usize,
    /// Sample rate, Hz.
    pub sample_rate: u32,
}

/// How a file is made mono samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The channel to take.
    pub channel: Channel,
    /// Whether samples stay exactly as they are in the file, as `wms_torch` takes them. Otherwise
    /// floating-point samples far beyond full scale are scaled, and of channels that cancel each
    /// other one is taken.
    pub as_stored: bool,
}

/// Reads an audio file's number of channels and sample rate, without decoding all of it.
///
/// # Errors
/// The same as [`decode`].
pub fn info(path: &Path) -> Result<AudioInfo> {
    let decoder = RawDecoder::open(path)?;
    Ok(AudioInfo { channels: decoder.channels, sample_rate: decoder.sample_rate })
}

/// Decodes an audio file to mono: one channel, or the average of all.
///
/// It may be wav, aiff, flac, ogg vorbis, MPEG layer 1 to 3, AAC, m4a, caf or mkv; its content
/// decides, not its name. Integer samples of b bits are divided by `2^(b-1)`, as `torchaudio` does.
/// Of a damaged file, all is read that is there.
///
/// # Errors
/// [`crate::Error::Io`] if the file cannot be opened, [`crate::Error::AudioFile`] if it is not an audio
/// file of these kinds, nothing of it can be decoded, it lacks the channel, or it holds samples that
/// are not finite or far beyond full scale.
pub fn decode(path: &Path, options: ReadOptions) -> Result<Audio> {
    let mut decoder = Decoder::open(path, options, Survey::of_channels)?;
    let mut samples = Vec::new();
    while decoder.read(&mut samples)? {}
    if let Some(gain) = decoder.scale_afterwards() {
        samples.iter_mut().for_each(|sample| *sample *= gain);
    }
    let sample_rate = decoder.sample_rate();
    Ok(Audio { samples, sample_rate, warnings: decoder.into_warnings() })
}

/// An audio file that is decoded as it is read; memory does not grow with its length.
pub(super) struct Decoder {
    raw: RawDecoder,
    options: ReadOptions,
    survey: Survey,
    /// Largest magnitude of a sample so far.
    peak: f32,
    warnings: Vec<String>,
}

impl Decoder {
    /// Opens a file, see [`decode`]. `survey` says what must be known of all of it before.
    pub fn open(
        path: &Path,
        options: ReadOptions,
        survey: impl FnOnce(&RawDecoder) -> Result<Survey>,
    ) -> Result<Self> {
        let raw = RawDecoder::open(path)?;
        options.channel.check(path, raw.channels)?;
        let survey = if options.as_stored { Survey::default() } else { survey(&raw)? };
        let mut warnings = Vec::new();
        if let Some(peak) = survey.peak {
            warnings.push(scaled(peak));
        }
        let cancels = survey.channels_cancel && options.channel == Channel::Mix;
        if cancels {
            warnings.push(
                "its channels cancel each other, so that their mix is nearly silent; the left one \
                 was taken"
                    .into(),
            );
        }
        let channel = if cancels { Channel::Left } else { options.channel };
        Ok(Self { raw, options: ReadOptions { channel, ..options }, survey, peak: 0.0, warnings })
    }

    /// Rate of the samples, Hz.
    pub fn sample_rate(&self) -> u32 {
        self.raw.sample_rate
    }

    /// Bytes of encoded sound that have been read.
    pub fn bytes(&self) -> u64 {
        self.raw.packets.bytes
    }

    /// Appends the next mono samples; returns false if there are no more.
    ///
    /// # Errors
    /// The same as [`decode`].
    pub fn read(&mut self, mono: &mut Vec<f32>) -> Result<bool> {
        if !self.raw.next()? {
            return Ok(false);
        }
        let block = &self.raw.block;
        if self.raw.packets.is_float {
            self.peak = block.iter().fold(self.peak, |peak, sample| peak.max(sample.abs()));
        }
        let start = mono.len();
        self.options.channel.append(block, self.raw.block_channels, mono);
        if let Some(peak) = self.survey.peak {
            mono[start..].iter_mut().for_each(|sample| *sample /= peak);
        }
        Ok(true)
    }

    /// The gain for all samples if, now that all are known, they lie far beyond full scale.
    fn scale_afterwards(&mut self) -> Option<f32> {
        let loud = self.peak > LOUD && self.survey.peak.is_none() && !self.options.as_stored;
        loud.then(|| {
            self.warnings.push(scaled(self.peak));
            1.0 / self.peak
        })
    }

    /// What is to be said about the file; complete after the last sample.
    pub fn into_warnings(mut self) -> Vec<String> {
        self.take_warnings()
    }

    /// What is to be said about the file and was not taken before.
    pub fn take_warnings(&mut self) -> Vec<String> {
        let mut warnings = std::mem::take(&mut self.raw.packets.warnings);
        warnings.append(&mut self.warnings);
        warnings
    }
}

fn scaled(peak: f32) -> String {
    format!("its samples reach {peak:.1} where full scale is 1; they were scaled to 1")
}
