//! Functions that render whole pieces: MIDI files, analysed frames, given spectra.

use std::ffi::CString;
use std::path::{Path, PathBuf};

use super::arguments::Array;
use super::model::{Features, GivenModel, Model, matrix};
use super::params::json_of;
use super::settings::options;
use super::synth::timbre_events;
use super::watched;
use crate::Error;
use crate::midi::{Channels, MidiFile, TimedMessage};
use crate::model::SpectrumLayout;
use crate::model::config::Domain;
use crate::synth::{self as engine, PartialReader, Trajectory};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// Play a MIDI file until its last note has died away.
///
/// The tempo map and the messages of all channels are followed: notes, pitch bend and its range,
/// pedals, volume, expression, pan, brightness, pressure and MPE, as the plugin follows them;
/// `docs/plugin.md` has the list.
///
/// Parameters
/// ----------
/// model
///     The model to play.
/// midi_file
///     Path of a standard MIDI file.
/// channels
///     The MIDI channels to play, from 1 to 16: text such as "1-9,11-16", which leaves out the
///     drums of channel 10, or their numbers. All channels if it is None.
/// timbre_automation
///     Let controllers 20 to 31 move the model's directions in their order or, in a model without
///     directions, its first twelve inputs, as `wms_torch`'s branch dev writes them.
/// timbre
///     Directions and timbre inputs to begin with by their names, such as ``{"brightness": 0.5}``,
///     in the units of `Synth.set_timbre`; the others are at rest.
/// **options
///     The keywords of `Synth`.
///
/// Returns
/// -------
/// y
///     Left and right, (2, n).
///
/// Raises
/// ------
/// ParameterError
///     The file is not a MIDI file or is longer than 4 hours, or a keyword is unknown or out of
///     range.
/// FileAccessError
///     The file cannot be read.
///
/// Warns
/// -----
/// MidiFileWarning
///     The file is damaged, and only what can be read of it is played, or it has no notes.
///
/// See Also
/// --------
/// Synth : plays single notes.
///
/// Examples
/// --------
/// A file of one note, A4, that lasts half a second:
///
/// >>> file = open("a4.mid", "wb")
/// >>> _ = file.write(bytes.fromhex("4d546864 00000006 0000 0001 0060"))
/// >>> _ = file.write(bytes.fromhex("4d54726b 0000000c 00904564 60804500 00ff2f00"))
/// >>> file.close()
/// >>> left, right = wms.render(wms.Model.load("factory:flute"), "a4.mid", release_s=0.2)
#[pyfunction]
#[pyo3(signature = (model, midi_file, *, channels=None, timbre_automation=false, timbre=None, **options))]
pub(super) fn render<'py>(
    py: Python<'py>,
    model: GivenModel,
    midi_file: PathBuf,
    channels: Option<&Bound<'py, PyAny>>,
    timbre_automation: bool,
    timbre: Option<&Bound<'py, PyDict>>,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let options = self::options(options)?;
    let model = model.0;
    let timbre = timbre_events(&model, None, timbre)?;
    let file = open_midi(py, &midi_file, channels)?;
    let [mut left, right] = watched::run_quietly(py, |watch| {
        engine::render(&model, &file, &options, timbre_automation, &timbre, watch)
    })?;
    let n = left.len();
    left.extend(right);
    PyArray1::from_vec(py, left).reshape([2, n])
}

/// Read the channel messages of a MIDI file.
///
/// Parameters
/// ----------
/// path
///     A standard MIDI file.
/// channels
///     As for `render`.
///
/// Returns
/// -------
/// list of (float, bytes)
///     The time of each message, in seconds from the beginning, and its bytes as a MIDI device
///     sends them, in the order of the times.
///
/// Raises
/// ------
/// ParameterError
///     The file is not a MIDI file.
/// FileAccessError
///     The file cannot be read.
///
/// Warns
/// -----
/// MidiFileWarning
///     As for `render`.
///
/// Examples
/// --------
/// A file of one note, A4, that lasts half a second:
///
/// >>> file = open("a4.mid", "wb")
/// >>> _ = file.write(bytes.fromhex("4d546864 00000006 0000 0001 0060"))
/// >>> _ = file.write(bytes.fromhex("4d54726b 0000000c 00904564 60804500 00ff2f00"))
/// >>> file.close()
/// >>> [(time_s, message.hex(" ")) for time_s, message in wms.midi_messages("a4.mid")]
/// [(0.0, '90 45 64'), (0.5, '80 45 00')]
#[pyfunction]
#[pyo3(signature = (path, *, channels=None))]
pub(super) fn midi_messages<'py>(
    py: Python<'py>,
    path: PathBuf,
    channels: Option<&Bound<'py, PyAny>>,
) -> PyResult<Vec<(f64, Bound<'py, PyBytes>)>> {
    let file = open_midi(py, &path, channels)?;
    let bytes = |timed: &TimedMessage| PyBytes::new(py, &timed.message.to_bytes());
    Ok(file.messages().iter().map(|timed| (timed.time_s, bytes(timed))).collect())
}

/// Reads a MIDI file, and warns of what is wrong with it.
fn open_midi(
    py: Python<'_>,
    path: &Path,
    channels: Option<&Bound<'_, PyAny>>,
) -> PyResult<MidiFile> {
    let channels = channels.map_or(Ok(Channels::ALL), channels_of)?;
    let file = py.detach(|| MidiFile::open(path, channels))?;
    let category = py.import("wms.errors")?.getattr("MidiFileWarning")?;
    for warning in file.warnings() {
        let text = CString::new(format!("{}: {warning}", path.display())).unwrap_or_default();
        PyErr::warn(py, &category, &text, 1)?;
    }
    Ok(file)
}

/// Reads channels from text or from their numbers, 1 to 16.
fn channels_of(given: &Bound<'_, PyAny>) -> PyResult<Channels> {
    if let Ok(text) = given.extract::<String>() {
        return Ok(text.parse()?);
    }
    let numbers: Option<Vec<i64>> = given
        .try_iter()
        .ok()
        .and_then(|numbers| numbers.map(|n| n?.extract()).collect::<PyResult<_>>().ok());
    let text = match &numbers {
        Some(numbers) => numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
        None => given.to_string(),
    };
    Ok(text.parse()?)
}

/// Play what a model makes of analysed frames, at their pitch and their true time.
///
/// Every network input is held within `Synth.timbre_range`, while the sound keeps the
/// recording's own pitch. Where the recording has no pitch and the model was never trained
/// without one, the sound is at most as loud as the recording; where the recording is zero, it
/// is silent.
///
/// Parameters
/// ----------
/// model
///     Predicts the spectra.
/// frames
///     Anything with `mfcc_raw` (T, n_mfcc), `f0_hz` (T,) and `voicedness` (T,), such as `Frames`.
///     Its `spectrum` (T, any number of bins), if it has one, tells how loud the recording was.
/// sample_rate
///     Output rate, Hz.
/// noise
///     Amplitude factor of the noise part; at 0 the partials sound alone.
/// seed
///     Chooses the noise.
///
/// Returns
/// -------
/// y
///     Sound, (ceil(T * hop_size / model.sample_rate * sample_rate),).
///
/// Raises
/// ------
/// ParameterError
///     As for `Model.inputs`, or an argument is out of range.
///
/// Warns
/// -----
/// UserWarning
///     As for `Model.inputs`.
///
/// See Also
/// --------
/// play_spectra : plays spectra that are given rather than predicted.
///
/// Examples
/// --------
/// >>> y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
/// >>> model = wms.Model.load("factory:flute")
/// >>> frames = wms.analyze(y, model, sample_rate=44100)
/// >>> wms.resynthesize(model, frames).shape
/// (48205,)
#[pyfunction]
#[pyo3(signature = (model, frames, *, sample_rate=48000.0, noise=1.0, seed=0))]
pub(super) fn resynthesize<'py>(
    py: Python<'py>,
    model: GivenModel,
    frames: &Bound<'py, PyAny>,
    sample_rate: f64,
    noise: f32,
    seed: u64,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let model = &*model.0;
    let features = Features::take(frames, model)?;
    // Frames of other programs may have no spectra: they tell the recording's level, no more.
    let spectra = match frames.getattr("spectrum") {
        Ok(spectra) => Some(Array::take(&spectra, "frames.spectrum", 2..=2)?),
        Err(_) => None,
    };
    let sound = py.detach(|| {
        let frames = engine::AnalysedFrames {
            mfcc: &features.mfcc.data,
            f0_hz: &features.f0_hz.data,
            voicedness: features.voicedness.as_ref().map(|v| v.data.as_slice()),
            spectra: spectra.as_ref().map(|s| s.data.as_slice()),
        };
        engine::resynthesize(model, &frames, sample_rate, noise, seed)
    })?;
    Ok(PyArray1::from_vec(py, sound))
}

/// Layout of spectra and hop, from a model or params.
fn layout_of(source: &Bound<'_, PyAny>, n_bins: usize) -> PyResult<(SpectrumLayout, usize)> {
    if let Ok(model) = source.cast::<Model>() {
        let config = model.get().inner.config();
        if config.spectrum.n_bins != n_bins {
            return Err(Error::parameter(format!(
                "spectra have {n_bins} bins, the model's {}",
                config.spectrum.n_bins
            ))
            .into());
        }
        return Ok((config.spectrum, config.hop_size));
    }
    let params = json_of(source, "layout")?;
    let get = |key: &str| {
        let value = params.get(key);
        value.and_then(serde_json::Value::as_u64).and_then(|v| usize::try_from(v).ok()).ok_or_else(
            || {
                let given = value.map_or("missing".to_owned(), ToString::to_string);
                Error::parameter(format!("{key} is {given}, wanted a whole number"))
            },
        )
    };
    let sample_rate = get("sample_rate")?;
    let layout = SpectrumLayout {
        domain: Domain::Log1p,
        window_size: get("window_size")?,
        n_fft: get("n_fft")?,
        n_bins,
        cycles_per_window: get("cycles_per_window")?,
        sample_rate: u32::try_from(sample_rate)
            .map_err(|_| Error::parameter(format!("sample_rate is {sample_rate}, too large")))?,
    };
    layout.validate()?;
    Ok((layout, get("hop_size")?))
}

/// Play given cycle spectra: what a network that makes no mistake would sound like.
///
/// Parameters
/// ----------
/// spectra
///     log1p magnitudes, (T, K); with a model as `layout`, in the model's own unit.
/// f0_hz
///     Pitch to play, in Hz, (T,): the one at which the spectra were analysed; 0 where there is
///     none.
/// voicedness
///     0 to 1, (T,); fully voiced where None.
/// layout
///     A model or params that say what the bins are (window_size, n_fft, cycles_per_window,
///     sample_rate) and how far apart the frames (hop_size).
/// sample_rate
///     Output rate, Hz.
/// noise
///     Amplitude factor of the noise part; at 0 the partials sound alone.
/// seed
///     Chooses the noise.
///
/// Returns
/// -------
/// y
///     Sound, (ceil(T * hop_size / rate * sample_rate),), where rate is that of the layout; frame i
///     lies at i * hop_size / rate seconds.
///
/// See Also
/// --------
/// resynthesize : plays what a model predicts.
///
/// Examples
/// --------
/// >>> y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
/// >>> frames = wms.analyze(y, sample_rate=16000)
/// >>> wms.play_spectra(frames.spectrum, frames.f0_hz, layout=frames.params).shape
/// (48384,)
#[pyfunction]
#[pyo3(signature = (
    spectra, f0_hz, voicedness=None, *, layout, sample_rate=48000.0, noise=1.0, seed=0
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python function")]
pub(super) fn play_spectra<'py>(
    py: Python<'py>,
    spectra: &Bound<'py, PyAny>,
    f0_hz: &Bound<'py, PyAny>,
    voicedness: Option<&Bound<'py, PyAny>>,
    layout: &Bound<'py, PyAny>,
    sample_rate: f64,
    noise: f32,
    seed: u64,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let spectra = Array::take(spectra, "spectra", 2..=2)?;
    let f0_hz = Array::take(f0_hz, "f0_hz", 1..=1)?;
    let voicedness = voicedness.map(|v| Array::take(v, "voicedness", 1..=1)).transpose()?;
    let (layout, hop_size) = layout_of(layout, spectra.width())?;
    let sound = py.detach(|| -> crate::Result<Vec<f32>> {
        let trajectory = Trajectory {
            spectra: &spectra.data,
            f0_hz: &f0_hz.data,
            level_f0_hz: None,
            voicedness: voicedness.as_ref().map(|v| v.data.as_slice()),
            hop_size,
            noise,
            seed,
        };
        engine::play(&trajectory, &PartialReader::new(&layout)?, sample_rate)
    })?;
    Ok(PyArray1::from_vec(py, sound))
}

/// Windows of waveform that spectra stand for: inverse real FFT with all phases zero.
///
/// Parameters
/// ----------
/// spectra
///     log1p magnitudes, (T, K); with a model as `layout`, in the model's own unit. The logarithm
///     is undone first.
/// layout
///     As for `play_spectra`.
///
/// Returns
/// -------
/// waves
///     (T, window_size), the peak in the middle.
///
/// Examples
/// --------
/// >>> model = wms.Model.load("factory:flute")
/// >>> y, _ = model.predict(np.zeros((1, model.input_size)))
/// >>> wms.cycle_waveform(y, layout=model).shape
/// (1, 2048)
#[pyfunction]
#[pyo3(signature = (spectra, *, layout))]
pub(super) fn cycle_waveform<'py>(
    py: Python<'py>,
    spectra: &Bound<'py, PyAny>,
    layout: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let spectra = Array::take(spectra, "spectra", 2..=2)?;
    let (layout, _) = layout_of(layout, spectra.width())?;
    let waves = py.detach(|| -> crate::Result<Vec<f32>> {
        let rows = spectra.data.chunks_exact(spectra.width());
        let waves: Vec<Vec<f32>> =
            rows.map(|row| engine::cycle_waveform(row, &layout)).collect::<Result<_, _>>()?;
        Ok(waves.concat())
    })?;
    matrix(py, waves, layout.window_size)
}
