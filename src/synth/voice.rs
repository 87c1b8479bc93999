//! One note: its network state, oscillator, pitch and loudness.

use std::sync::Arc;

use super::clock::FrameClock;
use super::controls::Controls;
use super::envelope::{Envelope, EnvelopeTimes};
use super::noise::{Noise, NoiseShaper, tonal_share};
use super::oscillator::Oscillator;
use super::reading::RUN;
use super::smoothing::Smoothed;
use super::spectrum::PartialReader;
use super::table::TableBuilder;
use super::timbre::TimbreSpace;
use crate::model::{Batch, Model, State};

/// How long partials take to leave before a sudden rise of pitch, s.
const RAISE_S: f64 = 0.002;
/// Time constant of pitch changes, s.
const PITCH_S: f64 = 0.003;
/// Time constants that a glide is long: it ends within a hundredth of its way.
const GLIDE_CONSTANTS: f64 = 4.6;
/// Time constant of loudness and place changes while a note sounds, s.
const LEVEL_S: f64 = 0.005;
/// Time constant of timbre changes, s.
const TIMBRE_S: f64 = 0.02;
/// How long a stolen voice takes to -60 dB, s.
const STEAL_S: f64 = 0.005;
/// RMS level that frames are brought to where levels are evened out.
const NORMAL_RMS: f32 = 0.1;
/// Frames below this RMS level are not raised any more.
const FAINTEST_RMS: f32 = 1e-3;
/// Lowest pitch, cycles a sample; above half a cycle nothing sounds any more.
const INCREMENTS: (f64, f64) = (1e-9, 0.5);

/// What all voices share.
#[derive(Clone)]
pub(super) struct Shared {
    pub model: Arc<Model>,
    pub space: Arc<TimbreSpace>,
    pub reader: Arc<PartialReader>,
    pub builder: Arc<TableBuilder>,
    pub shaper: Arc<NoiseShaper>,
    pub sample_rate: f64,
    pub samples_per_frame: f64,
    pub seed: u64,
}

/// How frames are turned into sound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rendering {
    pub normalise: bool,
    /// Amplitude factor of the noise; at 0 partials sound alone, at their full level.
    pub noise: f32,
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
    /// Counts voices, so that the oldest can be told.
    pub order: u64,
    /// Whether the sostenuto pedal holds it.
    pub sostenuto: bool,
}

pub(super) struct Voice {
    shared: Shared,
    state: State,
    input: Vec<f32>,
    /// Distance of each input from where the instrument has it: by the note's expressions, and the
    /// first one by velocity, pressure and brightness too.
    offsets: Vec<f32>,
    touch: f32,
    controls: Controls,
    spectrum: Vec<f32>,
    partials: Vec<f32>,
    oscillator: Oscillator,
    noise: Noise,
    /// Amplitudes of the noise bins in the frames before and after.
    noise_earlier: Vec<f32>,
    noise_later: Vec<f32>,
    envelope: Envelope,
    /// Binary logarithm of the pitch in cycles a sample, and the pitch itself.
    pitch: Smoothed,
    increment: (f64, f64),
    wanted_increment: f64,
    level: Smoothed,
    pan: Smoothed,
    timbre_rate: f32,
    note: Note,
    key_down: bool,
    stolen: bool,
    /// A note that has begun and waits for its first frame.
    fresh: bool,
    /// Where its pitch glides from, Hz.
    from_hz: Option<f64>,
}

impl Voice {
    pub fn new(shared: &Shared, times: &EnvelopeTimes) -> Self {
        let rate = shared.sample_rate;
        let inputs = shared.model.input_size();
        let frame_s = shared.samples_per_frame / rate;
        Self {
            state: shared.model.network().state(),
            input: vec![0.0; inputs],
            offsets: vec![0.0; inputs],
            touch: 0.0,
            controls: Controls::default(),
            spectrum: vec![0.0; shared.model.output_size()],
            partials: vec![0.0; shared.reader.partials()],
            oscillator: Oscillator::new(Arc::clone(&shared.builder), shared.reader.partials()),
            noise: Noise::new(&shared.shaper),
            noise_earlier: vec![0.0; shared.shaper.bins()],
            noise_later: vec![0.0; shared.shaper.bins()],
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
            fresh: false,
            from_hz: None,
            shared: shared.clone(),
        }
    }

    pub fn reset(&mut self) {
        self.envelope.reset();
        self.key_down = false;
        self.stolen = false;
    }

    /// Begins a note, gliding from `from_hz`. Its pitch, level, place and touch are set next; then it
    /// is to [settle](Self::settle), and to [sound](Self::sound) when the network has made its first
    /// frame.
    pub fn begin(&mut self, note: Note, from_hz: Option<f64>) {
        self.note = note;
        self.fresh = true;
        self.from_hz = from_hz;
        self.key_down = true;
        self.stolen = false;
        self.controls = Controls::default();
        self.offsets.fill(0.0);
        self.state.reset();
        self.envelope.reset();
        self.envelope.start();
        self.noise.restart(self.shared.seed.wrapping_add(note.order));
    }

    /// Jumps to where it was sent, and to the timbre that `timbre`, (C,), asks for; the pitch begins
    /// where it glides from.
    pub fn settle(&mut self, timbre: &[f32]) {
        self.fresh = false;
        let from = self.from_hz.map_or(self.wanted_increment, |f0_hz| self.clamped(f0_hz));
        self.pitch.jump(from.log2());
        self.level.jump(self.level.target());
        self.pan.jump(self.pan.target());
        for index in 0..self.input.len() {
            self.input[index] = self.heading_for(timbre, index);
        }
        self.set_pitch_input();
    }

    /// Lets the first frame sound.
    pub fn sound(&mut self, rendering: Rendering) {
        self.read_frame(rendering);
        self.noise_earlier.copy_from_slice(&self.noise_later);
        let highest = self.wanted_increment.max(self.pitch_now());
        self.oscillator.start(&self.partials, &self.partials, self.note.phase, highest);
    }

    fn clamped(&self, f0_hz: f64) -> f64 {
        (f0_hz / self.shared.sample_rate).clamp(INCREMENTS.0, INCREMENTS.1)
    }

    /// Glides to another pitch in Hz within `glide_s`.
    pub fn set_pitch(&mut self, f0_hz: f64, glide_s: f64) {
        self.wanted_increment = self.clamped(f0_hz);
        let constant_s = (glide_s / GLIDE_CONSTANTS).max(PITCH_S);
        self.pitch.set_time(constant_s * self.shared.sample_rate);
    }

    /// Moves to another amplitude factor.
    pub fn set_level(&mut self, level: f64) {
        self.level.set(level);
    }

    /// Moves from left, -1, to right, 1.
    pub fn set_pan(&mut self, pan: f64) {
        self.pan.set(pan.clamp(-1.0, 1.0));
    }

    /// Moves the first timbre input away from where the instrument has it.
    pub fn set_touch(&mut self, offset: f32) {
        self.touch = offset;
    }

    /// Moves an input away from where the instrument has it.
    pub fn set_offset(&mut self, index: usize, offset: f32) {
        if let Some(slot) = self.offsets.get_mut(index) {
            *slot = offset;
        }
    }

    /// Sounds on as another key's note.
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

    /// Whether a note waits for its first frame.
    pub fn is_fresh(&self) -> bool {
        self.fresh && !self.is_free()
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

    /// Amplitude factor now, for choosing the quietest voice.
    pub fn loudness(&self) -> f64 {
        self.envelope.level() * self.level.value()
    }

    /// Model inputs, spectrum and pitch in Hz of the newest frame.
    pub fn frame(&self) -> (&[f32], &[f32], f64) {
        (&self.input, &self.spectrum, self.f0_hz())
    }

    /// Pitch now, Hz.
    fn f0_hz(&self) -> f64 {
        self.pitch_now() * self.shared.sample_rate
    }

    /// Pitch that it is going to, Hz.
    pub fn wanted_hz(&self) -> f64 {
        self.wanted_increment * self.shared.sample_rate
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

    /// Fades out quickly: the voice is needed.
    pub fn steal(&mut self) {
        self.key_down = false;
        self.stolen = true;
        self.envelope.choke(STEAL_S);
    }

    fn pitch_now(&self) -> f64 {
        self.pitch.value().exp2()
    }

    fn heading_for(&self, timbre: &[f32], index: usize) -> f32 {
        let space = &self.shared.space;
        let touch = if space.first() == Some(index) { self.touch } else { 0.0 };
        space.hold(index, timbre[index] + self.offsets[index] + touch)
    }

    fn set_pitch_input(&mut self) {
        let f0_hz = self.known_f0_hz();
        let config = self.shared.model.config();
        if let Some(input) = self.input.get_mut(config.pitch_index()) {
            *input = config.f0_mapping.apply(f0_hz);
        }
    }

    /// The sounding pitch, held within what the network knows, Hz.
    fn known_f0_hz(&self) -> f64 {
        let [low, high] = self.shared.model.config().f0_range_hz;
        self.f0_hz().clamp(low, high)
    }

    /// Joins the batch that steps next, its inputs a frame nearer to `timbre`, (C,).
    pub fn join(&mut self, timbre: &[f32], batch: &mut Batch) {
        for index in 0..self.input.len() {
            let target = self.heading_for(timbre, index);
            self.input[index] += self.timbre_rate * (target - self.input[index]);
        }
        self.set_pitch_input();
        self.push(batch);
    }

    /// Joins the batch as it is.
    pub fn push(&self, batch: &mut Batch) {
        batch.push(&self.input, &self.state);
    }

    /// Takes what the network made from the batch.
    pub fn collect(&mut self, batch: &Batch, lane: usize) {
        batch.take(lane, &mut self.state, &mut self.spectrum);
    }

    /// Moves on to the frame that was collected.
    pub fn next_frame(&mut self, rendering: Rendering) {
        self.read_frame(rendering);
        let highest = self.wanted_increment.max(self.pitch_now());
        self.oscillator.next_frame(&self.partials, highest);
    }

    /// Reads partials and noise off the spectrum.
    fn read_frame(&mut self, rendering: Rendering) {
        let f0_hz = self.known_f0_hz();
        let config = self.shared.model.config();
        self.shared.reader.read(&self.spectrum, f0_hz, &mut self.partials);
        let mut gain = 1.0;
        if rendering.normalise {
            let power: f32 = self.partials.iter().map(|a| a * a).sum();
            gain = NORMAL_RMS / (power / 2.0).sqrt().max(FAINTEST_RMS);
        }
        let mut tonal = 1.0;
        std::mem::swap(&mut self.noise_earlier, &mut self.noise_later);
        if rendering.noise > 0.0 {
            if let Some(&voicedness) = config.voicedness_index().and_then(|i| self.input.get(i)) {
                tonal = tonal_share(voicedness);
            }
            self.shared.shaper.shape(&self.spectrum, f0_hz, tonal, &mut self.noise_later);
            let noise_gain = gain * rendering.noise;
            self.noise_later.iter_mut().for_each(|a| *a *= noise_gain);
        } else {
            self.noise_later.fill(0.0);
        }
        let gain = gain * tonal.sqrt();
        self.partials.iter_mut().for_each(|a| *a *= gain);
    }

    /// Noise for the frame that begins now, of the loudness that its middle has.
    fn next_noise(&mut self, clock: &FrameClock) {
        let ahead = self.shared.shaper.hop() as f64 / clock.samples_per_frame();
        let time = clock.position() as f64 / clock.period() as f64 + ahead;
        let time = time.min(1.0) as f32;
        let (earlier, later) = (&self.noise_earlier, &self.noise_later);
        self.noise.next_frame(&self.shared.shaper, |j| earlier[j] + time * (later[j] - earlier[j]));
    }

    /// Adds this voice to `left` and `right`, which end at the latest when `clock` is due.
    pub fn render(&mut self, mut clock: FrameClock, left: &mut [f32], right: &mut [f32]) {
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
                let raise = RAISE_S * self.shared.sample_rate / clock.samples_per_frame();
                let until = (time + raise).min(1.0);
                self.oscillator.raise(time, until, self.wanted_increment);
                end = (until * period) as u64;
            }
            self.pitch.set(self.wanted_increment.min(self.oscillator.ceiling()).log2());

            let run = clock.samples_until(end).clamp(1, (left.len() - done).min(RUN));
            let (increments, wave) = (&mut [0.0; RUN][..run], &mut [0.0; RUN][..run]);
            increments.fill_with(|| self.next_increment());
            self.oscillator.render(&clock, increments, wave);
            for sample in wave.iter_mut() {
                if self.noise.is_due() {
                    self.next_noise(&clock);
                }
                *sample += self.noise.sample();
                *sample *= self.envelope.step() * self.level.step() as f32;
                clock.advance(1);
            }
            self.mix(wave, &mut left[done..][..run], &mut right[done..][..run]);
            done += run;
        }
    }

    /// The pitch of the next sample, cycles a sample.
    fn next_increment(&mut self) -> f64 {
        let pitch = self.pitch.step();
        // A pitch that has arrived costs no power of two.
        if self.increment.0 != pitch {
            self.increment = (pitch, pitch.exp2());
        }
        self.increment.1
    }

    /// Adds to both sides with constant power over all places, and at full level in the middle.
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
                at = gains(self.pan.step());
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
        let shaper = Arc::new(NoiseShaper::new(Arc::clone(&reader), 44_100.0));
        let sample_rate = 44_100.0;
        let network = BatchNetwork::new(model.network(), Precision::Reduced);
        let mut batch = network.batch();
        let mut clock = FrameClock::new(256, 16_000, sample_rate).unwrap();
        clock.restart(0.3);
        let samples_per_frame = clock.samples_per_frame();
        let space = Arc::new(TimbreSpace::new(&model));
        let shared = Shared {
            model,
            space,
            reader,
            builder,
            shaper,
            sample_rate,
            samples_per_frame,
            seed: 0,
        };
        let mut voice = Voice::new(&shared, &EnvelopeTimes::default());
        let rendering = Rendering { normalise: false, noise: 0.0 };
        let mut random = 1u64;
        voice.begin(Note { level: 1.0, ..Note::default() }, None);
        voice.set_pitch(300.0, 0.0);
        voice.set_level(1.0);
        voice.settle(&[0.0]);
        voice.push(&mut batch);
        network.step(&mut batch);
        voice.collect(&batch, 0);
        voice.sound(rendering);
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
                voice.join(&[0.0], &mut batch);
                network.step(&mut batch);
                voice.collect(&batch, 0);
                voice.next_frame(rendering);
            }
            voice.render(clock, &mut [0.0], &mut [0.0]);
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
