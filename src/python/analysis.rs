//! The stages of the analysis, each by itself.

use super::arguments::{self, Array};
use super::watched::run_quietly;
use crate::Error;
use crate::analysis::compat::{self, Version};
use crate::analysis::frame::Framing;
use crate::analysis::pitch::{self, YinSettings};
use crate::analysis::{self, CycleSettings, MfccSettings};
use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::prelude::*;

type Pair<'py> = (Bound<'py, PyArray1<f32>>, Bound<'py, PyArray1<f32>>);
type Track<'py> =
    (Bound<'py, PyArray1<f32>>, Bound<'py, PyArray1<bool>>, Bound<'py, PyArray1<f32>>);

fn single(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}

/// A row-major array of `columns` columns.
pub(super) fn rows(
    py: Python<'_>,
    values: Vec<f32>,
    columns: usize,
) -> PyResult<Bound<'_, PyArray2<f32>>> {
    let count = values.len() / columns.max(1);
    let array = Array2::from_shape_vec((count, columns), values)
        .map_err(|error| Error::Parameter(error.to_string()))?;
    Ok(array.into_pyarray(py))
}

/// Fundamental frequency of each frame by YIN, as librosa.yin computes it.
///
/// Takes samples y (n,) or (channels, n), fmin and fmax in Hz, sr in Hz, `frame_length` and
/// `hop_length` in samples; returns `f0_hz` (T,), T = 1 + n // `hop_length`.
#[pyfunction]
#[pyo3(signature = (y, *, fmin, fmax, sr, frame_length, hop_length))]
pub(super) fn yin<'py>(
    y: &Bound<'py, PyAny>,
    fmin: f64,
    fmax: f64,
    sr: f64,
    frame_length: usize,
    hop_length: usize,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let signal = arguments::signal(y)?;
    let settings =
        YinSettings { fmin_hz: fmin, fmax_hz: fmax, sample_rate: sr, frame_length, hop_length };
    let py = y.py();
    let f0_hz = run_quietly(py, |watch| compat::yin(&signal, &settings, watch))?;
    Ok(single(f0_hz).into_pyarray(py))
}

/// Fundamental frequency and voicedness of each frame by probabilistic YIN, as librosa.pyin.
///
/// Arguments as for yin; returns `f0_hz` (T,), `voiced_flag` (T,) and `voiced_prob` (T,), 0 to 1.
/// An unvoiced frame keeps the best guess of its frequency.
#[pyfunction]
#[pyo3(signature = (y, *, fmin, fmax, sr, frame_length, hop_length))]
pub(super) fn pyin<'py>(
    y: &Bound<'py, PyAny>,
    fmin: f64,
    fmax: f64,
    sr: f64,
    frame_length: usize,
    hop_length: usize,
) -> PyResult<Track<'py>> {
    let signal = arguments::signal(y)?;
    let settings =
        YinSettings { fmin_hz: fmin, fmax_hz: fmax, sample_rate: sr, frame_length, hop_length };
    let py = y.py();
    let track = run_quietly(py, |watch| compat::pyin(&signal, &settings, watch))?;
    Ok((
        single(track.f0_hz).into_pyarray(py),
        track.voiced.into_pyarray(py),
        single(track.voiced_probability).into_pyarray(py),
    ))
}

/// Pitch by the CREPE 'tiny' network: `(f0_hz, periodicity)`, each (T,), T = 1 + n // `hop_length`.
///
/// Decoders "argmax", "`weighted_argmax`" and "viterbi" are torchcrepe's, without its dither; "wms" is
/// this package's own, which is exact to a fraction of a cent and 0 where there is no pitch.
#[pyfunction]
#[pyo3(signature = (y, *, sr, fmin, fmax, hop_length, decoder = "viterbi"))]
pub(super) fn crepe<'py>(
    y: &Bound<'py, PyAny>,
    sr: u32,
    fmin: f64,
    fmax: f64,
    hop_length: usize,
    decoder: &str,
) -> PyResult<Pair<'py>> {
    let signal = arguments::signal(y)?;
    let decoder = decoder.parse()?;
    let py = y.py();
    let track = run_quietly(py, |watch| {
        pitch::crepe_track(&signal, sr, hop_length, (fmin, fmax), decoder, watch)
    })?;
    Ok((track.f0_hz.into_pyarray(py), track.voicedness.into_pyarray(py)))
}

/// Probabilities of the pitch bins by the CREPE 'tiny' network: (T, 360), T = 1 + n // `hop_length`.
#[pyfunction]
#[pyo3(signature = (y, *, sr, hop_length))]
pub(super) fn crepe_probabilities<'py>(
    y: &Bound<'py, PyAny>,
    sr: u32,
    hop_length: usize,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let signal = arguments::signal(y)?;
    let py = y.py();
    let probabilities =
        run_quietly(py, |watch| pitch::crepe_probabilities(&signal, sr, hop_length, watch))?;
    Ok(probabilities.into_pyarray(py))
}

/// As in `wms_torch`: a stage called by itself computes what it is named after.
fn cycle_settings(sr: u32, window_size: usize, hop_length: usize, cycles: usize) -> CycleSettings {
    CycleSettings {
        sample_rate: sr,
        framing: Framing { window_size, hop_size: hop_length },
        cycles,
    }
}

/// The cycles around each frame's centre, stretched to `window_size` samples: (T, `window_size`).
///
/// Takes samples y (n,) and `f0_hz` (T,); where `f0_hz` is 0, the frame is taken as it is.
#[pyfunction]
#[pyo3(signature = (y, f0_hz, *, sr, window_size, hop_length, cycles))]
pub(super) fn cycle_frames<'py>(
    y: &Bound<'py, PyAny>,
    f0_hz: &Bound<'py, PyAny>,
    sr: u32,
    window_size: usize,
    hop_length: usize,
    cycles: usize,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let signal = arguments::signal(y)?;
    let f0_hz = arguments::vector("f0_hz", f0_hz)?;
    let settings = cycle_settings(sr, window_size, hop_length, cycles);
    let py = y.py();
    let frames = run_quietly(py, |_| compat::cycle_frames(&signal, &f0_hz, &settings))?;
    rows(py, frames, window_size)
}

/// Mel-frequency cepstral coefficients of each frame's cycles, not standardised: (T, `n_mfcc`).
///
/// Takes samples y (n,) and `f0_hz` (T,); variant is "main", "dev" or "own".
#[pyfunction]
#[pyo3(signature = (
    y, f0_hz, *, sr, window_size, hop_length, cycles, n_fft, n_mfcc, n_mels, variant = "main"
))]
#[expect(clippy::too_many_arguments, reason = "the arguments of a Python function")]
pub(super) fn segment_mfcc<'py>(
    y: &Bound<'py, PyAny>,
    f0_hz: &Bound<'py, PyAny>,
    sr: u32,
    window_size: usize,
    hop_length: usize,
    cycles: usize,
    n_fft: usize,
    n_mfcc: usize,
    n_mels: usize,
    variant: &str,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let signal = arguments::signal(y)?;
    let f0_hz = arguments::vector("f0_hz", f0_hz)?;
    let version = match variant {
        "main" => Some(Version::Main),
        "dev" => Some(Version::Dev),
        "own" => None,
        other => {
            return Err(Error::Parameter(format!(
                "variant is \"{other}\", wanted \"main\", \"dev\" or \"own\""
            ))
            .into());
        }
    };
    let cycles = cycle_settings(sr, window_size, hop_length, cycles);
    let settings = MfccSettings { sample_rate: sr, n_fft, n_mfcc, n_mel: n_mels };
    let py = y.py();
    let mfcc = run_quietly(py, |_| match version {
        None => analysis::segment_mfcc(&signal, &f0_hz, &cycles, &settings),
        Some(version) => compat::segment_mfcc(&signal, &f0_hz, &cycles, &settings, version),
    })?;
    rows(py, mfcc, n_mfcc)
}

/// log(1 + magnitude) of cycle frames (T, `window_size`) under a Hann window: (T, `n_bins`).
///
/// `n_bins` are the lowest bins kept, all `n_fft` // 2 + 1 where None.
#[pyfunction]
#[pyo3(signature = (cycle_frames, *, n_fft, n_bins = None))]
pub(super) fn cycle_spectrum<'py>(
    cycle_frames: &Bound<'py, PyAny>,
    n_fft: usize,
    n_bins: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let array = Array::take(cycle_frames, "cycle_frames", 2..=2)?;
    let window_size = array.width();
    let n_bins = n_bins.unwrap_or(n_fft / 2 + 1);
    let py = cycle_frames.py();
    let spectra =
        run_quietly(py, |_| analysis::cycle_spectrum(&array.data, window_size, n_fft, n_bins))?;
    rows(py, spectra, n_bins)
}
