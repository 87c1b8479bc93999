//! The spectral envelope that MFCC and f0 imply.

use multiversion::multiversion;

use crate::mel_scale::{band_edges, dct_basis, hz_to_mel};
use crate::model::activation::{exp, ln};
use crate::model::config::{F0Mapping, ModelConfig};

/// Band levels are bounded to these, in dB, so that no input makes the output infinite.
const LEVEL_RANGE_DB: (f32, f32) = (-150.0, 60.0);
/// Coefficients are bounded to this, so that no sum of them is infinite.
const LARGEST_INPUT: f32 = 1e6;
/// Copies of the first and the last band beside the others, so that what is read around a place is
/// always there.
const MARGIN: usize = 8;
/// Mel bands around a place whose levels, relative to it, are inputs of a decoder.
pub(super) const AROUND: [isize; 4] = [-2, -1, 1, 2];

/// From network inputs to the levels of the mel bands.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    /// Levels of the bands where all standardised coefficients are 0, dB, and their change by each
    /// coefficient, (coefficients, bands).
    at_mean: Vec<f32>,
    by_coefficient: Vec<f32>,
    /// Width and centre of each band, Hz.
    band_hz: Vec<f32>,
    pub centre_hz: Vec<f32>,
    /// Bands in one mel.
    bands_per_mel: f32,
    /// Power of a cycle spectrum of 1 Hz, relative to the power in the bands.
    power_at_1_hz: f32,
    f0_mapping: F0Mapping,
    coefficients: Vec<usize>,
    pitch: usize,
    voicedness: usize,
}

/// Envelope, pitch and voicedness of one frame.
#[derive(Clone, Debug, Default)]
pub(super) struct EnvelopeFrame {
    /// Levels of the bands, dB, with a margin on either side.
    padded: Vec<f32>,
    pub mean_db: f32,
    pub f0_hz: f32,
    pub voicedness: f32,
}

impl Envelope {
    /// # Errors
    /// A line naming the key of the description that does not fit.
    pub fn new(config: &ModelConfig) -> Result<Self, String> {
        let layout = &config.spectrum;
        let bands = config.mel_bands.ok_or("config.mel_bands is missing, wanted 2 to 1024")?;
        let voicedness =
            config.voicedness_index().ok_or("config.input_names has no \"voicedness\"")?;
        let coefficients: Vec<usize> = config.timbre_indices().collect();
        let scaler = &config.scaler;
        if coefficients.len() != scaler.mean.len() || coefficients.len() > bands {
            return Err(format!(
                "config has {} coefficients and {bands} mel bands, wanted at most as many \
                 coefficients as bands, and a scaler for each",
                coefficients.len()
            ));
        }
        let basis = dct_basis(coefficients.len(), bands);
        let mut at_mean = vec![0.0; bands];
        let mut by_coefficient = Vec::with_capacity(bands * coefficients.len());
        for (vector, (&mean, &scale)) in basis.iter().zip(scaler.mean.iter().zip(&scaler.scale)) {
            for (level, value) in at_mean.iter_mut().zip(vector) {
                *level += f64::from(mean) * value;
            }
            by_coefficient.extend(vector.iter().map(|v| (v * f64::from(scale)) as f32));
        }
        let nyquist = f64::from(layout.sample_rate) / 2.0;
        let samples = f64::from(layout.sample_rate) * layout.cycles_per_window as f64;
        let edges = band_edges(nyquist, bands);
        Ok(Self {
            at_mean: at_mean.into_iter().map(|v| v as f32).collect(),
            by_coefficient,
            band_hz: edges.windows(3).map(|e| ((e[2] - e[0]) / 2.0) as f32).collect(),
            centre_hz: edges[1..=bands].iter().map(|&hz| hz as f32).collect(),
            bands_per_mel: ((bands + 1) as f64 / hz_to_mel(nyquist)) as f32,
            power_at_1_hz: (samples / layout.n_fft as f64) as f32,
            f0_mapping: config.f0_mapping,
            coefficients,
            pitch: config.pitch_index(),
            voicedness,
        })
    }

    /// Number of mel bands.
    pub fn bands(&self) -> usize {
        self.at_mean.len()
    }

    /// Number of network inputs.
    pub fn inputs(&self) -> usize {
        self.coefficients.len() + 2
    }

    /// Scratch for what a frame says.
    pub fn frame(&self) -> EnvelopeFrame {
        EnvelopeFrame { padded: vec![0.0; self.bands() + 2 * MARGIN], ..EnvelopeFrame::default() }
    }

    /// Reads the inputs of a frame.
    pub fn read(&self, input: &[f32], frame: &mut EnvelopeFrame) {
        let bands = self.bands();
        let levels = &mut frame.padded[MARGIN..MARGIN + bands];
        levels.copy_from_slice(&self.at_mean);
        for (row, &place) in self.by_coefficient.chunks_exact(bands).zip(&self.coefficients) {
            add(levels, input[place].clamp(-LARGEST_INPUT, LARGEST_INPUT), row);
        }
        for level in &mut *levels {
            *level = level.clamp(LEVEL_RANGE_DB.0, LEVEL_RANGE_DB.1);
        }
        frame.mean_db = levels.iter().sum::<f32>() / bands as f32;
        let (first, last) = (levels[0], levels[bands - 1]);
        frame.padded[..MARGIN].fill(first);
        frame.padded[MARGIN + bands..].fill(last);
        frame.f0_hz = self.f0_mapping.invert(input[self.pitch]);
        frame.voicedness = input[self.voicedness];
    }

    /// Writes where the harmonic `numbers`, less `offset`, lie among the mel bands.
    pub fn places(&self, numbers: &[f32], offset: f32, f0_hz: f32, places: &mut [f32]) {
        for (place, number) in places.iter_mut().zip(numbers) {
            *place = (number - offset) * f0_hz;
        }
        hz_to_place(places, self.bands_per_mel);
    }

    /// Writes what each band adds to the sum of the squared magnitudes of the cycle spectrum.
    pub fn band_powers(&self, frame: &EnvelopeFrame, powers: &mut [f32]) {
        let scale = self.power_at_1_hz / frame.f0_hz;
        let levels = frame.levels(self.bands());
        for ((power, level), hz) in powers.iter_mut().zip(levels).zip(&self.band_hz) {
            *power = exp(level * (std::f32::consts::LN_10 / 10.0)) * (hz * scale);
        }
    }

    /// Whether the coefficients hold the levels of all bands, and not a smoother envelope.
    pub fn is_exact(&self) -> bool {
        self.coefficients.len() == self.bands()
    }
}

impl EnvelopeFrame {
    /// Levels of the bands, dB.
    pub fn levels(&self, bands: usize) -> &[f32] {
        &self.padded[MARGIN..MARGIN + bands]
    }

    /// The level at a place among the bands, linear between them, and around it, relative to it.
    pub fn around(&self, place: f32) -> (f32, [f32; AROUND.len()]) {
        let (index, share) = self.locate(place);
        let at = |index: usize| {
            self.padded[index] + share * (self.padded[index + 1] - self.padded[index])
        };
        let level = at(index);
        (level, AROUND.map(|distance| at(index.wrapping_add_signed(distance)) - level))
    }

    /// The level at a place among the bands, linear between them.
    pub fn level_at(&self, place: f32) -> f32 {
        let (index, share) = self.locate(place);
        self.padded[index] + share * (self.padded[index + 1] - self.padded[index])
    }

    /// The padded band at or below a place, and how far it is from there to the next.
    fn locate(&self, place: f32) -> (usize, f32) {
        // Further out all levels are those of the first or the last band.
        let most = (self.padded.len() - 2 * MARGIN) as f32 + 3.0;
        let place = place.clamp(-4.0, most);
        let index = (place + MARGIN as f32) as usize;
        (index, place - (index as f32 - MARGIN as f32))
    }
}

#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn add(sums: &mut [f32], weight: f32, row: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += weight * value;
    }
}

/// Frequencies, by their places among mel bands: Slaney's scale as in [`crate::mel_scale`].
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn hz_to_place(values: &mut [f32], bands_per_mel: f32) {
    const MEL_PER_LN: f32 = 27.0 / 1.856_297_9;
    for value in values {
        let logarithmic = 15.0 + ln(value.max(1.0) / 1000.0) * MEL_PER_LN;
        let mel = if *value < 1000.0 { *value * 0.015 } else { logarithmic };
        *value = mel * bands_per_mel - 1.0;
    }
}
