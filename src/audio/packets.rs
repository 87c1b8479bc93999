//! The packets of a file, decoded one by one. What is damaged is skipped and counted.

use super::container::{Container, is_float, track};
use super::kind::Kind;
use super::mpeg_frames::Losses;
use crate::{Error, Result};
use std::fs::File;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::FormatReader;
use symphonia::core::packet::Packet;

/// Packets in a row without a sample, after which the rest of a file is given up. A damaged header
/// may announce billions of packets of no bytes.
const MAX_EMPTY: usize = 100_000;
/// An encoder fills the last frames of an mp3 file up with at most so many samples.
const MOST_PADDING_FRAMES: usize = 3 * 1152;

/// The packets of a file.
#[expect(clippy::struct_excessive_bools, reason = "each says another thing of the file")]
pub(super) struct Packets {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    /// Seconds in a unit of the packets' durations.
    unit_s: f64,
    /// Number of frames that the file announces.
    announced: Option<u64>,
    /// Frames to be given, of a sound whose last block is padded.
    most: Option<u64>,
    /// Whether every frame that is announced must be there.
    exact: bool,
    /// Whether the file's end without a notice means that something is missing.
    ends_orderly: bool,
    /// What only MPEG audio needs.
    mpeg: Option<Mpeg>,
    /// Whether samples are floating-point numbers, which may be of any size.
    pub is_float: bool,
    /// Number of channels and sample rate of the last packet, or before it what the track says.
    layout: Option<(usize, u32)>,
    /// Bytes of all packets so far.
    pub bytes: u64,
    /// Frames given so far.
    frames: u64,
    /// Damaged packets, and how long they would have lasted.
    lost: usize,
    lost_s: f64,
    finished: bool,
    /// What is wrong with the file.
    pub warnings: Vec<String>,
}

impl Packets {
    /// Opens a file by its content.
    ///
    /// # Errors
    /// [`Error::AudioFile`] if it holds no sound that can be read, [`Error::Io`] if it cannot be
    /// read.
    pub fn open(path: &Path, file: File) -> Result<Self> {
        guarded(path, || {
            let Container { kind, format, is_float, most, losses, warnings } =
                Container::open(path, file)?;
            let mpeg = losses.map(|losses| Mpeg { losses, padding: Some(Vec::new()) });
            let (track_id, decoder) = track(path, &*format, mpeg.is_none())?;
            let mut packets = Self {
                format,
                decoder,
                track_id,
                unit_s: 0.0,
                announced: None,
                most,
                exact: kind == Kind::Flac,
                ends_orderly: !matches!(kind, Kind::Chunks | Kind::Mpeg | Kind::Adts),
                mpeg,
                is_float,
                layout: None,
                bytes: 0,
                frames: 0,
                lost: 0,
                lost_s: 0.0,
                finished: false,
                warnings,
            };
            packets.note_track();
            Ok(packets)
        })
    }

    /// Takes over what the track says of itself.
    fn note_track(&mut self) {
        let Some(track) = self.format.tracks().iter().find(|track| track.id == self.track_id)
        else {
            return;
        };
        let Some(params) = track.codec_params.as_ref().and_then(|params| params.audio()) else {
            return;
        };
        let rate = params.sample_rate.unwrap_or(0);
        let channels = params.channels.as_ref().map_or(0, Channels::count);
        // A file without samples has these, too.
        self.layout = (channels > 0 && rate > 0).then_some((channels, rate));
        let unit_s =
            track.time_base.map(|base| f64::from(base.numer.get()) / f64::from(base.denom.get()));
        self.unit_s = unit_s.unwrap_or(if rate > 0 { 1.0 / f64::from(rate) } else { 0.0 });
        self.is_float |= is_float(params.codec);
        // A wav file's header is written here, with its length left open; and the length that a
        // container announces is counted in the container's own units.
        let in_frames = (self.unit_s * f64::from(rate) - 1.0).abs() < 1e-6;
        self.announced = track
            .num_frames
            .filter(|_| in_frames && self.ends_orderly)
            .map(|frames| self.frames + frames);
    }

    /// Number of channels and sample rate of the packet decoded last, or before it of the track.
    pub fn layout(&self) -> Option<(usize, u32)> {
        self.layout
    }

    /// Leaves out the rest of the file, for the reason given.
    pub fn stop(&mut self, warning: String) {
        self.finished = true;
        self.warnings.push(warning);
    }

    /// Decodes the next packet that holds samples into `block`, all channels interleaved. `block`
    /// stays empty after the last.
    ///
    /// # Errors
    /// [`Error::AudioFile`] if nothing at all can be decoded, [`Error::Io`] if the file cannot be
    /// read.
    pub fn next(&mut self, path: &Path, block: &mut Vec<f32>) -> Result<()> {
        if self.finished {
            return Ok(());
        }
        let step = catch_unwind(AssertUnwindSafe(|| self.step(path, block)));
        // The decoders are other projects' code, and a damaged file may make them panic.
        let result = step.unwrap_or_else(|_| {
            block.clear();
            self.give_up();
            Ok(())
        });
        result?;
        if let Some((channels, _)) = self.layout.filter(|(channels, _)| *channels > 0) {
            let mut frames = (block.len() / channels) as u64;
            if let Some(most) = self.most {
                frames = frames.min(most.saturating_sub(self.frames));
                block.truncate(frames as usize * channels);
            }
            self.frames += frames;
        }
        if block.is_empty() {
            self.finished = true;
            if self.frames == 0 && self.lost > 0 {
                return Err(Error::audio(path, "is damaged: none of its sound can be decoded"));
            }
            self.sum_up();
        }
        Ok(())
    }

    fn step(&mut self, path: &Path, block: &mut Vec<f32>) -> Result<()> {
        for _ in 0..MAX_EMPTY {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(()),
                Err(SymphoniaError::IoError(error)) => {
                    if error.kind() == ErrorKind::UnexpectedEof {
                        self.note_early_end();
                        return Ok(());
                    }
                    return Err(Error::io(path, error));
                }
                Err(SymphoniaError::ResetRequired) => {
                    if !self.begin_next_stream(path) {
                        return Ok(());
                    }
                    continue;
                }
                Err(_) => {
                    self.lost += 1;
                    continue;
                }
            };
            if packet.track_id != self.track_id {
                continue;
            }
            self.bytes += packet.data.len() as u64;
            let mut layout = decode_into(&mut *self.decoder, &packet, block);
            if layout.is_none() && self.mpeg.is_some() {
                // A decoder of MPEG audio keeps to the number of channels that it began with.
                self.decoder = track(path, &*self.format, false)?.1;
                layout = decode_into(&mut *self.decoder, &packet, block);
            }
            let Some(layout) = layout else {
                self.lost += 1;
                self.lost_s += packet.dur.get() as f64 * self.unit_s;
                continue;
            };
            self.layout = Some(layout);
            if let Some(mpeg) = &mut self.mpeg {
                mpeg.trim(&packet, layout.0, block);
            }
            if !block.is_empty() {
                return Ok(());
            }
        }
        self.give_up();
        Ok(())
    }

    /// Goes on with a stream that follows the first one in the same file.
    fn begin_next_stream(&mut self, path: &Path) -> bool {
        let Ok((id, decoder)) = track(path, &*self.format, self.mpeg.is_none()) else {
            self.warnings.push("ends with sound of another kind, which was left out".into());
            return false;
        };
        (self.track_id, self.decoder) = (id, decoder);
        self.note_track();
        true
    }

    fn note_early_end(&mut self) {
        let is_told = self.warnings.iter().any(|line| line.starts_with("is cut short"));
        if self.ends_orderly && self.announced.is_none() && !is_told {
            self.warnings.push(format!("is cut short after {}", self.time_text(self.frames)));
        }
    }

    fn give_up(&mut self) {
        self.finished = true;
        self.lost += 1;
        self.warnings.push(format!(
            "is damaged from {} on; the rest was left out",
            self.time_text(self.frames)
        ));
    }

    /// Adds what was lost to the warnings.
    fn sum_up(&mut self) {
        let rate = self.layout.map_or(0, |(_, rate)| rate);
        let slack = if self.exact { 0 } else { u64::from(rate / 10) };
        let missing = self.announced.filter(|announced| self.frames + slack < *announced);
        let packets = if self.lost == 1 { "piece" } else { "pieces" };
        if let Some(announced) = missing {
            self.warnings.push(format!(
                "is damaged or cut short: {} of {} are there",
                self.time_text(self.frames),
                self.time_text(announced)
            ));
        } else if self.lost > 0 && self.lost_s > 0.0 {
            self.warnings.push(format!(
                "is damaged: {} {packets} of it, {:.2} s in all, were left out",
                self.lost, self.lost_s
            ));
        } else if self.lost > 0 {
            self.warnings
                .push(format!("is damaged: {} {packets} of it could not be read", self.lost));
        }
        let Some(losses) = self.mpeg.as_ref().map(|mpeg| Arc::clone(&mpeg.losses)) else { return };
        let bytes = losses.bytes.load(Ordering::Relaxed);
        let samples = losses.samples.load(Ordering::Relaxed);
        if samples > 0 {
            let time = self.time_text(samples);
            self.warnings.push(format!(
                "holds {bytes} bytes that are no mp3 and were left out; {time} behind them are \
                 silent, because what they need is missing"
            ));
        } else if bytes > 0 {
            let noun = if bytes == 1 { "byte" } else { "bytes" };
            self.warnings.push(format!("holds {bytes} {noun} that are no mp3 and were left out"));
        }
    }

    fn time_text(&self, frames: u64) -> String {
        let rate = self.layout.map_or(1, |(_, rate)| rate.max(1));
        format!("{:.2} s", frames as f64 / f64::from(rate))
    }
}

/// What only MPEG audio needs.
struct Mpeg {
    losses: Arc<Losses>,
    /// Samples at the end that may be padding. `None` once more followed than any encoder adds:
    /// then files were joined, and the length that the first announces is not that of all.
    padding: Option<Vec<f32>>,
}

impl Mpeg {
    /// Takes the samples off a block that the encoder added.
    fn trim(&mut self, packet: &Packet, channels: usize, block: &mut Vec<f32>) {
        let start = (packet.trim_start.get() as usize).saturating_mul(channels).min(block.len());
        block.drain(..start);
        let Some(padding) = &mut self.padding else { return };
        let end = (packet.trim_end.get() as usize).saturating_mul(channels).min(block.len());
        padding.extend(block.drain(block.len() - end..));
        if padding.len() > MOST_PADDING_FRAMES * channels {
            block.append(padding);
            self.padding = None;
        }
    }
}

/// Decodes a packet into `block`, all channels interleaved, and returns their number and their
/// sample rate; `None` if it is damaged.
fn decode_into(
    decoder: &mut dyn AudioDecoder,
    packet: &Packet,
    block: &mut Vec<f32>,
) -> Option<(usize, u32)> {
    let decoded = match decoder.decode(packet) {
        Ok(decoded) => decoded,
        Err(error) => {
            if matches!(error, SymphoniaError::ResetRequired) {
                decoder.reset();
            }
            return None;
        }
    };
    block.resize(decoded.samples_interleaved(), 0.0);
    decoded.copy_to_slice_interleaved(block.as_mut_slice());
    Some((decoded.num_planes(), decoded.spec().rate()))
}

/// Turns a panic within `work` into an error: see [`Packets::next`].
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::audio(path, "is damaged: it cannot be decoded")))
}
