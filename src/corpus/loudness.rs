//! How loud the frames of an analysis are.

use super::frames::Frames;
use crate::params::AnalysisParams;
use ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;

/// Level of silence, dB.
pub(super) const SILENCE_DB: f32 = -120.0;
/// The A-weighting has a value for each of this many pitches in an octave.
const PITCHES_PER_OCTAVE: f64 = 12.0;
/// The lowest frequency in the table of the A-weighting, and how many octaves it has.
const LOWEST_HZ: f64 = 10.0;
const OCTAVES: f64 = 12.0;

impl Frames {
    /// A-weighted level of each frame in dB, shape `(T,)`: 0 dB is a full-scale sine of 1 kHz.
    pub fn loudness_db(&self) -> Vec<f32> {
        let features = self.features.view();
        frame_loudness_db(&features.spectrum, &features.f0_hz, self.params.analysis())
    }
}

/// A-weighted level of frames in dB, given their `log(1 + magnitude)`, shape `(T, n_bins)`, and
/// fundamentals, shape `(T,)`.
///
/// 0 dB is a full-scale sine of 1 kHz, and silence has -120 dB. Bins that the spectra lack do not
/// count. The weighting is that of IEC 61672.
pub fn frame_loudness_db(
    spectra: &ArrayView2<'_, f32>,
    f0_hz: &ArrayView1<'_, f32>,
    params: &AnalysisParams,
) -> Vec<f32> {
    let cycles = params.cycle_settings();
    let window = params.window_size as f64;
    // Mean square of a full-scale sine, seen through a Hann window (Parseval).
    let sine = 0.25 * params.n_fft as f64 * 0.375 * (window - 1.0).max(1.0);
    let f0_per_bin = window / (params.cycles_per_window as f64 * params.n_fft as f64);
    let weights = weights();
    let octaves: Vec<f64> = (0..spectra.ncols()).map(|bin| (bin as f64).log2()).collect();
    (0..spectra.nrows().min(f0_hz.len()))
        .into_par_iter()
        .map(|frame| {
            // Octaves from the table's lowest frequency to that of bin 1.
            let first = (f0_per_bin * f64::from(f0_hz[frame]) / LOWEST_HZ).log2();
            // What a frame's samples were divided by when they were stretched.
            let ratio = cycles.ratio(f0_hz[frame]);
            let row = spectra.row(frame);
            let power: f64 = row
                .iter()
                .zip(&octaves)
                .map(|(&y, octaves)| weight(&weights, first + octaves) * square(y))
                .sum();
            let level = 10.0 * (power * ratio / sine).log10();
            if level.is_finite() { (level as f32).max(SILENCE_DB) } else { SILENCE_DB }
        })
        .collect()
}

fn square(log1p_magnitude: f32) -> f64 {
    let magnitude = f64::from(log1p_magnitude.exp_m1());
    magnitude * magnitude
}

/// The A-weighting of power at pitches that are a semitone apart.
fn weights() -> Vec<f64> {
    (0..=(OCTAVES * PITCHES_PER_OCTAVE) as usize)
        .map(|place| LOWEST_HZ * (place as f64 / PITCHES_PER_OCTAVE).exp2())
        .map(|hz| a_weighting(hz) / a_weighting(1000.0))
        .collect()
}

/// The weight of a frequency that is so many octaves above the table's lowest. Nothing is heard
/// below it.
fn weight(weights: &[f64], octaves: f64) -> f64 {
    let place = octaves * PITCHES_PER_OCTAVE;
    if place > 0.0 { weights[(place.round() as usize).min(weights.len() - 1)] } else { 0.0 }
}

/// The A-weighting of power by IEC 61672, without its gain.
fn a_weighting(hz: f64) -> f64 {
    let s = hz * hz;
    let poles = ((s + 107.7 * 107.7) * (s + 737.9 * 737.9)).sqrt();
    let response = s * s / ((s + 20.6 * 20.6) * (s + 12194.0 * 12194.0) * poles);
    response * response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;
    use crate::corpus::{Recording, analyze_signals};
    use crate::{Result, Watch};

    /// Loudness of the middle frame of a second of a sine.
    fn of_sine(hz: f64, amplitude: f64, profile: &str) -> Result<f32> {
        let changes = serde_json::json!({ "pitch_detection_method": "yin" });
        let params =
            Params::profile(profile)?.replace(changes.as_object().cloned().unwrap_or_default())?;
        let rate = f64::from(params.analysis().sample_rate);
        let turn = std::f64::consts::TAU * hz / rate;
        let samples =
            (0..rate as usize).map(|n| (amplitude * (turn * n as f64).sin()) as f32).collect();
        let recording = Recording { name: "sine".into(), samples };
        let frames = analyze_signals(vec![recording], &params, &Watch::default())?;
        Ok(frames.loudness_db()[frames.len() / 2])
    }

    #[test]
    fn a_sine_of_1_khz_has_its_amplitude_in_db() -> Result<()> {
        for profile in ["default", "hifi"] {
            assert!((of_sine(1000.0, 1.0, profile)? - 0.0).abs() < 0.3, "{profile}");
            assert!((of_sine(1000.0, 0.01, profile)? + 40.0).abs() < 0.5, "{profile}");
        }
        Ok(())
    }

    #[test]
    fn a_low_sine_is_heard_less() -> Result<()> {
        // IEC 61672 has -19.1 dB at 100 Hz.
        assert!((of_sine(100.0, 1.0, "hifi")? + 19.1).abs() < 1.0);
        Ok(())
    }

    #[test]
    fn silence_has_the_lowest_level() {
        let params = Params::default();
        let spectra = ndarray::Array2::zeros((3, params.analysis().n_bins));
        let f0_hz = ndarray::arr1(&[220.0, 0.0, f32::NAN]);
        let levels = frame_loudness_db(&spectra.view(), &f0_hz.view(), params.analysis());
        assert_eq!(levels, [SILENCE_DB; 3]);
    }
}
