//! Where a recording's samples come from.

use crate::audio::RateReader;
use crate::params::AnalysisParams;
use crate::{Error, Result};
use std::path::Path;

/// Samples of a recording in memory that are handed out at a time.
const BLOCK_SAMPLES: usize = 1 << 16;

/// A recording that is read once, from its beginning to its end.
pub(super) enum Source<'a> {
    File { path: &'a Path, reader: Box<RateReader> },
    Memory { name: &'a str, unread: &'a [f32] },
}

impl<'a> Source<'a> {
    /// A file, which is resampled to the parameters' rate.
    ///
    /// # Errors
    /// As [`RateReader::open`].
    pub fn open(path: &'a Path, params: &AnalysisParams) -> Result<Self> {
        Ok(Self::File { path, reader: Box::new(RateReader::open(path, params.sample_rate)?) })
    }

    /// Appends the next samples; returns false if there are no more.
    ///
    /// # Errors
    /// As [`RateReader::read`].
    pub fn read(&mut self, samples: &mut Vec<f32>) -> Result<bool> {
        match self {
            Self::File { reader, .. } => reader.read(samples),
            Self::Memory { unread, .. } => {
                let (block, rest) = unread.split_at(unread.len().min(BLOCK_SAMPLES));
                samples.extend_from_slice(block);
                *unread = rest;
                Ok(!block.is_empty())
            }
        }
    }

    /// Bytes of the file that have been read.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::File { reader, .. } => reader.bytes(),
            Self::Memory { .. } => 0,
        }
    }

    /// An error about this recording.
    pub fn error(&self, message: &str) -> Error {
        match self {
            Self::File { path, .. } => Error::audio(path, message),
            Self::Memory { name, .. } => Error::Parameter(format!("{name} {message}")),
        }
    }
}
