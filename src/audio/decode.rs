//! Decodes audio files to mono samples, block by block.

use crate::{Error, Result};
use hound::{SampleFormat, WavReader};
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

/// Samples, counted over all channels, that are read from a wav file at a time.
const WAV_BLOCK_SAMPLES: usize = 1 << 16;

/// A decoded recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// Mono samples, full scale at ±1. Empty if the file holds no sound.
    pub samples: Vec<f32>,
    /// Sample rate, Hz.
    pub sample_rate: u32,
}

/// Format of the sound in an audio file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioInfo {
    /// Number of channels.
    pub channels: usize,
    /// Sample rate, Hz.
    pub sample_rate: u32,
}

/// Reads an audio file's number of channels and sample rate, without decoding all of it.
///
/// # Errors
/// The same as [`decode`].
pub fn info(path: &Path) -> Result<AudioInfo> {
    let decoder = Decoder::open(path)?;
    Ok(AudioInfo { channels: decoder.channels, sample_rate: decoder.sample_rate })
}

/// Decodes a wav, flac, ogg, mp3 or aiff file to mono: the average of its channels.
///
/// Integer samples of b bits are divided by `2^(b-1)`, as `torchaudio` does.
///
/// # Errors
/// [`Error::Io`] if the file cannot be opened, [`Error::AudioFile`] if it is not an audio file of
/// these kinds, is cut short, or holds samples that are not finite or far beyond full scale.
pub fn decode(path: &Path) -> Result<Audio> {
    let mut decoder = Decoder::open(path)?;
    let mut samples = Vec::new();
    while decoder.read(&mut samples)? {}
    Ok(Audio { samples, sample_rate: decoder.sample_rate })
}

/// An audio file that is decoded as it is read; memory does not grow with its length.
pub(super) struct Decoder {
    path: PathBuf,
    format: Format,
    channels: usize,
    sample_rate: u32,
    /// The block decoded last: samples of all channels, interleaved.
    block: Vec<f32>,
    /// Number of samples per channel before that block.
    position: u64,
    /// Bytes of the encoded file that have been read.
    bytes: u64,
}

enum Format {
    Wav(WavReader<BufReader<File>>),
    Other(Box<Packets>),
    /// The last sample has been read.
    Finished,
}

impl Decoder {
    /// Opens a file, see [`decode`].
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::io(path, source))?;
        let length = file.metadata().map_err(|source| Error::io(path, source))?.len();
        if length == 0 {
            return Err(Error::audio(path, "is zero bytes long, wanted an audio file"));
        }
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
        let mut decoder = Self {
            path: path.into(),
            format: Format::Finished,
            channels: 0,
            sample_rate: 0,
            block: Vec::new(),
            position: 0,
            bytes: 0,
        };
        match ending.as_str() {
            "wav" | "wave" => decoder.open_wav(file)?,
            _ => decoder.open_other(file, &ending)?,
        }
        Ok(decoder)
    }

    /// Rate of the samples, Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Bytes of encoded sound that have been read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends the next mono samples; returns false if there are no more.
    ///
    /// # Errors
    /// The same as [`decode`].
    pub fn read(&mut self, mono: &mut Vec<f32>) -> Result<bool> {
        // The first packet of a compressed file is decoded when it is opened.
        if self.block.is_empty() && !self.next_block()? {
            return Ok(false);
        }
        if let Some(at) = super::first_bad_sample(&self.block) {
            let frame = self.position as f64 + (at / self.channels) as f64;
            return Err(Error::audio(
                &self.path,
                format!(
                    "sample at {:.3} s is {:?}, wanted finite samples, full scale at ±1",
                    frame / f64::from(self.sample_rate),
                    self.block[at]
                ),
            ));
        }
        if self.channels == 1 {
            mono.extend_from_slice(&self.block);
        } else {
            let scale = 1.0 / self.channels as f32;
            let frames = self.block.chunks_exact(self.channels);
            mono.extend(frames.map(|frame| frame.iter().sum::<f32>() * scale));
        }
        self.position += (self.block.len() / self.channels) as u64;
        self.block.clear();
        Ok(true)
    }

    /// Decodes into `block`; returns false if there are no more samples.
    fn next_block(&mut self) -> Result<bool> {
        match &mut self.format {
            Format::Finished => return Ok(false),
            Format::Wav(reader) => {
                let spec = reader.spec();
                let count = WAV_BLOCK_SAMPLES.next_multiple_of(self.channels);
                let read = match spec.sample_format {
                    SampleFormat::Float => reader
                        .samples::<f32>()
                        .take(count)
                        .try_for_each(|sample| sample.map(|value| self.block.push(value))),
                    SampleFormat::Int => {
                        let scale = 1.0 / (1_i64 << (spec.bits_per_sample - 1)) as f32;
                        reader.samples::<i32>().take(count).try_for_each(|sample| {
                            sample.map(|value| self.block.push(value as f32 * scale))
                        })
                    }
                };
                read.map_err(|error| not_a_wav(&self.path, &error))?;
                self.bytes += self.block.len() as u64 * u64::from(spec.bits_per_sample.div_ceil(8));
            }
            Format::Other(packets) => {
                packets.next(&self.path, &mut self.block)?;
                self.bytes += std::mem::take(&mut packets.bytes);
                if packets.layout.is_some_and(|found| found != (self.channels, self.sample_rate)) {
                    return Err(Error::audio(
                        &self.path,
                        "changes its channels or its rate midway, wanted the same throughout",
                    ));
                }
            }
        }
        if self.block.is_empty() {
            self.format = Format::Finished;
        }
        Ok(!self.block.is_empty())
    }

    fn open_wav(&mut self, file: File) -> Result<()> {
        let reader =
            WavReader::new(BufReader::new(file)).map_err(|error| not_a_wav(&self.path, &error))?;
        let spec = reader.spec();
        self.channels = usize::from(spec.channels);
        self.sample_rate = spec.sample_rate;
        if self.channels == 0 || self.sample_rate == 0 {
            return Err(Error::audio(
                &self.path,
                format!(
                    "its header says {} channels at {} Hz, wanted at least 1 of each",
                    self.channels, self.sample_rate
                ),
            ));
        }
        self.format = Format::Wav(reader);
        Ok(())
    }

    fn open_other(&mut self, file: File, ending: &str) -> Result<()> {
        let mut packets = Packets::open(&self.path, file, ending)?;
        packets.next(&self.path, &mut self.block)?;
        self.bytes = std::mem::take(&mut packets.bytes);
        match packets.layout {
            Some((channels, rate)) if channels > 0 && rate > 0 => {
                (self.channels, self.sample_rate) = (channels, rate);
            }
            _ => return Err(Error::audio(&self.path, "holds no sound")),
        }
        self.format = Format::Other(Box::new(packets));
        Ok(())
    }
}

fn not_a_wav(path: &Path, error: &hound::Error) -> Error {
    Error::audio(path, format!("not a readable wav: {error}"))
}

/// The packets of a file that symphonia reads.
struct Packets {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    /// Number of channels and sample rate of the last packet.
    layout: Option<(usize, u32)>,
    /// Bytes of the packets that were read since this was last set to 0.
    bytes: u64,
}

impl Packets {
    fn open(path: &Path, file: File, ending: &str) -> Result<Self> {
        guarded(path, || {
            let stream =
                MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
            let mut hint = Hint::new();
            hint.with_extension(ending);
            let format = symphonia::default::get_probe()
                .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
                .map_err(|error| unreadable(path, &error))?;
            let track = format
                .default_track(TrackType::Audio)
                .ok_or_else(|| Error::audio(path, "holds no sound"))?;
            let track_id = track.id;
            let params =
                track.codec_params.as_ref().and_then(|params| params.audio()).ok_or_else(|| {
                    Error::audio(
                        path,
                        "its kind of audio is unknown, wanted wav, flac, ogg vorbis, mp3 or aiff",
                    )
                })?;
            let decoder = symphonia::default::get_codecs()
                .make_audio_decoder(params, &AudioDecoderOptions::default())
                .map_err(|error| unreadable(path, &error))?;
            Ok(Self { format, decoder, track_id, layout: None, bytes: 0 })
        })
    }

    /// Decodes the next packet that holds samples into `block`, which stays empty after the last.
    fn next(&mut self, path: &Path, block: &mut Vec<f32>) -> Result<()> {
        guarded(path, || {
            while block.is_empty() {
                let packet = self.format.next_packet().map_err(|error| unreadable(path, &error))?;
                let Some(packet) = packet else {
                    break;
                };
                self.bytes += packet.data.len() as u64;
                if packet.track_id != self.track_id {
                    continue;
                }
                let decoded =
                    self.decoder.decode(&packet).map_err(|error| unreadable(path, &error))?;
                self.layout = Some((decoded.num_planes(), decoded.spec().rate()));
                block.resize(decoded.samples_interleaved(), 0.0);
                decoded.copy_to_slice_interleaved(block.as_mut_slice());
            }
            Ok(())
        })
    }
}

/// Turns a panic within `work` into an error. The decoders are other projects' code, and a damaged
/// file may make them panic.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::audio(path, "damaged: it cannot be decoded")))
}

fn unreadable(path: &Path, error: &SymphoniaError) -> Error {
    Error::audio(path, format!("not readable audio: {error}"))
}
