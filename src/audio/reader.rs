//! An audio file as a stream of mono samples at a wanted rate.

use super::decode::Decoder;
use super::resample::{Resampler, Stream};
use crate::Result;
use std::path::Path;

/// Reads a file in blocks: the samples of [`decode`](super::decode) and
/// [`resample`](super::resample()), in memory that does not grow with the file.
pub(crate) struct Reader {
    decoder: Decoder,
    stream: Option<Stream>,
    block: Vec<f32>,
    over: bool,
}

impl Reader {
    /// Opens a file to be read at `sample_rate` Hz.
    ///
    /// # Errors
    /// As [`decode`](super::decode) and [`resample`](super::resample()).
    pub fn open(path: &Path, sample_rate: u32) -> Result<Self> {
        let decoder = Decoder::open(path)?;
        let stream = if decoder.sample_rate() == sample_rate {
            None
        } else {
            Some(Stream::new(Resampler::new(decoder.sample_rate(), sample_rate)?))
        };
        Ok(Self { decoder, stream, block: Vec::new(), over: false })
    }

    /// Bytes of sound read so far.
    pub fn bytes(&self) -> u64 {
        self.decoder.bytes()
    }

    /// Appends the next samples; false where there are no more.
    ///
    /// # Errors
    /// As [`decode`](super::decode).
    pub fn read(&mut self, samples: &mut Vec<f32>) -> Result<bool> {
        if self.over {
            return Ok(false);
        }
        let Some(stream) = &mut self.stream else {
            self.over = !self.decoder.read(samples)?;
            return Ok(!self.over);
        };
        self.block.clear();
        if self.decoder.read(&mut self.block)? {
            stream.push(&self.block, samples);
        } else {
            stream.finish(samples);
            self.over = true;
        }
        Ok(true)
    }
}
