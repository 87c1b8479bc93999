//! Recordings joined into one signal, as `wms_torch` analyses them.

use crate::params::AnalysisParams;

/// Recordings one after the other, each followed by zeros.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// All samples.
    pub signal: Vec<f32>,
    /// First sample of each recording.
    starts: Vec<usize>,
}

impl Joined {
    /// Appends a recording, then zeros up to the next multiple of `window_size`. A recording that
    /// already ends on one is followed by a whole window of zeros.
    pub fn push(&mut self, samples: &[f32], window_size: usize) {
        self.starts.push(self.signal.len());
        self.signal.extend_from_slice(samples);
        let padding = window_size - samples.len() % window_size;
        self.signal.resize(self.signal.len() + padding, 0.0);
    }

    /// The recording that frame `frame` of the signal belongs to, and the time of the frame's centre
    /// in that recording, s.
    pub fn place(&self, frame: usize, params: &AnalysisParams) -> (usize, f64) {
        let rate = f64::from(params.sample_rate);
        let centre = frame * params.hop_size;
        let recording = self.starts.partition_point(|&start| start <= centre).saturating_sub(1);
        (recording, centre as f64 / rate - self.starts[recording] as f64 / rate)
    }
}
