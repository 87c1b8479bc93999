//! Playing what a model makes of a recording's frames.

use super::spectrum::PartialReader;
use super::timbre::TimbreSpace;
use super::trajectory::{Trajectory, play};
use crate::model::{Model, SpectrumLayout};
use crate::{Error, Result};

/// The frames of a recording: frame i stands at i hop_size / rate of the analysed sound.
#[derive(Clone, Copy, Debug)]
pub struct AnalysedFrames<'a> {
    /// Coefficients as the model's scaler takes them, (T, n_mfcc) row-major.
    pub mfcc: &'a [f32],
    /// f0 of each frame, Hz, (T,); 0 where there is no pitch.
    pub f0_hz: &'a [f32],
    /// Voicedness of each frame, (T,), if the model has such an input.
    pub voicedness: Option<&'a [f32]>,
    /// The recording's own cycle spectra, ln(1 + magnitude), (T, any number of bins) row-major: they
    /// tell how loud it was.
    pub spectra: Option<&'a [f32]>,
}

/// Plays the spectra that `model` predicts for analysed frames, at the recording's own pitch.
///
/// Every network input is held within its range in training, extended by half on either side. Where
/// the recording has no pitch and the model was never trained without one, the network is given the
/// pitch at which it rests. In frames of either kind the sound is at most as loud as the recording,
/// and frames in which the recording is zero are silent, if `frames.spectra` says how loud it was.
///
/// `noise` (0 .. 4) is the amplitude factor of the noise part, `seed` chooses the noise. Returns mono samples
/// at `sample_rate` Hz.
///
/// # Errors
/// [`Error::Parameter`] if lengths do not fit each other, a value is not finite or out of range, or
/// the model's inputs cannot be made from MFCC.
pub fn resynthesize(
    model: &Model,
    frames: &AnalysedFrames<'_>,
    sample_rate: f64,
    noise: f32,
    seed: u64,
) -> Result<Vec<f32>> {
    let config = model.config();
    let space = TimbreSpace::new(model);
    // The network is asked only for pitches that it knows; the sound keeps its own.
    let known_f0_hz: Vec<f32> = frames
        .f0_hz
        .iter()
        .map(|&f0| if f0 > 0.0 { space.known_f0_hz(f64::from(f0)) as f32 } else { f0 })
        .collect();
    let mut inputs = model.inputs(frames.mfcc, &known_f0_hz, frames.voicedness)?;
    let replaces_pitch = !space.knows_frames_without_pitch();
    let mut is_changed = vec![false; frames.f0_hz.len()];
    let rows = inputs.chunks_exact_mut(model.input_size()).zip(frames.f0_hz);
    for ((row, &f0), is_changed) in rows.zip(&mut is_changed) {
        for (index, input) in row.iter_mut().enumerate() {
            let held = space.hold(index, *input);
            *is_changed |= held.total_cmp(input).is_ne();
            *input = held;
        }
        if replaces_pitch && f0 <= 0.0 {
            row[config.pitch_index()] = space.rest()[config.pitch_index()];
            *is_changed = true;
        }
    }
    let mut spectra = model.predict(&inputs, &mut model.network().state())?;
    let reader = PartialReader::new(&config.spectrum)?;
    if let Some(measured) = frames.spectra {
        limit(&mut spectra, measured, &is_changed, &reader)?;
    }
    let trajectory = Trajectory {
        spectra: &spectra,
        f0_hz: frames.f0_hz,
        level_f0_hz: Some(&known_f0_hz),
        voicedness: frames.voicedness,
        hop_size: config.hop_size,
        noise,
        seed,
    };
    play(&trajectory, &reader, sample_rate)
}

/// Silences the frames in which the recording was zero, and makes those that `is_limited` names at most as
/// loud as it was.
fn limit(
    spectra: &mut [f32],
    measured: &[f32],
    is_limited: &[bool],
    reader: &PartialReader,
) -> Result<()> {
    let frames = is_limited.len();
    let bins = measured.len() / frames.max(1);
    if measured.len() != bins * frames || (bins == 0 && frames > 0) {
        return Err(Error::parameter(format!(
            "the frames' spectra have {} values, wanted one row for each of {frames} frames",
            measured.len()
        )));
    }
    let layout = *reader.layout();
    let first = first_audible_bin(&layout);
    let power = |magnitudes: &mut dyn Iterator<Item = f32>| -> f64 {
        magnitudes.map(|m| f64::from(m.clamp(0.0, 1e6)).powi(2)).sum()
    };
    let rows = spectra.chunks_exact_mut(layout.n_bins).zip(measured.chunks(bins.max(1)));
    for ((row, measured), &is_limited) in rows.zip(is_limited) {
        if measured.iter().all(|&value| value <= 0.0) {
            row.fill(0.0);
        } else if is_limited {
            let wanted = power(&mut measured.iter().skip(first).map(|v| v.exp_m1()));
            let own = power(&mut row.iter().skip(first).map(|&v| reader.magnitude(v)));
            row[..first.min(layout.n_bins)].fill(0.0);
            if own > wanted {
                let gain = (wanted / own).sqrt() as f32;
                row.iter_mut().for_each(|v| *v = reader.value(gain * reader.magnitude(*v)));
            }
        }
    }
    Ok(())
}

/// The first bin that a constant offset does not reach through the Hann window's main lobe, which is
/// two bins of an unpadded transform wide on either side.
fn first_audible_bin(layout: &SpectrumLayout) -> usize {
    (2 * layout.n_fft).div_ceil(layout.window_size)
}
