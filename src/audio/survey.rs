//! What must be known of a recording before its first sample is given.

use super::raw_decoder::RawDecoder;
use crate::Result;

/// Peak above which floating-point samples are scaled. Many recordings reach beyond 1 a little, and
/// samples that were never scaled from whole numbers reach far beyond.
pub(super) const LOUD: f32 = 8.0;
/// Channels cancel if their mix has less than this share of their mean power.
const CANCELLED: f64 = 0.01;
/// Seconds of sound that decide whether channels cancel; silence does not count.
const HEARD_S: f64 = 10.0;
/// Mean power of a block from which on it counts as sound.
const SILENT: f64 = 1e-8;

/// What was found out about a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Survey {
    /// Largest magnitude of its samples, if they are to be scaled.
    pub peak: Option<f32>,
    /// Whether the mix of its channels is nearly silent, though they are not.
    pub channels_cancel: bool,
}

impl Survey {
    /// Finds out whether the channels cancel, from the first seconds of sound.
    ///
    /// # Errors
    /// The same as [`decode`](super::decode).
    pub fn of_channels(file: &RawDecoder) -> Result<Self> {
        Self::of(file, false)
    }

    /// Finds out everything. A recording of floating-point samples is read to its end.
    ///
    /// # Errors
    /// The same as [`decode`](super::decode).
    pub fn of_everything(file: &RawDecoder) -> Result<Self> {
        Self::of(file, file.packets.is_float)
    }

    fn of(file: &RawDecoder, whole: bool) -> Result<Self> {
        if file.channels == 1 && !whole {
            return Ok(Self::default());
        }
        let mut reader = RawDecoder::open(&file.path)?;
        let (mut mix, mut single, mut heard_s, mut peak) = (0.0, 0.0, 0.0, 0.0_f32);
        while (whole || heard_s < HEARD_S) && reader.next()? {
            let channels = reader.block_channels;
            let frames = reader.block.len() / channels;
            if whole {
                peak = reader.block.iter().fold(peak, |peak, sample| peak.max(sample.abs()));
            }
            if channels > 1 && heard_s < HEARD_S {
                let (of_mix, of_single) = powers(&reader.block, channels);
                if of_single > SILENT * frames as f64 {
                    mix += of_mix;
                    single += of_single;
                    heard_s += frames as f64 / f64::from(reader.sample_rate);
                }
            }
        }
        Ok(Self {
            peak: Some(peak).filter(|peak| *peak > LOUD),
            channels_cancel: single > 0.0 && mix < CANCELLED * single,
        })
    }
}

/// Energy of the average of the channels, and the mean of the channels' energies.
fn powers(interleaved: &[f32], channels: usize) -> (f64, f64) {
    let scale = 1.0 / channels as f64;
    let (mut of_mix, mut of_single) = (0.0, 0.0);
    for frame in interleaved.chunks_exact(channels) {
        let sum: f64 = frame.iter().map(|x| f64::from(*x)).sum();
        of_mix += (sum * scale).powi(2);
        of_single += frame.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() * scale;
    }
    (of_mix, of_single)
}
