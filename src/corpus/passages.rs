//! A recording as passages that can be analysed one by one.

use crate::audio::Reader;
use crate::params::{AnalysisParams, PitchMethod};
use crate::{Error, Result};
use std::path::Path;

/// Frames of a passage.
const FRAMES: usize = 15 * BATCH;
/// Passages and what is analysed around them begin at multiples of so many frames: the pitch
/// network works on batches of frames, and how they are cut is heard in the last bit.
const BATCH: usize = 256;
/// Frames around a passage by which its pitch is decided: paths of pitch meet much sooner.
const CONTEXT: usize = 128;
/// The same of pYIN, to which two bins are equally good for all of a steady tone between them.
const PYIN_CONTEXT: usize = 384;
/// Bounds for extreme parameters: bytes of a passage's spectra, samples of it and of its context.
const MAX_BYTES: usize = 1 << 24;
const MAX_SAMPLES: usize = 1 << 22;
/// Samples by which segments are cut wider than the cycles they hold, and more.
const FADE: f64 = 64.0;
/// Samples that the pitch network's frames and the filter before it reach, in seconds.
const NETWORK_REACH_S: f64 = 0.064;

/// Where passages lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    hop: usize,
    /// Frames of a passage.
    frames: usize,
    /// Frames analysed before and after a passage, so that it comes out as from the whole.
    margin: usize,
}

impl Layout {
    pub fn of(params: &AnalysisParams) -> Self {
        let hop = params.hop_size;
        let rate = f64::from(params.sample_rate);
        let cycles = params.cycles_per_window.max(1) as f64;
        // YIN's longest periods are up to two samples beyond the lowest pitch's.
        let segment = (rate / params.f_low_hz + 2.0) * cycles + FADE;
        let reach = segment.max(rate * NETWORK_REACH_S) as usize + params.window_size;
        let most = (MAX_BYTES / (4 * params.n_bins)).min(MAX_SAMPLES / hop);
        let context = if params.pitch_method == PitchMethod::Pyin { PYIN_CONTEXT } else { CONTEXT };
        let margin = context.min(MAX_SAMPLES / hop).max(1) + reach.div_ceil(hop);
        let (frames, margin) = if most < BATCH {
            (most.max(1), margin)
        } else {
            (FRAMES.min(most / BATCH * BATCH), margin.next_multiple_of(BATCH))
        };
        Self { hop, frames, margin }
    }
}

/// Some frames of a recording, and the sound around them.
#[derive(Debug)]
pub(super) struct Passage {
    /// Number of the frame whose centre is the first of `samples`.
    pub first: usize,
    /// Frames between that one and the passage's own.
    pub lead: usize,
    /// Frames of the passage.
    pub frames: usize,
    pub samples: Vec<f32>,
    /// Bytes of the file that were read for it.
    pub bytes: u64,
}

/// Where samples come from.
pub(super) enum Source<'a> {
    File {
        path: &'a Path,
        reader: Box<Reader>,
    },
    Memory {
        name: &'a str,
        /// What was not read yet.
        rest: &'a [f32],
    },
}

impl<'a> Source<'a> {
    /// A file, at the parameters' sample rate.
    pub fn open(path: &'a Path, params: &AnalysisParams) -> Result<Self> {
        Ok(Self::File { path, reader: Box::new(Reader::open(path, params.sample_rate)?) })
    }

    /// What is wrong with it.
    fn fault(&self, message: &str) -> Error {
        match self {
            Self::File { path, .. } => Error::audio(path, message),
            Self::Memory { name, .. } => Error::Parameter(format!("{name} {message}")),
        }
    }

    fn read(&mut self, samples: &mut Vec<f32>) -> Result<bool> {
        match self {
            Self::File { reader, .. } => reader.read(samples),
            Self::Memory { rest, .. } => {
                let (block, after) = rest.split_at(rest.len().min(1 << 16));
                samples.extend_from_slice(block);
                *rest = after;
                Ok(!block.is_empty())
            }
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::File { reader, .. } => reader.bytes(),
            Self::Memory { .. } => 0,
        }
    }
}

/// Reads passage after passage.
pub(super) struct Passages<'a> {
    source: Source<'a>,
    layout: Layout,
    /// Samples from frame `first`'s centre on.
    kept: Vec<f32>,
    first: usize,
    /// First frame of the next passage.
    next: usize,
    bytes: u64,
    over: bool,
}

impl<'a> Passages<'a> {
    pub fn new(source: Source<'a>, layout: Layout) -> Self {
        Self { source, layout, kept: Vec::new(), first: 0, next: 0, bytes: 0, over: false }
    }

    /// Samples of the recording, once all were read.
    pub fn samples(&self) -> usize {
        self.first * self.layout.hop + self.kept.len()
    }

    /// The next passage; none after the last.
    ///
    /// # Errors
    /// Where the source cannot be read, or holds no samples.
    pub fn next(&mut self) -> Result<Option<Passage>> {
        let Layout { hop, frames, margin } = self.layout;
        let first = self.next.saturating_sub(margin);
        let needless = (first - self.first) * hop;
        self.kept.drain(..needless.min(self.kept.len()));
        self.first = first;
        let wanted = (self.next + frames + margin - first) * hop;
        while self.kept.len() < wanted && !self.over {
            self.over = !self.source.read(&mut self.kept)?;
        }
        if self.over && self.samples() == 0 {
            return Err(self.source.fault("holds no samples, wanted at least one"));
        }
        let end =
            if self.kept.len() < wanted { 1 + self.samples() / hop } else { self.next + frames };
        let end = end.min(self.next + frames);
        if end <= self.next {
            return Ok(None);
        }
        let passage = Passage {
            first,
            lead: self.next - first,
            frames: end - self.next,
            samples: self.kept[..wanted.min(self.kept.len())].to_vec(),
            bytes: self.source.bytes() - self.bytes,
        };
        self.bytes = self.source.bytes();
        self.next = end;
        Ok(Some(passage))
    }

    /// The next passage of a recording that was read before, which must have `frames` frames.
    ///
    /// # Errors
    /// As [`Self::next`], or if the recording is no longer as it was.
    pub fn again(&mut self, frames: usize) -> Result<Passage> {
        match self.next()? {
            Some(passage) if passage.frames == frames => Ok(passage),
            _ => Err(self.source.fault("changed while it was read")),
        }
    }

    /// Up to `count` of the next passages.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn several(&mut self, count: usize) -> Result<Vec<Passage>> {
        std::iter::from_fn(|| self.next().transpose()).take(count).collect()
    }
}
