//! `wms.Synth` and the functions that render.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::arguments::{Array, json};
use super::model::{Features, Model, matrix};
use crate::Error;
use crate::model::SpectrumLayout;
use crate::model::config::Domain;
use crate::synth::envelope::EnvelopeTimes;
use crate::synth::{self, Engine, EngineOptions, Event, PartialReader, Trajectory};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadwriteArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A polyphonic instrument that plays one model.
#[pyclass(frozen, module = "wms")]
pub(super) struct Synth {
    engine: Mutex<Engine>,
}

impl Synth {
    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A whole number from 0 to `highest`, or a message naming it.
fn within(value: i64, name: &str, highest: u8) -> crate::Result<u8> {
    u8::try_from(value)
        .ok()
        .filter(|&v| v <= highest)
        .ok_or_else(|| Error::parameter(format!("{name} is {value}, expected 0 to {highest}")))
}

fn finite(value: f64, name: &str, low: f64, high: f64) -> crate::Result<f32> {
    if (low..=high).contains(&value) {
        Ok(value as f32)
    } else {
        Err(Error::parameter(format!("{name} is {value}, expected {low} to {high}")))
    }
}

#[pymethods]
impl Synth {
    #[new]
    #[pyo3(signature = (
        model, *, sample_rate=48000.0, max_voices=16, seed=0, noise=1.0, normalise=false,
        attack_s=0.005, decay_s=0.1, sustain=1.0, release_s=0.05, gain=0.5, tuning_hz=440.0
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python class")]
    fn new(
        model: &Model,
        sample_rate: f64,
        max_voices: usize,
        seed: u64,
        noise: f64,
        normalise: bool,
        attack_s: f64,
        decay_s: f64,
        sustain: f64,
        release_s: f64,
        gain: f64,
        tuning_hz: f64,
    ) -> PyResult<Self> {
        let envelope = EnvelopeTimes { attack_s, decay_s, sustain, release_s };
        let options = EngineOptions {
            sample_rate,
            max_voices,
            envelope,
            normalise,
            noise,
            seed,
            tuning_hz,
            gain,
        };
        Ok(Self { engine: Mutex::new(Engine::new(Arc::clone(&model.inner), &options)?) })
    }

    /// Output rate, Hz.
    #[getter]
    fn sample_rate(&self) -> f64 {
        self.engine().sample_rate()
    }

    /// Number of voices that sound.
    #[getter]
    fn active_voices(&self) -> usize {
        self.engine().active_voices()
    }

    /// Silence, and every controller where it was in the beginning.
    fn reset(&self) {
        self.engine().reset();
    }

    /// Press a key.
    #[pyo3(signature = (note, velocity=1.0, channel=0))]
    fn note_on(&self, note: i64, velocity: f64, channel: i64) -> PyResult<()> {
        let event = Event::NoteOn {
            channel: within(channel, "channel", 15)?,
            note: within(note, "note", 127)?,
            velocity: finite(velocity, "velocity", 0.0, 1.0)?,
        };
        self.engine().handle(event);
        Ok(())
    }

    /// Let a key go.
    #[pyo3(signature = (note, channel=0))]
    fn note_off(&self, note: i64, channel: i64) -> PyResult<()> {
        let event = Event::NoteOff {
            channel: within(channel, "channel", 15)?,
            note: within(note, "note", 127)?,
        };
        self.engine().handle(event);
        Ok(())
    }

    /// Let all keys of all channels go.
    fn all_notes_off(&self) {
        let mut engine = self.engine();
        for channel in 0..16 {
            engine.handle(Event::AllNotesOff { channel });
        }
    }

    /// Move the pitch of a channel's notes.
    #[pyo3(signature = (semitones, channel=0))]
    fn pitch_bend(&self, semitones: f64, channel: i64) -> PyResult<()> {
        let channel = within(channel, "channel", 15)?;
        let semitones = finite(semitones, "semitones", -96.0, 96.0)?;
        self.engine().handle(Event::Bend { channel, semitones });
        Ok(())
    }

    /// Press or lift the sustain pedal.
    #[pyo3(signature = (down, channel=0))]
    fn sustain(&self, down: bool, channel: i64) -> PyResult<()> {
        let channel = within(channel, "channel", 15)?;
        self.engine().handle(Event::Sustain { channel, down });
        Ok(())
    }

    /// Move the timbre: all of it, in the model's order without pitch and voicedness, or inputs by
    /// name.
    #[pyo3(signature = (values=None, **named))]
    fn set_timbre(
        &self,
        values: Option<&Bound<'_, PyAny>>,
        named: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let model = Arc::clone(self.engine().model());
        let config = model.config();
        let mut events = Vec::new();
        let mut push = |input: usize, value: f32| {
            let name = &config.input_names[input];
            if !value.is_finite() {
                return Err(Error::parameter(format!("{name} is {value}, expected a number")));
            }
            events.push(Event::Timbre { input, value });
            Ok(())
        };
        if let Some(values) = values {
            let values = Array::take(values, "values", 1..=1)?;
            let inputs: Vec<usize> = config.timbre_indices().collect();
            if values.width() != inputs.len() {
                return Err(Error::parameter(format!(
                    "{} timbre values, the model has {}",
                    values.width(),
                    inputs.len()
                ))
                .into());
            }
            for (&input, &value) in inputs.iter().zip(&values.data) {
                push(input, value)?;
            }
        }
        if let Some(named) = named {
            for (name, value) in named {
                let name: String = name.extract()?;
                let value: f32 = value
                    .extract()
                    .map_err(|_| Error::parameter(format!("{name} is no number")))?;
                let input = config.input_names.iter().position(|own| *own == name);
                let input = input.filter(|&input| input != config.pitch_index());
                let Some(input) = input else {
                    return Err(Error::parameter(format!(
                        "the model has no timbre input {name}, only {}",
                        config.input_names.join(", ")
                    ))
                    .into());
                };
                push(input, value)?;
            }
        }
        let mut engine = self.engine();
        for event in events {
            engine.handle(event);
        }
        Ok(())
    }

    /// The next samples, (2, n).
    fn process<'py>(&self, py: Python<'py>, n: usize) -> PyResult<Bound<'py, PyArray2<f32>>> {
        if n > 1 << 28 {
            return Err(Error::parameter(format!("n is {n}, expected at most {}", 1 << 28)).into());
        }
        let data = py.detach(|| {
            let mut data = vec![0.0; 2 * n];
            let (left, right) = data.split_at_mut(n);
            self.engine().process(left, right);
            data
        });
        PyArray1::from_vec(py, data).reshape([2, n])
    }

    /// The next samples into `out`, a contiguous float32 array (2, n); allocates no sample memory.
    fn process_into(&self, py: Python<'_>, out: &Bound<'_, PyAny>) -> PyResult<()> {
        let wanted =
            || Error::parameter("out is to be a writable C-contiguous float32 array (2, n)");
        let array = out.cast::<PyArray2<f32>>().map_err(|_| wanted())?;
        let mut array: PyReadwriteArray2<'_, f32> = array.try_readwrite().map_err(|_| wanted())?;
        let &[2, n] = array.shape() else { return Err(wanted().into()) };
        let data = array.as_slice_mut().map_err(|_| wanted())?;
        let (left, right) = data.split_at_mut(n);
        py.detach(|| self.engine().process(left, right));
        Ok(())
    }
}

/// Play a MIDI file to its end, (2, n).
#[pyfunction]
#[pyo3(signature = (
    model, midi_file, *, sample_rate=48000.0, max_voices=16, seed=0, noise=1.0, normalise=false,
    attack_s=0.005, decay_s=0.1, sustain=1.0, release_s=0.05, gain=0.5, timbre_automation=false
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python function")]
pub(super) fn render<'py>(
    py: Python<'py>,
    model: &Model,
    midi_file: PathBuf,
    sample_rate: f64,
    max_voices: usize,
    seed: u64,
    noise: f64,
    normalise: bool,
    attack_s: f64,
    decay_s: f64,
    sustain: f64,
    release_s: f64,
    gain: f64,
    timbre_automation: bool,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let envelope = EnvelopeTimes { attack_s, decay_s, sustain, release_s };
    let defaults = EngineOptions::default();
    let options = EngineOptions {
        sample_rate,
        max_voices,
        envelope,
        normalise,
        noise,
        seed,
        gain,
        ..defaults
    };
    let [mut left, right] = py.detach(|| {
        synth::midi::render_file(&model.inner, &midi_file, &options, timbre_automation)
    })?;
    let n = left.len();
    left.extend(right);
    PyArray1::from_vec(py, left).reshape([2, n])
}

/// Play what the model makes of analysed frames, (n,).
#[pyfunction]
#[pyo3(signature = (model, frames, *, sample_rate=48000.0, noise=1.0, seed=0))]
pub(super) fn resynthesize<'py>(
    py: Python<'py>,
    model: &Model,
    frames: &Bound<'py, PyAny>,
    sample_rate: f64,
    noise: f32,
    seed: u64,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let model = &model.inner;
    let features = Features::take(frames, model)?;
    let sound = py.detach(|| -> crate::Result<Vec<f32>> {
        let [low, high] = model.config().f0_range_hz.map(|f0| f0 as f32);
        let f0_hz = &features.f0_hz.data;
        // The network is asked only for pitches that it knows; the sound keeps its own.
        let known: Vec<f32> =
            f0_hz.iter().map(|&f0| if f0 > 0.0 { f0.clamp(low, high) } else { f0 }).collect();
        let inputs = features.inputs(model, &known)?;
        let spectra = model.predict(&inputs, &mut model.network().state())?;
        let trajectory = Trajectory {
            spectra: &spectra,
            f0_hz,
            level_f0_hz: Some(&known),
            voicedness: features.voicedness.as_ref().map(|v| v.data.as_slice()),
            hop_size: model.config().hop_size,
            noise,
            seed,
        };
        synth::play(&trajectory, &PartialReader::new(&model.config().spectrum)?, sample_rate)
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
    let params = json(source, "layout")?;
    let get = |key: &str| {
        let value = params.get(key);
        value.and_then(serde_json::Value::as_u64).and_then(|v| usize::try_from(v).ok()).ok_or_else(
            || {
                let given = value.map_or("missing".to_owned(), ToString::to_string);
                Error::parameter(format!("{key} is {given}, expected a whole number"))
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
    layout.validate().map_err(Error::Parameter)?;
    Ok((layout, get("hop_size")?))
}

/// Play a trajectory of given spectra, (n,).
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
        synth::play(&trajectory, &PartialReader::new(&layout)?, sample_rate)
    })?;
    Ok(PyArray1::from_vec(py, sound))
}

/// Waveforms that spectra stand for, (T, `window_size`).
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
        let waves: Vec<Vec<f32>> = rows
            .map(|row| synth::spectrum::cycle_waveform(row, &layout))
            .collect::<Result<_, _>>()?;
        Ok(waves.concat())
    })?;
    matrix(py, waves, layout.window_size)
}
