//! `wms.Synth`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::arguments::Array;
use super::directions::axis;
use super::model::GivenModel;
use super::settings::{options, set};
use crate::Error;
use crate::midi::{Controllers, Message};
use crate::model;
use crate::synth::{Axis, Engine, EngineOptions, Event, Expression, Instrument, Settings};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadwriteArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A polyphonic instrument that plays one model.
///
/// Parameters
/// ----------
/// model
///     The model to play.
/// sample_rate
///     Output rate, 1000 .. 1536000 Hz (48000).
/// max_voices
///     Greatest number of notes at a time that memory is reserved for, 1 .. 64 (16). A note beyond
///     it takes the voice of the quietest or oldest.
/// seed
///     Chooses the noise (0).
/// precise
///     Compute the network in single precision. Otherwise its weights have 16 bits, which is
///     several times as fast and within about 1e-4 (False).
/// noise
///     Amplitude factor of the noise part, 0 .. 4; at 0 the partials sound alone (1).
/// normalise
///     Bring all frames to one level instead of that of the training sound (False).
/// gain
///     Amplitude factor of the output, 0 .. 16; from 0.9 on, the output bends smoothly towards 1
///     (0.5).
/// tuning_hz
///     Pitch of A4, 100 .. 2000 Hz (440).
/// attack_s
///     Seconds from silence to 90 % of a note's level (0.005).
/// decay_s
///     Seconds from there to within 10 % of the sustained level (0.1).
/// sustain
///     Level while the key is held, 0 .. 1 of the note's (1).
/// release_s
///     Seconds to -60 dB after a key is released (0.05).
/// mode
///     "poly": every key has its own voice. "mono": one note at a time, each starts anew. "legato":
///     a key pressed while another is held moves the sounding note to its pitch ("poly").
/// glide_s
///     Seconds in which a note's pitch moves there from that of the note before, 0 .. 10 (0).
/// voices
///     Greatest number of notes at a time, 1 .. 64 and at most `max_voices` (64).
/// unison, detune_cents
///     Number of voices for one key, 1 .. 8, and the distance of the outermost from its pitch,
///     0 .. 100 cents (1, 10).
/// spread
///     Stereo width over which notes, or the voices of one key, are distributed, 0 .. 1 (0).
/// velocity_level
///     How far the level follows the velocity, 0 .. 1 (1).
/// velocity_timbre, pressure_timbre, brightness_timbre
///     How far full velocity, pressure and brightness move the timbre, -4 .. 4 standard deviations
///     (0, 2, 2): velocity and pressure along the direction "loudness", brightness along that of
///     its name; in a model without directions all move the first timbre input.
///
/// Raises
/// ------
/// ParameterError
///     A keyword is unknown or out of range.
///
/// See Also
/// --------
/// render : plays a whole MIDI file.
/// resynthesize : plays analysed frames.
///
/// Examples
/// --------
/// >>> synth = wms.Synth(wms.Model.load("factory:flute"), sample_rate=48000)
/// >>> synth.note_on(69, velocity=0.8)
/// >>> synth.process(4800).shape
/// (2, 4800)
#[pyclass(frozen, module = "wms")]
pub(super) struct Synth {
    playing: Mutex<Playing>,
    options: EngineOptions,
}

/// What plays, and what plays next when there is room.
struct Playing {
    instrument: Instrument,
    next: Option<Box<Engine>>,
    controllers: Controllers,
}

impl Playing {
    /// Lets the next engine take over, unless one is still fading out.
    fn exchange(&mut self) {
        drop(self.instrument.collect());
        if let Some(engine) = self.next.take() {
            self.next = self.instrument.exchange(engine).err();
        }
    }

    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.next.is_some() {
            self.exchange();
        }
        self.instrument.process(left, right);
    }
}

impl Synth {
    fn playing(&self) -> MutexGuard<'_, Playing> {
        self.playing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A whole number from 0 to `highest`, or a message naming it.
fn within(value: i64, name: &str, highest: u8) -> crate::Result<u8> {
    u8::try_from(value)
        .ok()
        .filter(|&v| v <= highest)
        .ok_or_else(|| Error::parameter(format!("{name} is {value}, wanted 0 to {highest}")))
}

fn finite(value: f64, name: &str, low: f64, high: f64) -> crate::Result<f32> {
    if (low..=high).contains(&value) {
        Ok(value as f32)
    } else {
        Err(Error::parameter(format!("{name} is {value}, wanted {low} to {high}")))
    }
}

/// The events that move a model's timbre: all inputs by `values`, or directions and inputs by name.
pub(super) fn timbre_events(
    model: &model::Model,
    values: Option<&Bound<'_, PyAny>>,
    named: Option<&Bound<'_, PyDict>>,
) -> PyResult<Vec<Event>> {
    let config = model.config();
    let mut events = Vec::new();
    let mut push = |axis: Axis, name: &str, value: f32| {
        if !value.is_finite() {
            return Err(Error::parameter(format!("{name} is {value}, wanted a number")));
        }
        events.push(match axis {
            Axis::Input(input) => Event::Timbre { input, value },
            Axis::Direction(direction) => {
                let amount = model.directions()[direction].amount(value);
                Event::Direction { direction, amount }
            }
        });
        Ok(())
    };
    let by_name = values.and_then(|values| values.cast::<PyDict>().ok());
    if let (Some(values), None) = (values, by_name) {
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
            push(Axis::Input(input), &config.input_names[input], value)?;
        }
    }
    for (name, value) in [by_name, named].into_iter().flatten().flatten() {
        let name: String =
            name.extract().map_err(|_| Error::parameter("values has a key that is no text"))?;
        let axis = axis(model, &name)?;
        let value: f32 =
            value.extract().map_err(|_| Error::parameter(format!("{name} is no number")))?;
        push(axis, &name, value)?;
    }
    Ok(events)
}

#[pymethods]
impl Synth {
    #[new]
    #[pyo3(signature = (model, **options))]
    fn new(model: GivenModel, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let options = self::options(options)?;
        let engine = Engine::new(model.0, &options)?;
        let playing = Playing {
            instrument: Instrument::new(Box::new(engine)),
            next: None,
            controllers: Controllers::new(),
        };
        Ok(Self { playing: Mutex::new(playing), options })
    }

    /// Change settings while the instrument plays.
    ///
    /// Parameters
    /// ----------
    /// **settings
    ///     The keywords of `Synth`, but for `sample_rate`, `max_voices`, `seed` and `precise`,
    ///     which are fixed when it is made.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     A keyword is unknown or out of range; then nothing changes.
    ///
    /// Examples
    /// --------
    /// >>> synth = wms.Synth(wms.Model.load("factory:flute"))
    /// >>> synth.set(mode="legato", glide_s=0.1)
    #[pyo3(signature = (**settings))]
    fn set(&self, settings: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let mut playing = self.playing();
        let mut changed = playing.instrument.engine().settings().clone();
        if let Some(settings) = settings {
            for (name, value) in settings {
                set(&mut changed, &name.extract::<String>()?, &value)?;
            }
        }
        changed.validate()?;
        playing.instrument.set(&changed);
        Ok(())
    }

    /// Continue with another model: held notes go on with it while the old one fades out.
    ///
    /// Settings and controllers stay; the timbre goes to the resting point of the new model.
    fn set_model(&self, py: Python<'_>, model: GivenModel) -> PyResult<()> {
        let engine = py.detach(|| Engine::new(model.0, &self.options))?;
        let mut playing = self.playing();
        playing.next = Some(Box::new(engine));
        playing.exchange();
        Ok(())
    }

    /// Range of each direction and input but the pitch, by name, in `set_timbre`'s units.
    #[getter]
    fn timbre_range(&self) -> BTreeMap<String, (f32, f32)> {
        let playing = self.playing();
        let engine = playing.instrument.engine();
        let names = engine.model().config().input_names.iter().enumerate();
        let pitch = engine.model().config().pitch_index();
        let directions = engine.space().directions().iter();
        names
            .filter(|(index, _)| *index != pitch)
            .filter_map(|(index, name)| Some((name.clone(), engine.space().range(index)?)))
            .chain(directions.map(|direction| (direction.name.clone(), (-1.0, 1.0))))
            .collect()
    }

    /// Output rate, Hz.
    #[getter]
    fn sample_rate(&self) -> f64 {
        self.playing().instrument.engine().sample_rate()
    }

    /// Number of voices that sound, those that are dying away included.
    #[getter]
    fn active_voices(&self) -> usize {
        self.playing().instrument.engine().active_voices()
    }

    /// Silence all voices and return every controller to its initial value.
    fn reset(&self) {
        self.playing().instrument.reset();
    }

    /// Press a key.
    ///
    /// Parameters
    /// ----------
    /// note
    ///     Key, 0 .. 127; 69 is A4.
    /// velocity
    ///     0 .. 1. The amplitude is its square, as MIDI synthesizers have it (DLS level 1): half
    ///     the velocity is 12 dB quieter. At 1 the sound has the level of the training data times
    ///     `gain`.
    /// channel
    ///     MIDI channel, 0 .. 15.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     A number is out of range.
    #[pyo3(signature = (note, velocity=1.0, channel=0))]
    fn note_on(&self, note: i64, velocity: f64, channel: i64) -> PyResult<()> {
        let event = Event::NoteOn {
            channel: within(channel, "channel", 15)?,
            note: within(note, "note", 127)?,
            velocity: finite(velocity, "velocity", 0.0, 1.0)?,
        };
        self.playing().instrument.handle(event);
        Ok(())
    }

    /// Release a key.
    ///
    /// Parameters
    /// ----------
    /// note
    ///     Key, 0 .. 127.
    /// channel
    ///     MIDI channel, 0 .. 15.
    #[pyo3(signature = (note, channel=0))]
    fn note_off(&self, note: i64, channel: i64) -> PyResult<()> {
        let event = Event::NoteOff {
            channel: within(channel, "channel", 15)?,
            note: within(note, "note", 127)?,
        };
        self.playing().instrument.handle(event);
        Ok(())
    }

    /// Release all keys and sustain pedals of all channels.
    fn all_notes_off(&self) {
        let mut playing = self.playing();
        for channel in 0..16 {
            playing.instrument.handle(Event::Sustain { channel, down: false });
            playing.instrument.handle(Event::AllNotesOff { channel });
        }
    }

    /// Move the pitch of a channel's notes.
    ///
    /// Parameters
    /// ----------
    /// semitones
    ///     -96 .. 96.
    /// channel
    ///     MIDI channel, 0 .. 15.
    #[pyo3(signature = (semitones, channel=0))]
    fn pitch_bend(&self, semitones: f64, channel: i64) -> PyResult<()> {
        let channel = within(channel, "channel", 15)?;
        let semitones = finite(semitones, "semitones", -96.0, 96.0)?;
        self.playing().instrument.handle(Event::bend(channel, semitones));
        Ok(())
    }

    /// Change the expression of a channel's notes, or of one key's notes only.
    ///
    /// A channel's expression also applies to its later notes.
    ///
    /// Parameters
    /// ----------
    /// channel
    ///     MIDI channel, 0 .. 15.
    /// note
    ///     A key, 0 .. 127, whose notes change in addition to the channel's expression; None for
    ///     the whole channel.
    /// tuning
    ///     Distance from the notes' own pitch, -120 .. 120 semitones.
    /// volume
    ///     Amplitude factor, 0 .. 4.
    /// pan
    ///     From -1, left, to 1, right.
    /// pressure
    ///     0 .. 1; moves the timbre by `pressure_timbre`.
    /// brightness
    ///     From -1, dark, to 1, bright; moves the timbre by `brightness_timbre`.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     A number is out of range.
    #[pyo3(signature = (
        *, channel=0, note=None, tuning=None, volume=None, pan=None, pressure=None, brightness=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python method")]
    fn express(
        &self,
        channel: i64,
        note: Option<i64>,
        tuning: Option<f64>,
        volume: Option<f64>,
        pan: Option<f64>,
        pressure: Option<f64>,
        brightness: Option<f64>,
    ) -> PyResult<()> {
        type Kind = fn(f32) -> Expression;
        let channel = within(channel, "channel", 15)?;
        let note = note.map(|note| within(note, "note", 127)).transpose()?;
        let given: [(&str, Option<f64>, f64, f64, Kind); 5] = [
            ("tuning", tuning, -120.0, 120.0, Expression::Tuning),
            ("volume", volume, 0.0, 4.0, Expression::Volume),
            ("pan", pan, -1.0, 1.0, Expression::Pan),
            ("pressure", pressure, 0.0, 1.0, Expression::Pressure),
            ("brightness", brightness, -1.0, 1.0, Expression::Brightness),
        ];
        for (name, value, low, high, kind) in given {
            let Some(value) = value else { continue };
            let expression = kind(finite(value, name, low, high)?);
            self.playing().instrument.handle(match note {
                Some(_) => Event::Note { channel: Some(channel), note, expression },
                None => Event::Channel { channel, expression },
            });
        }
        Ok(())
    }

    /// Press or lift the sustain pedal of a channel.
    ///
    /// Parameters
    /// ----------
    /// down
    ///     Whether the pedal is down.
    /// channel
    ///     MIDI channel, 0 .. 15.
    #[pyo3(signature = (down, channel=0))]
    fn sustain(&self, down: bool, channel: i64) -> PyResult<()> {
        let channel = within(channel, "channel", 15)?;
        self.playing().instrument.handle(Event::Sustain { channel, down });
        Ok(())
    }

    /// Follow a message as a MIDI device sends it, as the plugin and `render` follow it.
    ///
    /// `docs/plugin.md` has the list of messages. A message without a meaning is ignored.
    ///
    /// Parameters
    /// ----------
    /// message
    ///     A message of MIDI 1.0: its status byte and its data.
    ///
    /// Examples
    /// --------
    /// >>> synth = wms.Synth("factory:flute")
    /// >>> synth.midi(bytes([0x90, 69, 100]))
    /// >>> synth.active_voices
    /// 1
    fn midi(&self, message: Vec<u8>) {
        let Some(message) = Message::from_bytes(&message) else { return };
        let Playing { instrument, controllers, .. } = &mut *self.playing();
        controllers.handle(message, |event| instrument.handle(event));
    }

    /// The table of the settings that have a range.
    ///
    /// Returns
    /// -------
    /// dict of str to (float, float, float)
    ///     Default, lowest and highest value of each setting by its name. The settings without a
    ///     range are "mode" and "normalise".
    ///
    /// Examples
    /// --------
    /// >>> wms.Synth.table()["gain"]
    /// (0.5, 0.0, 16.0)
    #[staticmethod]
    fn table() -> BTreeMap<&'static str, (f64, f64, f64)> {
        let rows = Settings::ranges().into_iter();
        rows.map(|(name, default, low, high)| (name, (default, low, high))).collect()
    }

    /// Move the timbre smoothly.
    ///
    /// Parameters
    /// ----------
    /// values
    ///     Directions and inputs by name, as a dict. Or all timbre inputs in the model's order,
    ///     without pitch and voicedness.
    /// **named
    ///     Directions and inputs by name, such as `loudness=0.5, brightness=-1` or
    ///     `mfcc_1=0.5, voicedness=0.9`. In a keyword, other characters of a name are underscores:
    ///     `principal_1=0.3`.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     There is no direction or input of this name, or a value is not finite.
    ///
    /// Notes
    /// -----
    /// Directions (`Model.directions`) are on a scale from -1, the lowest of what the training data
    /// hold, over 0, the model's rest, to 1, the highest; they are held within it and add to what
    /// the inputs are set to. The unit of an input is a standard deviation of the training data: 0
    /// is its mean, 1 is one standard deviation above. Inputs are held within a margin around the
    /// range of the training data. Voicedness is in its own unit, 0 .. 1.
    ///
    /// Examples
    /// --------
    /// >>> synth = wms.Synth(wms.Model.load("factory:flute"))
    /// >>> low, high = synth.timbre_range["mfcc_1"]
    /// >>> synth.set_timbre(mfcc_1=high)
    #[pyo3(signature = (values=None, **named))]
    fn set_timbre(
        &self,
        values: Option<&Bound<'_, PyAny>>,
        named: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let model = Arc::clone(self.playing().instrument.engine().model());
        let events = timbre_events(&model, values, named)?;
        let mut playing = self.playing();
        for event in events {
            playing.instrument.handle(event);
        }
        Ok(())
    }

    /// Refuses to be copied or pickled: the notes that sound would be lost.
    #[expect(clippy::unused_self, reason = "Python calls it on the instance")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a Synth cannot be pickled or copied, because it plays; pickle its model, and make a \
             Synth of it where it is wanted",
        ))
    }

    fn __repr__(&self) -> String {
        let playing = self.playing();
        let engine = playing.instrument.engine();
        format!(
            "<wms.Synth of {:?}: {} Hz, {} of {} voices sound>",
            engine.model().config().name,
            self.options.sample_rate,
            engine.active_voices(),
            self.options.max_voices
        )
    }

    /// The next n samples, left and right, (2, n), within [-1, 1].
    fn process<'py>(&self, py: Python<'py>, n: i64) -> PyResult<Bound<'py, PyArray2<f32>>> {
        if !(0..=1 << 28).contains(&n) {
            return Err(Error::parameter(format!("n is {n}, wanted 0 to {}", 1 << 28)).into());
        }
        let n = n as usize;
        let data = py.detach(|| {
            let mut data = vec![0.0; 2 * n];
            let (left, right) = data.split_at_mut(n);
            self.playing().process(left, right);
            data
        });
        PyArray1::from_vec(py, data).reshape([2, n])
    }

    /// Write the next samples into an array, without allocating memory for samples.
    ///
    /// Parameters
    /// ----------
    /// out
    ///     Left and right, (2, n): a writable, C-contiguous float32 array.
    ///
    /// Examples
    /// --------
    /// >>> synth = wms.Synth(wms.Model.load("factory:flute"))
    /// >>> block = np.empty((2, 512), np.float32)
    /// >>> synth.process_into(block)
    fn process_into(&self, py: Python<'_>, out: &Bound<'_, PyAny>) -> PyResult<()> {
        let wanted =
            || Error::parameter("out is to be a writable C-contiguous float32 array (2, n)");
        let array = out.cast::<PyArray2<f32>>().map_err(|_| wanted())?;
        let mut array: PyReadwriteArray2<'_, f32> = array.try_readwrite().map_err(|_| wanted())?;
        let &[2, n] = array.shape() else { return Err(wanted().into()) };
        let data = array.as_slice_mut().map_err(|_| wanted())?;
        let (left, right) = data.split_at_mut(n);
        py.detach(|| self.playing().process(left, right));
        Ok(())
    }
}
