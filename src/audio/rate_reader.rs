//! An audio file as a stream of mono samples at a wanted rate.

use super::decode::{Decoder, ReadOptions};
use super::resample::{Resampler, StreamResampler};
use super::survey::Survey;
use crate::Result;
use std::path::Path;

/// Decodes and resamples a file block by block, in memory that does not grow with the file. The
/// samples are those of [`decode`](super::decode) followed by [`resample`](super::resample()).
pub(crate) struct RateReader {
    decoder: Decoder,
    /// `None` if the file has the wanted rate.
    resampler: Option<StreamResampler>,
    /// Samples at the file's rate.
    block: Vec<f32>,
    finished: bool,
}

impl RateReader {
    /// Opens a file to be read at `sample_rate` Hz.
    ///
    /// # Errors
    /// The same as [`decode`](super::decode) and [`resample`](super::resample()).
    pub fn open(path: &Path, sample_rate: u32, options: ReadOptions) -> Result<Self> {
        let decoder = Decoder::open(path, options, Survey::of_everything)?;
        let resampler = if decoder.sample_rate() == sample_rate {
            None
        } else {
            Some(StreamResampler::new(Resampler::new(decoder.sample_rate(), sample_rate)?))
        };
        Ok(Self { decoder, resampler, block: Vec::new(), finished: false })
    }

    /// Bytes of encoded sound that have been read.
    pub fn bytes(&self) -> u64 {
        self.decoder.bytes()
    }

    /// What is to be said about the file, each in one line without its name; complete after the
    /// last sample.
    pub fn take_warnings(&mut self) -> Vec<String> {
        self.decoder.take_warnings()
    }

    /// Appends the next samples; returns false if there are no more.
    ///
    /// # Errors
    /// The same as [`decode`](super::decode).
    pub fn read(&mut self, samples: &mut Vec<f32>) -> Result<bool> {
        if self.finished {
            return Ok(false);
        }
        let Some(resampler) = &mut self.resampler else {
            self.finished = !self.decoder.read(samples)?;
            return Ok(!self.finished);
        };
        self.block.clear();
        if self.decoder.read(&mut self.block)? {
            resampler.push(&self.block, samples);
        } else {
            resampler.finish(samples);
            self.finished = true;
        }
        Ok(true)
    }
}
