//! Divides a recording into passages that can be analysed one by one.

use super::source::Source;
use crate::Result;
use crate::params::{AnalysisParams, PitchMethod};

/// Number of frames in a passage.
const PASSAGE_FRAMES: usize = 15 * BATCH_FRAMES;
/// A passage, and the sound around it, begins at a multiple of this many frames. The pitch network
/// works on batches of this size. Dividing the recording into other batches would round
/// differently, so the result would differ in the last bit from that of the whole recording.
const BATCH_FRAMES: usize = 256;
/// Frames before and after a passage that are used to decide its pitch. Pitch paths that begin
/// differently join after far fewer frames.
const CONTEXT_FRAMES: usize = 128;
/// Frames before and after a passage for pYIN. A steady tone between two of its pitch bins fits
/// both equally well until it ends, so its paths may stay apart for longer.
const PYIN_CONTEXT_FRAMES: usize = 384;
/// Upper limit on the bytes of a passage's spectra, for extreme parameters.
const MAX_BYTES: usize = 1 << 24;
/// Upper limit on the samples of a passage, and of its context, for extreme parameters.
const MAX_SAMPLES: usize = 1 << 22;
/// Samples that a segment may have beyond its cycles, for its fades and for rounding.
const SEGMENT_MARGIN_SAMPLES: f64 = 64.0;
/// Seconds of sound on which a frame of the pitch network depends, with the filter before it.
const NETWORK_REACH_S: f64 = 0.064;

/// How a recording is divided into passages.
#[derive(Clone, Copy, Debug)]
pub(super) struct PassageLayout {
    hop: usize,
    /// Number of frames in a passage.
    frames: usize,
    /// Frames that are analysed before and after a passage, so that its own frames are the same as
    /// in an analysis of the whole recording.
    margin: usize,
}

impl PassageLayout {
    pub fn of(params: &AnalysisParams) -> Self {
        let hop = params.hop_size;
        let rate = f64::from(params.sample_rate);
        let cycles = params.cycles_per_window.max(1) as f64;
        // YIN searches periods up to two samples longer than that of the lowest pitch.
        let segment = (rate / params.f_low_hz + 2.0) * cycles + SEGMENT_MARGIN_SAMPLES;
        let reach = segment.max(rate * NETWORK_REACH_S) as usize + params.window_size;
        let most = (MAX_BYTES / (4 * params.n_bins)).min(MAX_SAMPLES / hop);
        let context = match params.pitch_method {
            PitchMethod::Pyin => PYIN_CONTEXT_FRAMES,
            PitchMethod::Yin | PitchMethod::Crepe => CONTEXT_FRAMES,
        };
        let margin = context.min(MAX_SAMPLES / hop).max(1) + reach.div_ceil(hop);
        let (frames, margin) = if most < BATCH_FRAMES {
            (most.max(1), margin)
        } else {
            let whole_batches = most / BATCH_FRAMES * BATCH_FRAMES;
            (PASSAGE_FRAMES.min(whole_batches), margin.next_multiple_of(BATCH_FRAMES))
        };
        Self { hop, frames, margin }
    }
}

/// Some frames of a recording, and the sound around them.
#[derive(Debug)]
pub(super) struct Passage {
    /// Number of the frame whose centre is the first of `samples`.
    pub first: usize,
    /// Number of frames from `first` to the passage's own first frame.
    pub lead: usize,
    /// Number of frames of the passage.
    pub frames: usize,
    pub samples: Vec<f32>,
    /// Number of bytes of the file that were read for it.
    pub bytes: u64,
}

/// Reads a recording passage by passage.
pub(super) struct Passages<'a> {
    source: Source<'a>,
    layout: PassageLayout,
    /// Samples from the centre of frame `first` on.
    samples: Vec<f32>,
    first: usize,
    /// First frame of the next passage.
    next: usize,
    /// Bytes of the source that were read for earlier passages.
    bytes: u64,
    /// Whether the source has no more samples.
    finished: bool,
}

impl<'a> Passages<'a> {
    pub fn new(source: Source<'a>, layout: PassageLayout) -> Self {
        let samples = Vec::new();
        Self { source, layout, samples, first: 0, next: 0, bytes: 0, finished: false }
    }

    /// Number of samples read so far; after the last passage, the length of the recording.
    pub fn samples_read(&self) -> usize {
        self.first * self.layout.hop + self.samples.len()
    }

    /// What is to be said about the recording; complete after the last passage.
    pub fn take_warnings(&mut self) -> Vec<String> {
        self.source.take_warnings()
    }

    /// The next passage; `None` after the last.
    ///
    /// # Errors
    /// If the source cannot be read, or holds no samples.
    pub fn next(&mut self) -> Result<Option<Passage>> {
        let PassageLayout { hop, frames, margin } = self.layout;
        let first = self.next.saturating_sub(margin);
        let used_up = (first - self.first) * hop;
        self.samples.drain(..used_up.min(self.samples.len()));
        self.first = first;
        let wanted = (self.next + frames + margin - first) * hop;
        while self.samples.len() < wanted && !self.finished {
            self.finished = !self.source.read(&mut self.samples)?;
        }
        if self.finished && self.samples_read() == 0 {
            return Err(self.source.error("holds no samples, wanted at least one"));
        }
        let mut end = self.next + frames;
        if self.samples.len() < wanted {
            end = end.min(1 + self.samples_read() / hop);
        }
        if end <= self.next {
            return Ok(None);
        }
        let passage = Passage {
            first,
            lead: self.next - first,
            frames: end - self.next,
            samples: self.samples[..wanted.min(self.samples.len())].to_vec(),
            bytes: self.source.bytes() - self.bytes,
        };
        self.bytes = self.source.bytes();
        self.next = end;
        Ok(Some(passage))
    }

    /// The next passage of a recording that is read for the second time. The passage had `frames`
    /// frames at the first reading.
    ///
    /// # Errors
    /// The same as [`Self::next`]; also if the recording has changed.
    pub fn reread(&mut self, frames: usize) -> Result<Passage> {
        match self.next()? {
            Some(passage) if passage.frames == frames => Ok(passage),
            _ => Err(self.source.error("changed while it was read")),
        }
    }

    /// The next passages, at most `count`; an empty list after the last.
    ///
    /// # Errors
    /// The same as [`Self::next`].
    pub fn take_up_to(&mut self, count: usize) -> Result<Vec<Passage>> {
        std::iter::from_fn(|| self.next().transpose()).take(count).collect()
    }
}
