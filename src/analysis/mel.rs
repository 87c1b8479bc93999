//! Mel bands and cepstral coefficients.
//!
//! The mel scale and filters are those of M. Slaney's Auditory Toolbox (1998), which are also
//! librosa's defaults.

use super::fourier::{PowerSpectrum, hann_symmetric};
use super::frame::check_size;
use super::sums::dot;
use crate::mel_scale::{band_edges, dct_basis};
use crate::{Error, Result};
use ndarray::{Array2, ArrayRef1, ArrayRef2};
use std::collections::HashMap;

/// Most mel bands.
const MAX_BANDS: usize = 1024;
/// Floor of a band's power before its logarithm is taken. It is about the spectrum level of 16-bit
/// quantisation noise, so that inaudible sound does not affect the features.
const POWER_FLOOR: f64 = 1e-6;

/// Decibels of a power that is e times as large.
const DB_PER_E: f64 = 10.0 * std::f64::consts::LOG10_E;

/// How cepstral coefficients are computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MfccSettings {
    /// Rate of the signal, Hz.
    pub sample_rate: u32,
    /// Length of the Fourier transform, samples.
    pub n_fft: usize,
    /// Number of coefficients.
    pub n_mfcc: usize,
    /// Number of mel bands.
    pub n_mel: usize,
}

impl MfccSettings {
    /// Checks that coefficients can be computed with these settings.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the argument, its value and what is wanted.
    pub fn check(&self) -> Result<()> {
        check_size("sr", self.sample_rate as usize)?;
        check_size("n_fft", self.n_fft)?;
        self.check_bands()?;
        if self.n_mfcc == 0 || self.n_mfcc > self.n_mel {
            return Err(Error::Parameter(format!(
                "n_mfcc is {}, wanted 1 to the number of mel bands, {}",
                self.n_mfcc, self.n_mel
            )));
        }
        Ok(())
    }

    /// Checks the number of mel bands alone.
    pub(super) fn check_bands(&self) -> Result<()> {
        if (1..=MAX_BANDS).contains(&self.n_mel) {
            return Ok(());
        }
        Err(Error::Parameter(format!("n_mels is {}, wanted 1 to {MAX_BANDS}", self.n_mel)))
    }
}

/// How a segment is windowed and placed in the transform's input, and how its power is scaled.
pub(super) trait SegmentInput: Clone + Send + Sync {
    /// Floor of a band's power before its logarithm is taken.
    const POWER_FLOOR: f64;

    /// Writes `segment * window` (of equal length, at least 1) into the transform's `input`, which
    /// holds zeros.
    fn load(&self, segment: &[f32], window: &[f64], input: &mut [f64]);

    /// The factor that makes the power spectra of segments of different lengths comparable.
    fn power_scale(n_fft: usize, segment: usize) -> f64;
}

/// This project's input: the whole segment under one Hann window. The result is the segment's own
/// spectrum, sampled at the transform's bins.
#[derive(Clone, Copy)]
pub(super) struct WholeSegment;

impl SegmentInput for WholeSegment {
    const POWER_FLOOR: f64 = POWER_FLOOR;

    fn load(&self, segment: &[f32], window: &[f64], input: &mut [f64]) {
        // A segment longer than the transform is folded: adding up chunks of the transform's length
        // gives the segment's own spectrum at the transform's bins.
        for (segment, window) in segment.chunks(input.len()).zip(window.chunks(input.len())) {
            for ((x, &sample), w) in input.iter_mut().zip(segment).zip(window) {
                *x += f64::from(sample) * w;
            }
        }
    }

    fn power_scale(n_fft: usize, segment: usize) -> f64 {
        // Summed over the bins, a tone's power is proportional to the segment's length.
        n_fft as f64 / segment.max(1) as f64
    }
}

/// Computes the mel band levels of one segment after another. Each thread needs a clone.
#[derive(Clone)]
pub(super) struct MelAnalyzer<I> {
    n_fft: usize,
    input: I,
    spectrum: PowerSpectrum,
    filters: Vec<Filter>,
    /// Windows by their length, kept for reuse: the segments of a steady note have one or two
    /// lengths.
    windows: HashMap<usize, Vec<f64>>,
    /// Number of samples of all these windows.
    window_samples: usize,
    /// Number of coefficients.
    n_mfcc: usize,
    /// For every band, what it contributes to each coefficient.
    dct: Vec<f64>,
    power: Vec<f64>,
    /// Levels of the last segment's bands, dB.
    pub levels_db: Vec<f64>,
}

/// Most samples of windows that are kept. When they exceed this, all are dropped, so that a sound
/// that glides through many segment lengths does not fill the memory.
const MAX_WINDOW_SAMPLES: usize = 1 << 19;

impl<I: SegmentInput> MelAnalyzer<I> {
    pub fn new(settings: MfccSettings, input: I) -> Self {
        let MfccSettings { sample_rate, n_fft, n_mfcc, n_mel } = settings;
        let basis = dct_basis(n_mfcc, n_mel);
        Self {
            n_fft,
            input,
            spectrum: PowerSpectrum::new(n_fft),
            filters: slaney_filters(f64::from(sample_rate), n_fft, n_mel),
            windows: HashMap::new(),
            window_samples: 0,
            n_mfcc,
            dct: (0..n_mel).flat_map(|band| basis.iter().map(move |vector| vector[band])).collect(),
            power: vec![0.0; n_fft / 2 + 1],
            levels_db: vec![0.0; n_mel],
        }
    }

    /// Sets `levels_db` to the band levels of a segment that is not yet windowed.
    pub fn measure(&mut self, segment: &[f32]) {
        self.load(segment);
        self.spectrum.run(I::power_scale(self.n_fft, segment.len()), &mut self.power);
        for (level, filter) in self.levels_db.iter_mut().zip(&self.filters) {
            *level = DB_PER_E * filter.apply(&self.power).max(I::POWER_FLOOR).ln();
        }
    }

    /// Fills the transform's input with the windowed segment.
    fn load(&mut self, segment: &[f32]) {
        self.spectrum.input.fill(0.0);
        if segment.is_empty() {
            return;
        }
        if !self.windows.contains_key(&segment.len()) {
            self.window_samples += segment.len();
            if self.window_samples > MAX_WINDOW_SAMPLES {
                self.windows.clear();
                self.window_samples = segment.len();
            }
        }
        let window =
            self.windows.entry(segment.len()).or_insert_with(|| hann_symmetric(segment.len()));
        self.input.load(segment, window, &mut self.spectrum.input);
    }

    /// Writes the cepstral coefficients of the last segment: the orthonormal DCT-II of its levels.
    pub fn cepstrum(&self, out: &mut ArrayRef1<f32>) {
        self.transform(&self.levels_db, out);
    }

    /// Cepstral coefficients `(T, n_mfcc)` of band levels `(T, n_mel)`.
    pub fn cepstra(&self, levels_db: &ArrayRef2<f64>) -> Array2<f32> {
        let mut mfcc = Array2::zeros((levels_db.nrows(), self.n_mfcc));
        for (mut row, levels_db) in mfcc.rows_mut().into_iter().zip(levels_db.rows()) {
            self.transform(levels_db, &mut row);
        }
        mfcc
    }

    fn transform<'a>(
        &self,
        levels_db: impl IntoIterator<Item = &'a f64> + Copy,
        out: &mut ArrayRef1<f32>,
    ) {
        let mut sums = vec![0.0; self.n_mfcc];
        for (&level, basis) in levels_db.into_iter().zip(self.dct.chunks_exact(self.n_mfcc)) {
            for (sum, b) in sums.iter_mut().zip(basis) {
                *sum += b * level;
            }
        }
        for (coefficient, sum) in out.iter_mut().zip(sums) {
            *coefficient = sum as f32;
        }
    }
}

/// One triangular filter: its first bin and its weights from there.
#[derive(Clone)]
struct Filter {
    first: usize,
    weights: Vec<f64>,
}

impl Filter {
    fn apply(&self, power: &[f64]) -> f64 {
        dot(&self.weights, &power[self.first..][..self.weights.len()])
    }
}

/// Triangles from 0 Hz to the Nyquist frequency, each of the same area in Hz.
fn slaney_filters(sample_rate: f64, n_fft: usize, bands: usize) -> Vec<Filter> {
    band_edges(sample_rate / 2.0, bands)
        .windows(3)
        .map(|edge| {
            let area = 2.0 / (edge[2] - edge[0]);
            let weight = |bin: usize| {
                let hz = sample_rate * bin as f64 / n_fft as f64;
                let rise = (hz - edge[0]) / (edge[1] - edge[0]);
                let fall = (edge[2] - hz) / (edge[2] - edge[1]);
                // Filters have single precision in librosa.
                f64::from((rise.min(fall).max(0.0) * area) as f32)
            };
            let bins = 0..=n_fft / 2;
            let first = bins.clone().find(|&bin| weight(bin) > 0.0).unwrap_or(0);
            let weights = (first..=n_fft / 2).map(weight).take_while(|&w| w > 0.0).collect();
            Filter { first, weights }
        })
        .collect()
}
