//! Mel bands and cepstral coefficients.
//!
//! The mel scale and filters are those of M. Slaney's Auditory Toolbox (1998), as librosa's
//! defaults.

use super::fourier::{Forward, hann_periodic, hann_symmetric};
use super::frame::check_size;
use crate::{Error, Result};
use std::collections::HashMap;

/// Librosa's default number of bands, which `wms_torch`'s `main` uses whatever `n_mel` says.
const LIBROSA_BANDS: usize = 128;
/// Most mel bands.
const MAX_BANDS: usize = 1024;
/// Range below the loudest value that `power_to_db` keeps, dB.
const TOP_DB: f64 = 80.0;
/// Smallest power that librosa takes the logarithm of.
const LIBROSA_FLOOR: f64 = 1e-10;
/// The same here: about the spectrum level of 16-bit quantisation noise, so that what cannot be
/// heard in a recording does not move its features.
const OWN_FLOOR: f64 = 1e-6;

/// Whose coefficients to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MfccVariant {
    /// This project's: the whole segment under one Hann window, its spectrum sampled at `n_fft`
    /// points, `n_mel` bands, a fixed floor.
    Own,
    /// `wms_torch` main: librosa's centred frame over the first half of the windowed segment.
    Main,
    /// `wms_torch` dev: the windowed segment repeated to `n_fft` samples; levels are cut 80 dB
    /// below the loudest of all frames.
    Dev,
}

/// How coefficients are computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MfccSettings {
    /// Rate of the signal, Hz.
    pub sample_rate: u32,
    /// Length of the transform.
    pub n_fft: usize,
    /// Number of coefficients.
    pub n_mfcc: usize,
    /// Number of mel bands (`Main` has 128 whatever this says).
    pub n_mel: usize,
    /// Whose coefficients.
    pub variant: MfccVariant,
}

impl MfccSettings {
    fn bands(&self) -> usize {
        if self.variant == MfccVariant::Main { LIBROSA_BANDS } else { self.n_mel }
    }

    /// Refuses settings that no coefficient can be computed with.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the argument, its value and what is wanted.
    pub fn check(&self) -> Result<()> {
        check_size("sr", self.sample_rate as usize)?;
        check_size("n_fft", self.n_fft)?;
        if !(1..=MAX_BANDS).contains(&self.n_mel) {
            return Err(Error::Parameter(format!(
                "n_mels is {}, wanted 1 to {MAX_BANDS}",
                self.n_mel
            )));
        }
        if self.n_mfcc == 0 || self.n_mfcc > self.bands() {
            return Err(Error::Parameter(format!(
                "n_mfcc is {}, wanted 1 to the number of mel bands, {}",
                self.n_mfcc,
                self.bands()
            )));
        }
        Ok(())
    }
}

/// Computes the band levels of one segment after another.
#[derive(Clone)]
pub(crate) struct MelAnalyzer {
    settings: MfccSettings,
    forward: Forward,
    filters: Vec<Filter>,
    /// Librosa's window over the transform.
    frame_window: Vec<f64>,
    /// Windows of the segment lengths met so far: a steady note has one or two.
    windows: HashMap<usize, Vec<f64>>,
    /// Their samples in all.
    window_samples: usize,
    dct: Vec<f64>,
    power: Vec<f64>,
    /// Levels of the last segment's bands, dB.
    pub levels_db: Vec<f64>,
}

/// Samples of windows kept before the store is emptied, so that it stays small on gliding sounds.
const MAX_WINDOW_SAMPLES: usize = 1 << 19;

impl MelAnalyzer {
    pub fn new(settings: MfccSettings) -> Self {
        let bands = settings.bands();
        Self {
            settings,
            forward: Forward::new(settings.n_fft),
            filters: slaney_filters(f64::from(settings.sample_rate), settings.n_fft, bands),
            frame_window: hann_periodic(settings.n_fft),
            windows: HashMap::new(),
            window_samples: 0,
            dct: dct_basis(settings.n_mfcc, bands),
            power: vec![0.0; settings.n_fft / 2 + 1],
            levels_db: vec![0.0; bands],
        }
    }

    /// Fills `levels_db` from a raw segment. `Dev`'s levels are not yet cut at their top.
    pub fn levels(&mut self, segment: &[f32]) {
        self.load(segment);
        self.forward.run();
        let floor = match self.settings.variant {
            MfccVariant::Own => OWN_FLOOR,
            MfccVariant::Main | MfccVariant::Dev => LIBROSA_FLOOR,
        };
        let scale = match self.settings.variant {
            // A tone's summed power under one window grows with the segment's length.
            MfccVariant::Own => self.settings.n_fft as f64 / segment.len().max(1) as f64,
            MfccVariant::Main | MfccVariant::Dev => 1.0,
        };
        for (power, bin) in self.power.iter_mut().zip(&self.forward.output) {
            *power = bin.norm_sqr() * scale;
        }
        for (level, filter) in self.levels_db.iter_mut().zip(&self.filters) {
            *level = 10.0 * filter.apply(&self.power).max(floor).log10();
        }
        if self.settings.variant == MfccVariant::Main {
            let loudest = self.levels_db.iter().copied().fold(f64::MIN, f64::max);
            cut_below(&mut self.levels_db, loudest - TOP_DB);
        }
    }

    /// Fills the transform's input.
    fn load(&mut self, segment: &[f32]) {
        if !self.windows.contains_key(&segment.len()) {
            self.window_samples += segment.len();
            if self.window_samples > MAX_WINDOW_SAMPLES {
                self.windows.clear();
                self.window_samples = segment.len();
            }
        }
        let window =
            self.windows.entry(segment.len()).or_insert_with(|| hann_symmetric(segment.len()));
        let n_fft = self.settings.n_fft;
        let input = &mut self.forward.input;
        input.fill(0.0);
        let length = segment.len();
        if length == 0 {
            return;
        }
        let sample = |i: usize| f64::from(segment[i]) * window[i];
        match self.settings.variant {
            // The transform's bins are samples of the segment's own spectrum, also where the
            // segment is longer than the transform: folding in time samples in frequency.
            MfccVariant::Own => {
                for i in 0..length {
                    input[i % n_fft] += sample(i);
                }
            }
            MfccVariant::Main => {
                // One centred frame: half of it zeros, half the repeated segment's beginning.
                let lead = n_fft / 2;
                let halves = input[lead..].iter_mut().zip(&self.frame_window[lead..]);
                for ((x, w), i) in halves.zip((0..length).cycle()) {
                    *x = sample(i) * w;
                }
            }
            MfccVariant::Dev => {
                for (x, i) in input.iter_mut().zip((0..length).cycle()) {
                    *x = sample(i);
                }
            }
        }
    }

    /// Writes the cepstral coefficients of band levels: their orthonormal DCT-II.
    pub fn cepstrum(&self, levels_db: &[f64], out: &mut [f32]) {
        for (coefficient, basis) in out.iter_mut().zip(self.dct.chunks_exact(levels_db.len())) {
            *coefficient = basis.iter().zip(levels_db).map(|(b, l)| b * l).sum::<f64>() as f32;
        }
    }
}

/// Cuts `Dev`'s levels of all frames 80 dB below the loudest.
pub(crate) fn cut_dev_levels(levels_db: &mut [f64]) {
    let loudest = levels_db.iter().copied().fold(f64::MIN, f64::max);
    cut_below(levels_db, loudest - TOP_DB);
}

fn cut_below(levels_db: &mut [f64], floor: f64) {
    levels_db.iter_mut().for_each(|level| *level = level.max(floor));
}

/// One triangular filter: its first bin and its weights from there.
#[derive(Clone)]
struct Filter {
    first: usize,
    weights: Vec<f64>,
}

impl Filter {
    fn apply(&self, power: &[f64]) -> f64 {
        self.weights.iter().zip(&power[self.first..]).map(|(w, p)| w * p).sum()
    }
}

fn hz_to_mel(hz: f64) -> f64 {
    let step = 200.0 / 3.0;
    let log_from_hz = 1000.0;
    if hz < log_from_hz {
        hz / step
    } else {
        log_from_hz / step + (hz / log_from_hz).ln() / (6.4_f64.ln() / 27.0)
    }
}

fn mel_to_hz(mel: f64) -> f64 {
    let step = 200.0 / 3.0;
    let log_from_mel = 1000.0 / step;
    if mel < log_from_mel {
        mel * step
    } else {
        1000.0 * ((mel - log_from_mel) * (6.4_f64.ln() / 27.0)).exp()
    }
}

/// Triangles from 0 Hz to the Nyquist frequency, each of the same area in Hz.
fn slaney_filters(sample_rate: f64, n_fft: usize, bands: usize) -> Vec<Filter> {
    let top = hz_to_mel(sample_rate / 2.0);
    let edges: Vec<f64> =
        (0..bands + 2).map(|i| mel_to_hz(top * i as f64 / (bands + 1) as f64)).collect();
    edges
        .windows(3)
        .map(|edge| {
            let area = 2.0 / (edge[2] - edge[0]);
            let weight = |bin: usize| {
                let hz = sample_rate * bin as f64 / n_fft as f64;
                let rise = (hz - edge[0]) / (edge[1] - edge[0]);
                let fall = (edge[2] - hz) / (edge[2] - edge[1]);
                // librosa keeps its filters in single precision.
                f64::from((rise.min(fall).max(0.0) * area) as f32)
            };
            let bins = 0..=n_fft / 2;
            let first = bins.clone().find(|&bin| weight(bin) > 0.0).unwrap_or(0);
            let weights = (first..=n_fft / 2).map(weight).take_while(|&w| w > 0.0).collect();
            Filter { first, weights }
        })
        .collect()
}

/// The first `rows` rows of the orthonormal DCT-II over `columns` values.
fn dct_basis(rows: usize, columns: usize) -> Vec<f64> {
    let n = columns as f64;
    (0..rows)
        .flat_map(|k| {
            let scale = if k == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
            (0..columns).map(move |i| {
                scale * (std::f64::consts::PI * k as f64 * (i as f64 + 0.5) / n).cos()
            })
        })
        .collect()
}
