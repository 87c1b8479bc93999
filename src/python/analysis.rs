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

fn yin_settings(
    fmin_hz: f64,
    fmax_hz: f64,
    sample_rate: f64,
    frame_length: usize,
    hop_length: Option<usize>,
) -> YinSettings {
    let hop_length = hop_length.unwrap_or(frame_length / 4);
    YinSettings { fmin_hz, fmax_hz, sample_rate, frame_length, hop_length }
}

/// Fundamental frequency by YIN, as librosa.yin (0.10) computes it by default.
///
/// Frames are centred; outside of the signal there are zeros.
///
/// Parameters
/// ----------
/// y
///     Samples, (n,), (channels, n) or (n, channels); channels are averaged.
/// fmin, fmax
///     Lowest and highest fundamental, Hz; fmax at most sr / 2.
/// sr
///     Rate of `y`, Hz.
/// frame_length
///     Samples of a frame; periods of up to half of it are found.
/// hop_length
///     Samples from one frame to the next; a quarter of `frame_length` where None.
///
/// Returns
/// -------
/// f0_hz
///     Hz, (T,), T = 1 + n // hop_length.
///
/// Raises
/// ------
/// ParameterError
///     No period can be found with these arguments, or samples are not finite.
///
/// See Also
/// --------
/// pyin : also decides whether a frame is voiced.
/// crepe : finds the pitch by a network.
///
/// References
/// ----------
/// A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator for speech and music",
/// JASA 111 (2002).
///
/// Examples
/// --------
/// >>> y = np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
/// >>> f0_hz = wms.yin(y, fmin=100, fmax=800, sr=16000, frame_length=1024, hop_length=256)
/// >>> f0_hz.shape, round(float(np.median(f0_hz)))
/// ((32,), 220)
#[pyfunction]
#[pyo3(signature = (y, *, fmin, fmax, sr = 22050.0, frame_length = 2048, hop_length = None))]
pub(super) fn yin<'py>(
    y: &Bound<'py, PyAny>,
    fmin: f64,
    fmax: f64,
    sr: f64,
    frame_length: usize,
    hop_length: Option<usize>,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let signal = arguments::signal(y)?;
    let settings = yin_settings(fmin, fmax, sr, frame_length, hop_length);
    let py = y.py();
    let f0_hz = run_quietly(py, |watch| compat::yin(&signal, &settings, watch))?;
    Ok(single(f0_hz).into_pyarray(py))
}

/// Fundamental frequency and voicedness by probabilistic YIN, as librosa.pyin (0.10).
///
/// librosa's defaults, but for `fill_na`.
///
/// Parameters
/// ----------
/// y
///     Samples, (n,), (channels, n) or (n, channels); channels are averaged.
/// fmin, fmax
///     Lowest and highest fundamental, Hz; fmax at most sr / 2.
/// sr
///     Rate of `y`, Hz.
/// frame_length
///     Samples of a frame; periods of up to half of it are found.
/// hop_length
///     Samples from one frame to the next; a quarter of `frame_length` where None.
/// fill_na
///     What unvoiced frames have as their frequency, such as NaN; the best guess where None.
///
/// Returns
/// -------
/// f0_hz
///     Hz, (T,), T = 1 + n // hop_length; `fill_na` where a frame is unvoiced.
/// voiced_flag
///     Whether the frame is voiced, (T,), bool.
/// voiced_prob
///     Probability that the frame is voiced, 0 to 1, (T,).
///
/// Raises
/// ------
/// ParameterError
///     No period can be found with these arguments, or samples are not finite.
///
/// See Also
/// --------
/// yin : gives the frequency alone.
/// crepe : finds the pitch by a network.
///
/// References
/// ----------
/// M. Mauch, S. Dixon, "pYIN: a fundamental frequency estimator using probabilistic threshold
/// distributions", ICASSP 2014.
///
/// Examples
/// --------
/// >>> y = np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
/// >>> f0_hz, voiced_flag, voiced_prob = wms.pyin(
/// ...     y, fmin=100, fmax=800, sr=16000, frame_length=1024, hop_length=256
/// ... )
/// >>> f0_hz.shape, round(float(np.median(f0_hz[voiced_flag])))
/// ((32,), 221)
#[pyfunction]
#[pyo3(signature = (
    y, *, fmin, fmax, sr = 22050.0, frame_length = 2048, hop_length = None, fill_na = None
))]
pub(super) fn pyin<'py>(
    y: &Bound<'py, PyAny>,
    fmin: f64,
    fmax: f64,
    sr: f64,
    frame_length: usize,
    hop_length: Option<usize>,
    fill_na: Option<f64>,
) -> PyResult<Track<'py>> {
    let signal = arguments::signal(y)?;
    let settings = yin_settings(fmin, fmax, sr, frame_length, hop_length);
    let py = y.py();
    let mut track = run_quietly(py, |watch| compat::pyin(&signal, &settings, watch))?;
    if let Some(fill_na) = fill_na {
        let unvoiced = track.f0_hz.iter_mut().zip(&track.voiced).filter(|(_, voiced)| !**voiced);
        unvoiced.for_each(|(f0_hz, _)| *f0_hz = fill_na);
    }
    Ok((
        single(track.f0_hz).into_pyarray(py),
        track.voiced.into_pyarray(py),
        single(track.voiced_probability).into_pyarray(py),
    ))
}

/// Track the pitch by the CREPE "tiny" network (Kim et al., ICASSP 2018).
///
/// Parameters
/// ----------
/// y
///     Samples, (n,), (channels, n) or (n, channels); channels are averaged. The network is given
///     a copy at 16 kHz.
/// sr
///     Rate of `y`, Hz.
/// fmin, fmax
///     Range of the pitch, Hz; within the network's, about 32 to 2005 Hz.
/// hop_length
///     Samples from one frame to the next.
/// decoder
///     "argmax", "weighted_argmax" and "viterbi" are torchcrepe's, without its dither. "wms" is
///     this package's own: network and waveform together decide the path, and the pitch is measured
///     on the waveform, to a fraction of a cent.
///
/// Returns
/// -------
/// f0_hz
///     Hz, (T,), T = 1 + n // hop_length; with "wms", 0 where there is no pitch in the range.
/// periodicity
///     0 to 1, (T,); with "wms", 0 where there is no pitch in the range.
///
/// Raises
/// ------
/// ParameterError
///     The decoder is unknown, the hop is 0, or the range is empty or outside of the network's.
///
/// See Also
/// --------
/// crepe_probabilities : what the network says before a decoder chooses.
///
/// Examples
/// --------
/// >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
/// >>> f0_hz, periodicity = wms.crepe(
/// ...     y, sr=16000, fmin=100, fmax=800, hop_length=256, decoder="wms"
/// ... )
/// >>> round(float(np.median(f0_hz)), 1)
/// 220.0
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

/// Probabilities of the pitch bins by the CREPE "tiny" network (Kim et al., ICASSP 2018).
///
/// Parameters
/// ----------
/// y
///     Samples, (n,), (channels, n) or (n, channels); channels are averaged. The network is given
///     a copy at 16 kHz.
/// sr
///     Rate of `y`, Hz.
/// hop_length
///     Samples from one frame to the next.
///
/// Returns
/// -------
/// probabilities
///     (T, 360), T = 1 + n // hop_length, each 0 to 1: bins 20 cents apart from 31.7 Hz on.
///
/// Raises
/// ------
/// ParameterError
///     The hop is 0, or the samples are not as said here.
///
/// Examples
/// --------
/// >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
/// >>> wms.crepe_probabilities(y, sr=16000, hop_length=256).shape
/// (32, 360)
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

/// The cycles around each frame's centre, stretched to one length, as `wms_torch` makes them.
///
/// Energy is preserved: amplitudes are divided by the square root of the stretch.
///
/// Parameters
/// ----------
/// y
///     Samples, (n,), (channels, n) or (n, channels); channels are averaged.
/// f0_hz
///     Fundamental frequencies, Hz, (T,), frame i around sample i * hop_length; where it is 0, the
///     frame is taken as it is.
/// sr
///     Rate of `y`, Hz.
/// window_size
///     Samples of a frame and of a cycle frame.
/// hop_length
///     Samples from one frame to the next.
/// cycles
///     Cycles of the fundamental in a cycle frame; 0 takes frames as they are.
///
/// Returns
/// -------
/// cycle_frames
///     (T, window_size).
///
/// Raises
/// ------
/// ParameterError
///     A size is 0, a frequency is negative or not finite, or samples are not finite.
///
/// See Also
/// --------
/// cycle_spectrum : the spectra of these frames.
///
/// Examples
/// --------
/// >>> y = np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
/// >>> wms.cycle_frames(
/// ...     y, np.full(32, 220.0), sr=16000, window_size=1024, hop_length=256, cycles=2
/// ... ).shape
/// (32, 1024)
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
    Ok(frames.into_pyarray(py))
}

/// Mel-frequency cepstral coefficients of the cycles around each frame's centre.
///
/// Mel scale and filters of M. Slaney's Auditory Toolbox (1998), levels in dB, orthonormal DCT-II.
///
/// Parameters
/// ----------
/// y
///     Samples, (n,), (channels, n) or (n, channels); channels are averaged.
/// f0_hz
///     Fundamental frequencies, Hz, (T,), frame i around sample i * hop_length; where it is 0, the
///     frame is taken as it is.
/// sr
///     Rate of `y`, Hz.
/// window_size
///     Samples of a frame and of a cycle frame.
/// hop_length
///     Samples from one frame to the next.
/// cycles
///     Cycles of the fundamental in a cycle frame; 0 takes frames as they are.
/// n_fft
///     Length of the transform.
/// n_mfcc
///     Number of coefficients, at most that of bands.
/// n_mels
///     Number of mel bands, 1 .. 1024; "main" has 128 whatever this says.
/// variant
///     "main" and "dev" are those of `wms_torch`; "own" takes the whole segment under one window
///     and levels above a fixed floor.
///
/// Returns
/// -------
/// mfcc
///     Not standardised, (T, n_mfcc).
///
/// Raises
/// ------
/// ParameterError
///     An argument is not as said here.
///
/// Examples
/// --------
/// >>> y = np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
/// >>> wms.segment_mfcc(
/// ...     y, np.full(32, 220.0), sr=16000, window_size=1024, hop_length=256, cycles=2,
/// ...     n_fft=1024, n_mfcc=8, n_mels=40,
/// ... ).shape
/// (32, 8)
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
    Ok(mfcc.into_pyarray(py))
}

/// log(1 + magnitude) of cycle frames under a symmetric Hann window.
///
/// Parameters
/// ----------
/// cycle_frames
///     (T, window_size), as `cycle_frames` makes them.
/// n_fft
///     Length of the transform, at least window_size.
/// n_bins
///     Bins kept, lowest first; all n_fft // 2 + 1 where None.
///
/// Returns
/// -------
/// spectra
///     (T, n_bins).
///
/// Raises
/// ------
/// ParameterError
///     An argument is not as said here.
///
/// Examples
/// --------
/// >>> wms.cycle_spectrum(np.zeros((32, 1024)), n_fft=1024, n_bins=80).shape
/// (32, 80)
#[pyfunction]
#[pyo3(signature = (cycle_frames, *, n_fft, n_bins = None))]
pub(super) fn cycle_spectrum<'py>(
    cycle_frames: &Bound<'py, PyAny>,
    n_fft: usize,
    n_bins: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let Array { shape, data } = Array::take(cycle_frames, "cycle_frames", 2..=2)?;
    let frames = Array2::from_shape_vec((shape[0], shape[1]), data)
        .map_err(|error| Error::Parameter(error.to_string()))?;
    let n_bins = n_bins.unwrap_or(n_fft / 2 + 1);
    let py = cycle_frames.py();
    let spectra = run_quietly(py, |_| analysis::cycle_spectrum(&frames, n_fft, n_bins))?;
    Ok(spectra.into_pyarray(py))
}
