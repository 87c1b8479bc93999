//! One note: its network state, oscillator, pitch and loudness.

use std::sync::Arc;

use super::clock::FrameClock;
use super::controls::Controls;
use super::envelope::{Envelope, EnvelopeTimes};
use super::frame_mixer::{FrameMixer, MixedFrame, RenderSettings};
use super::interpolation::SAMPLES_PER_READ;
use super::noise::tonal_share;
use super::noise_track::NoiseTrack;
use super::oscillator::Oscillator;
use super::smoothing::Smoothed;
use super::table::TableBuilder;
use super::timbre::{Axis, TimbreSpace};
use crate::model::{Batch, Model, State};

/// Time in which partials fade out before a sudden rise of pitch, s.
const RAISE_S: f64 = 0.002;
/// Time constant of pitch changes, s.
const PITCH_S: f64 = 0.003;
/// Length of a glide in time constants: after these, 1 % of the distance is left.
const GLIDE_CONSTANTS: f64 = 4.6;
/// Time constant of changes of loudness and pan while a note sounds, s.
const LEVEL_S: f64 = 0.005;
/// Time constant of timbre changes, s.
const TIMBRE_S: f64 = 0.02;
/// Time in which a stolen voice falls to -60 dB, s.
const STEAL_S: f64 = 0.005;
/// Lowest and highest pitch, cycles a sample; above half a cycle nothing sounds any more.
const INCREMENTS: (f64, f64) = (1e-9, 0.5);

/// Everything that the voices of an engine share.
#[derive(Clone)]
pub(super) struct VoiceContext {
    pub model: Arc<Model>,
    pub space: Arc<TimbreSpace>,
    pub mixer: Arc<FrameMixer>,
    pub builder: Arc<TableBuilder>,
    pub sample_rate: f64,
    pub samples_per_frame: f64,
    pub seed: u64,
}

/// A note to be played.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Note {
    pub channel: u8,
    pub key: u8,
    pub velocity: f32,
    /// Distance from the key's pitch, semitones.
    pub detune: f64,
    /// Amplitude factor.
    pub level: f64,
    /// From left, -1, to right, 1.
    pub pan: f64,
    /// Where in its cycle the tone begins, 0 .. 1.
    pub phase: f64,
    /// Number of this voice in the order of their starts, by which the oldest is found.
    pub order: u64,
    /// Whether the sostenuto pedal holds it.
    pub sostenuto: bool,
}

/// Distances from where the instrument has the timbre.
struct Offsets {
    /// Of each input, (C,).
    inputs: Vec<f32>,
    /// Along each direction, (D,).
    directions: Vec<f32>,
}

impl Offsets {
    fn new(space: &TimbreSpace) -> Self {
        Self {
            inputs: vec![0.0; space.rest().len()],
            directions: vec![0.0; space.directions().len()],
        }
    }

    fn clear(&mut self) {
        self.inputs.fill(0.0);
        self.directions.fill(0.0);
    }

    fn get_mut(&mut self, axis: Axis) -> Option<&mut f32> {
        match axis {
            Axis::Input(index) => self.inputs.get_mut(index),
            Axis::Direction(index) => self.directions.get_mut(index),
        }
    }
}

/// A voice plays one note at a time.
///
/// [`Self::start`] begins a note. It then gets its frames by [`Self::request_frame`], which asks a batch of
/// the network for the next one, and [`Self::receive_frame`], which takes it; the first frame is no
/// different from the others. [`Self::process`] plays the samples in between.
pub(super) struct Voice {
    context: VoiceContext,
    state: State,
    input: Vec<f32>,
    /// Where each input is moving to, (C,).
    wanted: Vec<f32>,
    /// Amount along each direction, (D,).
    amounts: Vec<f32>,
    /// Distances from where the instrument has the timbre, by the note's own expressions.
    offsets: Offsets,
    /// The same by velocity, pressure and brightness.
    expression: Offsets,
    controls: Controls,
    spectrum: Vec<f32>,
    partials: Vec<f32>,
    oscillator: Oscillator,
    noise: NoiseTrack,
    envelope: Envelope,
    /// Binary logarithm of the pitch in cycles a sample.
    pitch: Smoothed,
    /// A value of `pitch` and its power of two, cycles a sample.
    increment: (f64, f64),
    wanted_increment: f64,
    level: Smoothed,
    pan: Smoothed,
    timbre_rate: f32,
    note: Note,
    key_down: bool,
    stolen: bool,
    /// Whether the note has started and has no frame yet.
    awaits_first_frame: bool,
    /// Where the note's pitch glides from, Hz.
    from_hz: Option<f64>,
}

impl Voice {
    pub fn new(context: &VoiceContext, times: &EnvelopeTimes) -> Self {
        let rate = context.sample_rate;
        let inputs = context.model.input_size();
        let partials = context.mixer.reader().partials();
        let frame_s = context.samples_per_frame / rate;
        Self {
            state: context.model.network().state(),
            input: vec![0.0; inputs],
            wanted: vec![0.0; inputs],
            amounts: vec![0.0; context.space.directions().len()],
            offsets: Offsets::new(&context.space),
            expression: Offsets::new(&context.space),
            controls: Controls::default(),
            spectrum: vec![0.0; context.model.output_size()],
            partials: vec![0.0; partials],
            oscillator: Oscillator::new(Arc::clone(&context.builder), partials),
            noise: NoiseTrack::new(context.mixer.shaper()),
            envelope: Envelope::new(times, rate),
            pitch: Smoothed::new(0.0, PITCH_S * rate),
            increment: (0.0, 1.0),
            wanted_increment: 0.0,
            level: Smoothed::new(0.0, LEVEL_S * rate),
            pan: Smoothed::new(0.0, LEVEL_S * rate),
            timbre_rate: -(-frame_s / TIMBRE_S).exp_m1() as f32,
            note: Note::default(),
            key_down: false,
            stolen: false,
            awaits_first_frame: false,
            from_hz: None,
            context: context.clone(),
        }
    }

    /// Makes the voice silent and free.
    pub fn reset(&mut self) {
        self.envelope.reset();
        self.key_down = false;
        self.stolen = false;
    }

    /// Starts a note, whose pitch glides from `from_hz`. Its pitch, level, pan and expression offset are set
    /// next.
    pub fn start(&mut self, note: Note, from_hz: Option<f64>) {
        self.note = note;
        self.awaits_first_frame = true;
        self.from_hz = from_hz;
        self.key_down = true;
        self.stolen = false;
        self.controls = Controls::default();
        self.offsets.clear();
        self.state.reset();
        self.envelope.reset();
        self.envelope.start();
        self.noise.reset(self.context.seed.wrapping_add(note.order));
    }

    /// Joins the batch that the network steps next. At a note's first frame its inputs are those that
    /// `timbre`, (C,), and amounts along the directions, (D,), ask for; later they move towards these.
    pub fn request_frame(&mut self, timbre: &[f32], amounts: &[f32], batch: &mut Batch) {
        self.find_wanted(timbre, amounts);
        if self.awaits_first_frame {
            self.arrive();
            self.input.copy_from_slice(&self.wanted);
        } else {
            for (input, wanted) in self.input.iter_mut().zip(&self.wanted) {
                *input += self.timbre_rate * (wanted - *input);
            }
        }
        let pitch_input = self.context.space.pitch_input(self.f0_hz());
        if let Some(input) = self.input.get_mut(self.context.model.config().pitch_index()) {
            *input = pitch_input;
        }
        batch.push(&self.input, &self.state);
    }

    /// Finds the values that the inputs move to: `timbre` with the note's offsets, moved along the
    /// directions, within each input's range.
    fn find_wanted(&mut self, timbre: &[f32], amounts: &[f32]) {
        let space = &self.context.space;
        let sum = |to: &mut [f32], of: &[f32], own: &[f32], expression: &[f32]| {
            for (((to, of), own), expression) in to.iter_mut().zip(of).zip(own).zip(expression) {
                *to = of + own + expression;
            }
        };
        let (own, expression) = (&self.offsets, &self.expression);
        sum(&mut self.wanted, timbre, &own.inputs, &expression.inputs);
        sum(&mut self.amounts, amounts, &own.directions, &expression.directions);
        space.move_along(&self.amounts, &mut self.wanted);
        for (index, wanted) in self.wanted.iter_mut().enumerate() {
            *wanted = space.hold(index, *wanted);
        }
    }

    /// Brings level and pan to their targets, and the pitch to where it glides from.
    fn arrive(&mut self) {
        let from = self.from_hz.map_or(self.wanted_increment, |f0_hz| self.clamped(f0_hz));
        self.pitch.jump(from.log2());
        self.level.jump(self.level.target());
        self.pan.jump(self.pan.target());
    }

    /// Takes the frame that the network made for number `lane` of the batch, and moves on to it.
    pub fn receive_frame(&mut self, batch: &Batch, lane: usize, settings: RenderSettings) {
        batch.take(lane, &mut self.state, &mut self.spectrum);
        self.mix_frame(settings);
        let highest = self.wanted_increment.max(self.pitch_now());
        if std::mem::take(&mut self.awaits_first_frame) {
            self.noise.hold_first_frame();
            self.oscillator.reset(&self.partials, &self.partials, self.note.phase, highest);
        } else {
            self.oscillator.next_frame(&self.partials, highest);
        }
    }

    /// Reads partials and noise off the spectrum. How much of a note
    /// is tone depends on its voicedness alone, because the player sets that.
    fn mix_frame(&mut self, settings: RenderSettings) {
        let VoiceContext { model, space, mixer, .. } = &self.context;
        let voicedness = model.config().voicedness_index().and_then(|i| self.input.get(i));
        let frame = MixedFrame {
            spectrum: &self.spectrum,
            noise_spectrum: &self.spectrum,
            f0_hz: space.known_f0_hz(self.f0_hz()),
            tonal: voicedness.map_or(1.0, |&voicedness| tonal_share(voicedness)),
        };
        mixer.process(&frame, settings, &mut self.partials, self.noise.next_frame());
    }

    fn clamped(&self, f0_hz: f64) -> f64 {
        (f0_hz / self.context.sample_rate).clamp(INCREMENTS.0, INCREMENTS.1)
    }

    /// Glides to another pitch in Hz within `glide_s`.
    pub fn set_pitch(&mut self, f0_hz: f64, glide_s: f64) {
        self.wanted_increment = self.clamped(f0_hz);
        let constant_s = (glide_s / GLIDE_CONSTANTS).max(PITCH_S);
        self.pitch.set_time(constant_s * self.context.sample_rate);
    }

    /// Moves to another amplitude factor.
    pub fn set_level(&mut self, level: f64) {
        self.level.set(level);
    }

    /// Moves from left, -1, to right, 1.
    pub fn set_pan(&mut self, pan: f64) {
        self.pan.set(pan.clamp(-1.0, 1.0));
    }

    /// Forgets what velocity, pressure and brightness have moved.
    pub fn clear_expression(&mut self) {
        self.expression.clear();
    }

    /// Moves an axis away from where the instrument has it, by velocity, pressure or brightness.
    pub fn add_expression(&mut self, axis: Axis, offset: f32) {
        if let Some(slot) = self.expression.get_mut(axis) {
            *slot += offset;
        }
    }

    /// Moves an axis away from where the instrument has it, by an expression of the note's own.
    pub fn set_offset(&mut self, axis: Axis, offset: f32) {
        if let Some(slot) = self.offsets.get_mut(axis) {
            *slot = offset;
        }
    }

    /// Goes on sounding as the note of another key.
    pub fn change_key(&mut self, channel: u8, key: u8) {
        (self.note.channel, self.note.key) = (channel, key);
        self.key_down = true;
    }

    pub fn note(&self) -> &Note {
        &self.note
    }

    pub fn controls(&mut self) -> &mut Controls {
        &mut self.controls
    }

    pub fn is_free(&self) -> bool {
        self.envelope.is_off()
    }

    /// Whether a note has started and has no frame yet.
    pub fn awaits_first_frame(&self) -> bool {
        self.awaits_first_frame && !self.is_free()
    }

    pub fn is_stolen(&self) -> bool {
        self.stolen
    }

    pub fn is_key_down(&self) -> bool {
        self.key_down
    }

    pub fn is_releasing(&self) -> bool {
        self.envelope.is_releasing()
    }

    /// The amplitude factor now, by which the quietest voice is found.
    pub fn loudness(&self) -> f64 {
        self.envelope.level() * self.level.value()
    }

    /// Model inputs, spectrum and pitch in Hz of the newest frame.
    pub fn frame(&self) -> (&[f32], &[f32], f64) {
        (&self.input, &self.spectrum, self.f0_hz())
    }

    /// The pitch now, Hz.
    fn f0_hz(&self) -> f64 {
        self.pitch_now() * self.context.sample_rate
    }

    /// The pitch that the voice moves to, Hz.
    pub fn wanted_hz(&self) -> f64 {
        self.wanted_increment * self.context.sample_rate
    }

    pub fn set_envelope(&mut self, times: &EnvelopeTimes) {
        self.envelope.set_times(times);
    }

    /// The key comes up; the note sounds on until it is released.
    pub fn key_up(&mut self) {
        self.key_down = false;
    }

    pub fn is_held_by_sostenuto(&self) -> bool {
        self.note.sostenuto
    }

    pub fn set_sostenuto(&mut self, is_held: bool) {
        self.note.sostenuto = is_held;
    }

    pub fn release(&mut self) {
        self.key_down = false;
        self.envelope.release();
    }

    /// Fades out quickly, because the voice is needed for another note.
    pub fn steal(&mut self) {
        self.key_down = false;
        self.stolen = true;
        self.envelope.choke(STEAL_S);
    }

    fn pitch_now(&self) -> f64 {
        self.pitch.value().exp2()
    }

    /// Adds this voice to `left` and `right`, which must end at or before the end of the clock's frame.
    pub fn process(&mut self, mut clock: FrameClock, left: &mut [f32], right: &mut [f32]) {
        let period = clock.period() as f64;
        let mut done = 0;
        while done < left.len() && !self.envelope.is_off() {
            let mut end = (self.oscillator.span_end() * period) as u64;
            if clock.position() >= end {
                self.oscillator.next_span();
                end = clock.period();
            }
            if end == clock.period() && !self.oscillator.is_ready_for(self.wanted_increment) {
                let time = clock.position() as f64 / period;
                let raise = RAISE_S * self.context.sample_rate / clock.samples_per_frame();
                let until = (time + raise).min(1.0);
                self.oscillator.raise(time, until, self.wanted_increment);
                end = (until * period) as u64;
            }
            self.pitch.set(self.wanted_increment.min(self.oscillator.ceiling()).log2());

            let run = clock.samples_until(end).clamp(1, (left.len() - done).min(SAMPLES_PER_READ));
            let increments = &mut [0.0; SAMPLES_PER_READ][..run];
            let wave = &mut [0.0; SAMPLES_PER_READ][..run];
            increments.fill_with(|| self.next_increment());
            self.oscillator.process(&clock, increments, wave);
            for sample in wave.iter_mut() {
                *sample += self.noise.process(self.context.mixer.shaper(), &clock);
                *sample *= self.envelope.process() * self.level.process() as f32;
                clock.advance(1);
            }
            self.mix(wave, &mut left[done..][..run], &mut right[done..][..run]);
            done += run;
        }
    }

    /// The pitch of the next sample, cycles a sample.
    fn next_increment(&mut self) -> f64 {
        let pitch = self.pitch.process();
        // A pitch that stands still needs no new power of two.
        if self.increment.0 != pitch {
            self.increment = (pitch, pitch.exp2());
        }
        self.increment.1
    }

    /// Adds to both sides: at full level in the middle, and with the same power at any pan.
    fn mix(&mut self, wave: &[f32], left: &mut [f32], right: &mut [f32]) {
        let gains = |pan: f64| {
            let (sin, cos) = ((pan + 1.0) * std::f64::consts::FRAC_PI_4).sin_cos();
            let gain = std::f64::consts::SQRT_2;
            ((gain * cos) as f32, (gain * sin) as f32)
        };
        let mut at = gains(self.pan.value());
        let moving = self.pan.value() != self.pan.target();
        for ((&sample, left), right) in wave.iter().zip(left).zip(right) {
            if moving {
                at = gains(self.pan.process());
            }
            *left += at.0 * sample;
            *right += at.1 * sample;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::{StateDict, Tensor};
    use crate::model::{BatchNetwork, ModelConfig, Network, Precision};
    use crate::synth::spectrum::PartialReader;

    /// A network of the smallest size whose 40 bins are always the same.
    fn model() -> Model {
        let tensor = |shape: &[usize], value: f32| Tensor {
            shape: shape.to_vec(),
            data: vec![value; shape.iter().product()],
        };
        let tensors = StateDict::from([
            ("input_encoder.0.weight".into(), tensor(&[2, 1], 0.0)),
            ("input_encoder.0.bias".into(), tensor(&[2], 0.0)),
            ("gru.weight_ih_l0".into(), tensor(&[6, 2], 0.0)),
            ("gru.bias_ih_l0".into(), tensor(&[6], 0.0)),
            ("gru.weight_hh_l0".into(), tensor(&[6, 2], 0.0)),
            ("gru.bias_hh_l0".into(), tensor(&[6], 0.0)),
            ("dense_layers.0.weight".into(), tensor(&[2, 2], 0.0)),
            ("dense_layers.0.bias".into(), tensor(&[2], 0.0)),
            ("dense_layers.2.weight".into(), tensor(&[40, 2], 0.0)),
            ("dense_layers.2.bias".into(), tensor(&[40], 1.0)),
        ]);
        let config = serde_json::json!({
            "generation": "2026-08", "name": "flat", "input_names": ["pitch"],
            "scaler": {"mean": [], "scale": []},
            "f0_mapping": {"kind": "log_offset", "f_low_hz": 46.0, "offset": 1e-4},
            "f0_range_hz": [50.0, 2000.0],
            "input_statistics": {"min": [0.0], "max": [8.0], "mean": [4.0], "std": [1.0]},
            "spectrum": {
                "domain": "log1p", "window_size": 256, "n_fft": 256, "n_bins": 40, "cycles_per_window": 1
            },
            "sample_rate": 16000, "hop_size": 256,
        });
        let network = Network::from_state_dict(tensors).unwrap();
        Model::new(ModelConfig::from_json(config).unwrap(), network).unwrap()
    }

    #[test]
    fn no_partial_ever_passes_the_nyquist_frequency() {
        let model = Arc::new(model());
        let reader = Arc::new(PartialReader::new(&model.config().spectrum).unwrap());
        let builder = Arc::new(TableBuilder::new(reader.partials()));
        let sample_rate = 44_100.0;
        let mixer = Arc::new(FrameMixer::new(reader, sample_rate));
        let network = BatchNetwork::new(model.network(), Precision::Reduced);
        let mut batch = network.batch();
        let mut clock = FrameClock::new(256, 16_000, sample_rate).unwrap();
        clock.reset(0.3);
        let samples_per_frame = clock.samples_per_frame();
        let space = Arc::new(TimbreSpace::new(&model));
        let context =
            VoiceContext { model, space, mixer, builder, sample_rate, samples_per_frame, seed: 0 };
        let mut voice = Voice::new(&context, &EnvelopeTimes::default());
        let settings = RenderSettings { normalise: false, noise: 0.0 };
        let mut random = 1u64;
        voice.start(Note { level: 1.0, ..Note::default() }, None);
        voice.set_pitch(300.0, 0.0);
        voice.set_level(1.0);
        voice.request_frame(&[0.0], &[], &mut batch);
        network.step(&mut batch);
        voice.receive_frame(&batch, 0, settings);
        let mut reached = 0.0f64;
        for n in 0..60_000 {
            // Leaps and slides, faster and wider than any player's, at any time of a frame.
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99_991);
            let chance = (random >> 40) as f64 / f64::from(1 << 24);
            if chance < 0.003 {
                voice.set_pitch(100.0 * 300f64.powf(chance / 0.003), 0.0);
            } else if n % 40 == 0 {
                voice.set_pitch(voice.wanted_increment * 44_100.0 * (0.85 + 0.3 * chance), 0.0);
            }
            if clock.tick() {
                batch.clear();
                voice.request_frame(&[0.0], &[], &mut batch);
                network.step(&mut batch);
                voice.receive_frame(&batch, 0, settings);
            }
            voice.process(clock, &mut [0.0], &mut [0.0]);
            clock.advance(1);
            let time = clock.position() as f64 / clock.period() as f64;
            let highest = voice.oscillator.highest_sounding(time) as f64;
            let place = highest * voice.increment.1;
            assert!(place < 0.5, "sample {n}: partial {highest} at {place} of the rate");
            reached = reached.max(place);
        }
        assert!(reached > 0.48, "partials must not be missing either: {reached}");
    }
}
