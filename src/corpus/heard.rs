//! What is heard in a recording, beside the features that a network learns from.

use super::tones::{Spectrum, Tones};
use crate::audio::{self, Channel, RateReader, ReadOptions};
use crate::{Error, Result, Watch};
use std::path::Path;

/// Length of a block whose level is measured, s.
pub(super) const BLOCK_S: f64 = 0.05;
/// Samples this close to the largest so far count as being at the peak.
const PEAK_SHARE: f32 = 0.9999;
/// Samples of at least this share of the peak are near it.
const NEAR_SHARE: f32 = 0.9;
/// Samples at the peak in a row from which on they are clipped, not the top of a wave.
const CLIPPED_RUN: u64 = 3;

/// What was measured of a recording.
pub(super) struct Heard {
    /// Length, s.
    pub seconds: f64,
    /// Mean power of each block of [`BLOCK_S`].
    pub powers: Vec<f32>,
    /// Samples that are clipped, as a share of those near the peak.
    pub clipped_share: f64,
    /// Number of clipped samples.
    pub clipped_samples: u64,
    /// Sum of the spectra of all windows.
    pub spectrum: Spectrum,
    /// Moments in which a tone goes on, and those of them in which several pitches do.
    pub tonal: usize,
    pub several: usize,
}

impl Heard {
    /// Listens to a whole file, at its own rate. Memory does not grow with its length, but for a
    /// number each [`BLOCK_S`].
    ///
    /// # Errors
    /// Those of [`audio::decode`], and [`Error::Interrupted`](crate::Error::Interrupted).
    pub fn of_file(path: &Path, channel: Channel, watch: &Watch) -> Result<Self> {
        let rate = audio::info(path)?.sample_rate;
        let options = ReadOptions { channel, as_stored: false };
        let mut reader = RateReader::open(path, rate, options)?;
        let mut listener = Listener::new(rate);
        let mut block = Vec::new();
        while reader.read(&mut block)? {
            watch.check()?;
            listener.push(&block);
            block.clear();
        }
        Ok(listener.finish())
    }

    /// Listens to a whole file; `None` if there is no such file or it cannot be read.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::Error::Interrupted).
    pub fn of_file_if_there(path: &Path, channel: Channel, watch: &Watch) -> Result<Option<Self>> {
        if !path.is_file() {
            return Ok(None);
        }
        match Self::of_file(path, channel, watch) {
            Err(Error::Interrupted) => Err(Error::Interrupted),
            heard => Ok(heard.ok()),
        }
    }
}

struct Listener {
    rate: f64,
    samples: u64,
    powers: Vec<f32>,
    /// Energy and number of samples of the block that is not complete.
    block: (f64, usize),
    clipping: Clipping,
    tones: Tones,
}

impl Listener {
    fn new(rate: u32) -> Self {
        Self {
            rate: f64::from(rate),
            samples: 0,
            powers: Vec::new(),
            block: (0.0, 0),
            clipping: Clipping::default(),
            tones: Tones::new(rate),
        }
    }

    fn push(&mut self, samples: &[f32]) {
        let block_samples = (self.rate * BLOCK_S).ceil() as usize;
        for sample in samples {
            self.block.0 += f64::from(*sample).powi(2);
            self.block.1 += 1;
            if self.block.1 == block_samples {
                self.powers.push((self.block.0 / block_samples as f64) as f32);
                self.block = (0.0, 0);
            }
            self.clipping.push(*sample);
        }
        self.samples += samples.len() as u64;
        self.tones.push(samples);
    }

    fn finish(self) -> Heard {
        Heard {
            seconds: self.samples as f64 / self.rate,
            powers: self.powers,
            clipped_share: self.clipping.clipped as f64 / self.clipping.near.max(1) as f64,
            clipped_samples: self.clipping.clipped,
            tonal: self.tones.tonal,
            several: self.tones.several,
            spectrum: self.tones.sum,
        }
    }
}

/// Finds flat tops: runs of samples at the largest magnitude.
#[derive(Default)]
struct Clipping {
    peak: f32,
    /// Samples near the peak, and those of them in flat tops.
    near: u64,
    clipped: u64,
    /// Length of the run of samples at the peak.
    run: u64,
}

impl Clipping {
    fn push(&mut self, sample: f32) {
        let size = sample.abs();
        if size * PEAK_SHARE > self.peak {
            // What was at the peak before was not.
            *self = Self { peak: size, ..Self::default() };
        }
        if size == 0.0 || size < self.peak * NEAR_SHARE {
            self.run = 0;
            return;
        }
        self.near += 1;
        if size < self.peak * PEAK_SHARE {
            self.run = 0;
            return;
        }
        self.run += 1;
        if self.run == CLIPPED_RUN {
            self.clipped += CLIPPED_RUN;
        } else if self.run > CLIPPED_RUN {
            self.clipped += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clipping(signal: impl Iterator<Item = f32>) -> (u64, u64) {
        let mut clipping = Clipping::default();
        signal.for_each(|sample| clipping.push(sample));
        (clipping.clipped, clipping.near)
    }

    #[test]
    fn flat_tops_are_told_from_waves() {
        let sine = |gain: f32| (0..44_100).map(move |n| gain * (n as f32 * 0.03).sin());
        let (clipped, near) = clipping(sine(0.7));
        assert!(clipped * 20 < near, "{clipped} of {near}");
        let (clipped, near) = clipping(sine(5.0).map(|x| x.clamp(-1.0, 1.0)));
        assert!(clipped * 10 > near * 8, "{clipped} of {near}");
        // A level that was passed later was no limit.
        let mut growing: Vec<f32> = vec![0.5; 1000];
        growing.extend(sine(0.9));
        assert!(clipping(growing.into_iter()).0 < 500);
        assert_eq!(clipping([0.0; 100].into_iter()), (0, 0));
    }
}
