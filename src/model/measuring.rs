//! Measures the directions of a model on frames.

use ndarray::Array2;

use super::config::ModelConfig;
use super::directions::write;
use super::file::Model;
use crate::timbre::directions::{FramesToFit, Measure, fit};
use crate::timbre::measures::{MEASURES, Measured, measure};
use crate::{Error, Result};

/// Frames that are quieter than the loudest ones by more than this are left out, dB: they are pauses.
const SILENCE_DB: f64 = 50.0;
/// Share of the frames that are louder than those which count as the loudest.
const LOUDEST: f64 = 0.01;

impl Model {
    /// Measures frames for [`Self::with_directions`]: cycle spectra of ln(1 + magnitude), (T, K)
    /// row-major, and their pitches in Hz, (T,). `None` stands for frames without a pitch or sound.
    ///
    /// # Errors
    /// [`Error::Parameter`] if the sizes do not fit.
    pub fn measure(&self, spectra: &[f32], f0_hz: &[f32]) -> Result<Vec<Option<Measured>>> {
        let bins = self.output_size();
        if spectra.len() != f0_hz.len() * bins {
            return Err(Error::parameter(format!(
                "there are {} spectrum values for {} frames, wanted {bins} a frame",
                spectra.len(),
                f0_hz.len()
            )));
        }
        let spacing = self.config().spectrum.bins_per_partial();
        let rows = spectra.chunks_exact(bins).zip(f0_hz);
        Ok(rows.map(|(spectrum, &f0_hz)| measure(spectrum, spacing, f0_hz)).collect())
    }

    /// The same model with directions measured on frames: its inputs for them, (T, C) row-major, their
    /// pitches in Hz, (T,), and what [`Self::measure`] says of each, (T,).
    ///
    /// # Errors
    /// [`Error::Parameter`] if the sizes do not fit, an input is not finite, or fewer than 50 frames
    /// sound with a pitch.
    pub fn with_directions(
        &self,
        inputs: &[f32],
        f0_hz: &[f32],
        measured: &[Option<Measured>],
    ) -> Result<Self> {
        let (width, config) = (self.input_size(), self.config());
        let frames = f0_hz.len();
        if inputs.len() != frames * width || measured.len() != frames {
            return Err(Error::parameter(format!(
                "there are {} input values and {} measured frames for {frames} pitches, wanted \
                 {width} inputs and one measurement a frame",
                inputs.len(),
                measured.len()
            )));
        }
        if inputs.iter().any(|v| !v.is_finite()) {
            return Err(Error::parameter(
                "the frames' inputs hold a value that is not finite, wanted finite numbers",
            ));
        }
        let mut loudness: Vec<f64> = measured.iter().flatten().map(|m| m[0]).collect();
        loudness.sort_by(f64::total_cmp);
        let place = ((1.0 - LOUDEST) * loudness.len() as f64) as usize;
        let least = loudness.get(place).map_or(0.0, |loudest| loudest - SILENCE_DB);
        let sounding: Vec<(usize, Measured)> = measured
            .iter()
            .enumerate()
            .filter_map(|(t, measured)| Some((t, (*measured)?)))
            .filter(|(_, measured)| measured[0] >= least)
            .collect();
        let rows: Vec<f32> = sounding
            .iter()
            .flat_map(|&(t, _)| &inputs[t * width..(t + 1) * width])
            .copied()
            .collect();
        let rows = Array2::from_shape_vec((sounding.len(), width), rows)
            .map_err(|e| Error::parameter(e.to_string()))?;
        let octaves: Vec<f64> = sounding.iter().map(|&(t, _)| f64::from(f0_hz[t]).log2()).collect();
        let values: Vec<Vec<f64>> = (0..MEASURES.len())
            .map(|which| sounding.iter().map(|(_, measured)| measured[which]).collect())
            .collect();
        let measures: Vec<Measure<'_>> = MEASURES
            .iter()
            .zip(&values)
            .map(|(&(name, unit, meaning), values)| Measure { name, unit, meaning, values })
            .collect();
        let rest_hz = config.f0_mapping.invert(config.statistics.rest[config.pitch_index()]);
        let directions = fit(
            &FramesToFit {
                inputs: &rows,
                octaves: &octaves,
                rest: &config.statistics.rest,
                rest_octave: f64::from(rest_hz).log2(),
                weights: &weights(config),
                fixed: &[config.pitch_index()],
            },
            &measures,
        )?;
        let mut sections = self.sections().clone();
        write(&directions, width, &mut sections);
        self.with_sections(sections)
    }
}

/// How much a unit of each input counts among the principal directions, (C,). The MFCC are an
/// orthonormal transform of levels in dB, so that their own units measure distances of envelopes.
fn weights(config: &ModelConfig) -> Vec<f32> {
    let mut weights = vec![0.0; config.input_size()];
    let is_mfcc = config.projection.is_none();
    for (place, index) in config.timbre_indices().enumerate() {
        let scale = config.scaler.scale.get(place).filter(|_| is_mfcc);
        weights[index] = scale.copied().unwrap_or(1.0);
    }
    weights
}
