//! Cutting a few cycles around each frame's centre and stretching them to a fixed length.

use super::frame::{Framing, check_size, copy_padded};
use super::stretch::Stretcher;
use crate::{Error, Result};

/// Samples that are kept and faded on each side of a segment before it is stretched.
const FADE: usize = 16;
/// Longest segment, samples: no less than any valid `params.json` asks for.
const MAX_SEGMENT: usize = 1 << 25;

/// How segments are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CycleSettings {
    /// Rate of the signal, Hz.
    pub sample_rate: u32,
    /// The frames.
    pub framing: Framing,
    /// Cycles of the fundamental in a segment; 0 takes the frame as it is.
    pub cycles: usize,
    /// Whether a segment ends at its frame's edges, as in `wms_torch`, rather than reaching into
    /// the recording around it.
    pub confined: bool,
}

impl CycleSettings {
    /// Refuses settings that make no frame.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the argument, its value and what is wanted.
    pub fn check(&self) -> Result<()> {
        check_size("sr", self.sample_rate as usize)?;
        check_size("window_size", self.framing.window_size)?;
        check_size("hop_length", self.framing.hop_size)
    }

    /// Refuses fundamentals that no segment can be cut for.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the first one.
    pub(crate) fn check_f0(&self, f0_hz: &[f32]) -> Result<()> {
        for (at, &f0) in f0_hz.iter().enumerate() {
            if !f0.is_finite() || f0 < 0.0 {
                return Err(Error::Parameter(format!(
                    "f0_hz[{at}] is {f0:?}, wanted finite frequencies of at least 0 Hz"
                )));
            }
            if self.segment_length(f0) > MAX_SEGMENT {
                return Err(Error::Parameter(format!(
                    "f0_hz[{at}] is {f0:?} Hz, wanted 0 or a frequency of which {} cycles last at \
                     most {MAX_SEGMENT} samples",
                    self.cycles
                )));
            }
        }
        Ok(())
    }

    /// Whether the frame is cut by its pitch rather than taken whole.
    fn is_cut(&self, f0_hz: f32) -> bool {
        self.cycles > 0 && f0_hz > 0.0 && f0_hz.is_finite()
    }

    /// Samples of a segment of whole cycles, before any edge: `ceil(sr / f0 * cycles)` in single
    /// precision, which `wms_torch`'s lengths follow to the sample.
    pub fn segment_length(&self, f0_hz: f32) -> usize {
        if self.is_cut(f0_hz) {
            (self.sample_rate as f32 / f0_hz * self.cycles as f32).ceil() as usize
        } else {
            self.framing.window_size
        }
    }

    /// Where the segment of frame `index` lies in the signal: first sample and length.
    fn place(&self, index: usize, f0_hz: f32) -> (isize, usize) {
        let frame = self.framing.start(index);
        if !self.is_cut(f0_hz) {
            return (frame, self.framing.window_size);
        }
        let length = self.segment_length(f0_hz);
        let middle = frame + (self.framing.window_size / 2) as isize;
        let start = middle - (length / 2) as isize;
        if self.confined {
            let end = (start + length as isize).min(frame + self.framing.window_size as isize);
            let start = start.max(frame);
            (start, (end - start) as usize)
        } else {
            (start, length)
        }
    }

    /// Rate ratio that makes `cycles` cycles of `f0_hz` fill the window.
    pub fn ratio(&self, f0_hz: f32) -> f64 {
        f64::from(f0_hz) * self.framing.window_size as f64
            / (f64::from(self.sample_rate) * self.cycles as f64)
    }
}

/// Cuts segments and makes cycle frames, one frame after another.
#[derive(Clone)]
pub(crate) struct Cutter {
    settings: CycleSettings,
    faded: Vec<f32>,
    stretcher: Stretcher,
    /// The last segment.
    pub segment: Vec<f32>,
    /// The last cycle frame, `window_size` samples.
    pub cycle_frame: Vec<f32>,
}

impl Cutter {
    pub fn new(settings: CycleSettings) -> Self {
        Self {
            settings,
            faded: Vec::new(),
            stretcher: Stretcher::default(),
            segment: Vec::new(),
            cycle_frame: vec![0.0; settings.framing.window_size],
        }
    }

    /// Fills `segment`: the raw samples of the cycles around the centre of frame `index`.
    pub fn cut(&mut self, signal: &[f32], index: usize, f0_hz: f32) {
        let (start, length) = self.settings.place(index, f0_hz);
        self.segment.resize(length, 0.0);
        copy_padded(signal, start, &mut self.segment);
    }

    /// Fills `cycle_frame`: the segment stretched to `cycles` periods of `window_size / cycles`.
    ///
    /// Energy is preserved as by librosa's `scale=True`: amplitudes are divided by √ratio.
    pub fn stretch(&mut self, signal: &[f32], index: usize, f0_hz: f32) {
        let window = self.settings.framing.window_size;
        if !self.settings.is_cut(f0_hz) {
            copy_padded(signal, self.settings.framing.start(index), &mut self.cycle_frame);
            return;
        }
        self.fade(signal, index, f0_hz);
        let ratio = self.settings.ratio(f0_hz);
        let stretched = (self.faded.len() as f64 * ratio).ceil() as usize;
        if stretched >= window {
            let first = (stretched - window) / 2;
            self.stretcher.stretch(&self.faded, ratio, first, &mut self.cycle_frame);
        } else {
            let lead = (window - stretched) / 2;
            self.cycle_frame.fill(0.0);
            let out = &mut self.cycle_frame[lead..lead + stretched];
            self.stretcher.stretch(&self.faded, ratio, 0, out);
        }
        let gain = (1.0 / ratio.sqrt()) as f32;
        self.cycle_frame.iter_mut().for_each(|x| *x *= gain);
    }

    /// Fills `faded`: the segment and the samples around it, faded in and out linearly.
    fn fade(&mut self, signal: &[f32], index: usize, f0_hz: f32) {
        let (start, length) = self.settings.place(index, f0_hz);
        let (mut before, mut after) = (FADE, FADE);
        if self.settings.confined {
            let frame = self.settings.framing.start(index);
            let end = frame + self.settings.framing.window_size as isize;
            before = before.min((start - frame) as usize);
            after = after.min((end - start) as usize - length);
        }
        self.faded.resize(before + length + after, 0.0);
        copy_padded(signal, start - before as isize, &mut self.faded);
        let gain = |distance: usize| (FADE - 1 - distance) as f32 / (FADE - 1) as f32;
        for (distance, x) in self.faded[..before].iter_mut().rev().enumerate() {
            *x *= gain(distance);
        }
        for (distance, x) in self.faded[before + length..].iter_mut().enumerate() {
            *x *= gain(distance);
        }
    }
}
