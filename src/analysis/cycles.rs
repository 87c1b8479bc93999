//! Cuts a few cycles of the fundamental around each frame's centre (a segment) and stretches them
//! to a fixed length (a cycle frame).

use super::frame::{Framing, check_size, copy_padded};
use super::stretch::Stretcher;
use crate::{Error, Result};

/// Samples that are kept and faded on each side of a segment before it is stretched.
pub(super) const FADE: usize = 16;
/// Longest segment in samples; no valid `params.json` leads to a longer one.
const MAX_SEGMENT: usize = 1 << 25;

/// How segments, a few cycles around each frame's centre, are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CycleSettings {
    /// Rate of the signal, Hz.
    pub sample_rate: u32,
    /// Length and spacing of the frames.
    pub framing: Framing,
    /// Cycles of the fundamental in a segment; with 0, a segment is its whole frame.
    pub cycles: usize,
}

/// Where a segment lies in its recording.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// First sample; negative if the segment begins before the recording.
    pub start: isize,
    /// Samples of the segment.
    pub length: usize,
    /// Number of samples before the segment that are faded in, and after it that are faded out.
    pub fades: [usize; 2],
}

impl CycleSettings {
    /// Checks that frames can be cut with these settings.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the argument, its value and what is wanted.
    pub fn check(&self) -> Result<()> {
        check_size("sr", self.sample_rate as usize)?;
        check_size("window_size", self.framing.window_size)?;
        check_size("hop_length", self.framing.hop_size)
    }

    /// Checks that a segment can be cut for each fundamental frequency in Hz.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the first one that is negative, NaN, infinite or too low.
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

    /// Whether a frame is cut by its pitch rather than taken whole.
    fn is_cut(&self, f0_hz: f32) -> bool {
        self.cycles > 0 && f0_hz > 0.0 && f0_hz.is_finite()
    }

    /// Length of a segment in samples: `ceil(sample_rate / f0_hz * cycles)`, or the frame's length
    /// if
    /// `f0_hz` or `cycles` is 0.
    ///
    /// It is computed in single precision, so the lengths are exactly those of `wms_torch`.
    pub fn segment_length(&self, f0_hz: f32) -> usize {
        if self.is_cut(f0_hz) {
            (self.sample_rate as f32 / f0_hz * self.cycles as f32).ceil() as usize
        } else {
            self.framing.window_size
        }
    }

    /// Where the segment of frame `index` lies: cycles around the frame's centre, which may reach
    /// beyond the frame, or the frame itself if it is not cut by its pitch.
    pub(super) fn place(&self, index: usize, f0_hz: f32) -> Place {
        let length = self.segment_length(f0_hz);
        let start = if self.is_cut(f0_hz) {
            let middle = self.framing.start(index) + (self.framing.window_size / 2) as isize;
            middle - (length / 2) as isize
        } else {
            self.framing.start(index)
        };
        Place { start, length, fades: [FADE; 2] }
    }

    /// The resampling ratio (output rate over input rate) that makes `cycles` cycles of `f0_hz`
    /// fill the window.
    pub fn ratio(&self, f0_hz: f32) -> f64 {
        f64::from(f0_hz) * self.framing.window_size as f64
            / (f64::from(self.sample_rate) * self.cycles as f64)
    }
}

/// Finds the segment of a frame, given its index and its fundamental.
type Placement = fn(&CycleSettings, usize, f32) -> Place;

/// Cuts segments and makes cycle frames, one at a time. Each thread needs a clone of its own.
#[derive(Clone)]
pub(super) struct Cutter {
    settings: CycleSettings,
    placement: Placement,
    faded: Vec<f32>,
    stretcher: Stretcher,
    /// The segment that was cut last.
    pub segment: Vec<f32>,
    /// The cycle frame that was made last, `window_size` samples.
    pub cycle_frame: Vec<f32>,
}

impl Cutter {
    /// Cuts segments that may reach beyond their frames.
    pub fn new(settings: CycleSettings) -> Self {
        Self::with_placement(settings, CycleSettings::place)
    }

    /// Cuts segments at the places that `placement` returns.
    pub fn with_placement(settings: CycleSettings, placement: Placement) -> Self {
        Self {
            settings,
            placement,
            faded: Vec::new(),
            stretcher: Stretcher::default(),
            segment: Vec::new(),
            cycle_frame: vec![0.0; settings.framing.window_size],
        }
    }

    /// Sets `segment` to the raw samples of the cycles around the centre of frame `index`.
    pub fn cut(&mut self, signal: &[f32], index: usize, f0_hz: f32) {
        let place = (self.placement)(&self.settings, index, f0_hz);
        self.segment.resize(place.length, 0.0);
        copy_padded(signal, place.start, &mut self.segment);
    }

    /// Sets `cycle_frame` to the segment stretched to `cycles` periods of `window_size / cycles`.
    ///
    /// Energy is preserved as by librosa's `scale=True`: amplitudes are divided by √ratio.
    pub fn stretch(&mut self, signal: &[f32], index: usize, f0_hz: f32) {
        let window = self.settings.framing.window_size;
        if !self.settings.is_cut(f0_hz) {
            copy_padded(signal, self.settings.framing.start(index), &mut self.cycle_frame);
            return;
        }
        self.fade(signal, (self.placement)(&self.settings, index, f0_hz));
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

    /// Sets `faded` to the segment and the samples around it, faded in and out linearly.
    fn fade(&mut self, signal: &[f32], place: Place) {
        let [before, after] = place.fades;
        self.faded.resize(before + place.length + after, 0.0);
        copy_padded(signal, place.start - before as isize, &mut self.faded);
        let gain = |distance: usize| (FADE - 1 - distance) as f32 / (FADE - 1) as f32;
        for (distance, x) in self.faded[..before].iter_mut().rev().enumerate() {
            *x *= gain(distance);
        }
        for (distance, x) in self.faded[before + place.length..].iter_mut().enumerate() {
            *x *= gain(distance);
        }
    }
}
