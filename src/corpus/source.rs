//! Reads a recording's samples from a file or from memory.

use crate::audio::{RateReader, ReadOptions};
use crate::params::AnalysisParams;
use crate::{Error, Result};
use std::path::Path;

/// Samples that are read at a time from a recording in memory.
const BLOCK_SAMPLES: usize = 1 << 16;

/// A recording that is read once, from its beginning to its end.
pub(super) enum Source<'a> {
    File { path: &'a Path, reader: Box<RateReader> },
    Memory { name: &'a str, unread: &'a [f32] },
}

impl<'a> Source<'a> {
    /// Opens a file; its sound is resampled to the parameters' rate.
    ///
    /// # Errors
    /// The same as [`RateReader::open`].
    pub fn open(path: &'a Path, params: &AnalysisParams, options: ReadOptions) -> Result<Self> {
        let reader = RateReader::open(path, params.sample_rate, options)?;
        Ok(Self::File { path, reader: Box::new(reader) })
    }

    /// What is to be said about the file, each in one line without its name; complete after the
    /// last sample.
    pub fn take_warnings(&mut self) -> Vec<String> {
        match self {
            Self::File { reader, .. } => reader.take_warnings(),
            Self::Memory { .. } => Vec::new(),
        }
    }

    /// Appends the next samples to `samples`; returns false if there are no more.
    ///
    /// # Errors
    /// The same as [`RateReader::read`].
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

    /// Number of bytes of the file that have been read.
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
