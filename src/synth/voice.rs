//! One note: its network state, oscillator, pitch and loudness.

use std::sync::Arc;

use super::clock::FrameClock;
use super::envelope::{Envelope, EnvelopeTimes};
use super::noise::{Noise, NoiseShaper, tonal_share};
use super::oscillator::Oscillator;
use super::reading::RUN;
use super::smoothing::Smoothed;
use super::spectrum::PartialReader;
use super::table::TableBuilder;
use crate::Result;
use crate::model::{Model, State};

/// How long partials take to leave before a sudden rise of pitch, s.
const RAISE_S: f64 = 0.002;
/// Time constant of pitch changes, s.
const PITCH_S: f64 = 0.003;
/// Time constant of loudness changes while a note sounds, s.
const LEVEL_S: f64 = 0.005;
/// Time constant of timbre changes, s.
const TIMBRE_S: f64 = 0.02;
/// How long a stolen voice takes to -60 dB, s.
const STEAL_S: f64 = 0.005;
/// RMS level that frames are brought to where levels are evened out.
const NORMAL_RMS: f32 = 0.1;
/// Frames below this RMS level are not raised any more.
const FAINTEST_RMS: f32 = 1e-3;

/// What all voices share.
#[derive(Clone)]
pub(super) struct Shared {
    pub model: Arc<Model>,
    pub reader: Arc<PartialReader>,
    pub builder: Arc<TableBuilder>,
    pub shaper: Arc<NoiseShaper>,
    pub sample_rate: f64,
    pub normalise: bool,
    /// Amplitude factor of the noise; at 0 partials sound alone, at their full level.
    pub noise: f32,
    pub seed: u64,
}

/// A note to be played.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    pub channel: u8,
    pub key: u8,
    /// Sounding pitch, Hz.
    pub f0_hz: f64,
    /// Amplitude factor.
    pub level: f64,
    /// Counts notes, so that the oldest can be told.
    pub order: u64,
}

pub(super) struct Voice {
    shared: Shared,
    state: State,
    input: Vec<f32>,
    spectrum: Vec<f32>,
    partials: Vec<f32>,
    first: Vec<f32>,
    oscillator: Oscillator,
    noise: Noise,
    /// Amplitudes of the noise bins in the frames before and after.
    noise_earlier: Vec<f32>,
    noise_later: Vec<f32>,
    clock: FrameClock,
    /// Share of a frame by which this voice's clock is ahead, so that voices step in turn.
    stagger: f64,
    envelope: Envelope,
    increment: Smoothed,
    wanted_increment: f64,
    level: Smoothed,
    timbre_rate: f32,
    note: Note,
    key_down: bool,
    stolen: bool,
}

impl Voice {
    pub fn new(shared: &Shared, times: &EnvelopeTimes, stagger: f64) -> Result<Self> {
        let config = shared.model.config();
        let partials = shared.reader.partials();
        let rate = shared.sample_rate;
        let clock = FrameClock::new(config.hop_size, config.spectrum.sample_rate, rate)?;
        let frame_s = clock.samples_per_frame() / rate;
        Ok(Self {
            state: shared.model.network().state(),
            input: vec![0.0; shared.model.input_size()],
            spectrum: vec![0.0; shared.model.output_size()],
            partials: vec![0.0; partials],
            first: vec![0.0; partials],
            oscillator: Oscillator::new(Arc::clone(&shared.builder), partials),
            noise: Noise::new(&shared.shaper),
            noise_earlier: vec![0.0; shared.shaper.bins()],
            noise_later: vec![0.0; shared.shaper.bins()],
            clock,
            stagger,
            envelope: Envelope::new(times, rate),
            increment: Smoothed::new(0.0, PITCH_S * rate),
            wanted_increment: 0.0,
            level: Smoothed::new(0.0, LEVEL_S * rate),
            timbre_rate: -(-frame_s / TIMBRE_S).exp_m1() as f32,
            note: Note { channel: 0, key: 0, f0_hz: 0.0, level: 0.0, order: 0 },
            key_down: false,
            stolen: false,
            shared: shared.clone(),
        })
    }

    pub fn reset(&mut self) {
        self.envelope.reset();
        self.key_down = false;
        self.stolen = false;
    }

    /// Starts a note; `volume` is its channel's, `timbre` the network input, (C,), of which the pitch is
    /// filled in here.
    pub fn start(&mut self, note: Note, volume: f64, timbre: &[f32]) {
        self.note = note;
        self.key_down = true;
        self.stolen = false;
        self.state.reset();
        self.clock.restart(self.stagger);
        self.envelope.reset();
        self.envelope.start();
        self.set_pitch(note.f0_hz);
        self.increment.jump(self.wanted_increment);
        self.level.jump(note.level * volume);
        self.input.copy_from_slice(timbre);
        self.noise.restart(self.shared.seed.wrapping_add(note.order));
        self.compute_frame();
        self.first.copy_from_slice(&self.partials);
        self.compute_frame();
        self.oscillator.start(&self.first, &self.partials, self.wanted_increment);
    }

    /// Glides to another pitch in Hz.
    pub fn set_pitch(&mut self, f0_hz: f64) {
        // Above half a cycle a sample nothing sounds any more.
        self.wanted_increment = (f0_hz / self.shared.sample_rate).clamp(1e-9, 0.5);
    }

    /// Moves to another amplitude factor.
    pub fn set_level(&mut self, level: f64) {
        self.level.set(level);
    }

    pub fn note(&self) -> &Note {
        &self.note
    }

    pub fn is_free(&self) -> bool {
        self.envelope.is_off()
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

    pub fn key_up(&mut self) {
        self.key_down = false;
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

    /// Steps the network and reads the partials of its next frame.
    fn compute_frame(&mut self) {
        let config = self.shared.model.config();
        let [low, high] = config.f0_range_hz;
        let f0_hz = (self.increment.value() * self.shared.sample_rate).clamp(low, high);
        if let Some(input) = self.input.get_mut(config.pitch_index()) {
            *input = config.f0_mapping.apply(f0_hz);
        }
        self.shared.model.network().step(&mut self.state, &self.input, &mut self.spectrum);
        self.shared.reader.read(&self.spectrum, f0_hz, &mut self.partials);
        let mut gain = 1.0;
        if self.shared.normalise {
            let power: f32 = self.partials.iter().map(|a| a * a).sum();
            gain = NORMAL_RMS / (power / 2.0).sqrt().max(FAINTEST_RMS);
        }
        let mut tonal = 1.0;
        if self.shared.noise > 0.0 {
            std::mem::swap(&mut self.noise_earlier, &mut self.noise_later);
            if let Some(&voicedness) = config.voicedness_index().and_then(|i| self.input.get(i)) {
                tonal = tonal_share(voicedness);
            }
            self.shared.shaper.shape(&self.spectrum, f0_hz, tonal, &mut self.noise_later);
            let noise_gain = gain * self.shared.noise;
            self.noise_later.iter_mut().for_each(|a| *a *= noise_gain);
        }
        let gain = gain * tonal.sqrt();
        self.partials.iter_mut().for_each(|a| *a *= gain);
    }

    /// Noise for the frame that begins now, of the loudness that its middle has.
    fn next_noise(&mut self) {
        let ahead = self.shared.shaper.hop() as f64 / self.clock.samples_per_frame();
        let time = self.clock.position() as f64 / self.clock.period() as f64 + ahead;
        let time = time.min(1.0) as f32;
        let (earlier, later) = (&self.noise_earlier, &self.noise_later);
        self.noise.next_frame(&self.shared.shaper, |j| earlier[j] + time * (later[j] - earlier[j]));
    }

    /// Adds this voice to `output`; `timbre` is where the network's inputs are heading, (C,).
    pub fn render(&mut self, timbre: &[f32], output: &mut [f32]) {
        let period = self.clock.period() as f64;
        let mut rest = output;
        while !rest.is_empty() && !self.envelope.is_off() {
            if self.clock.tick() {
                for (input, &target) in self.input.iter_mut().zip(timbre) {
                    *input += self.timbre_rate * (target - *input);
                }
                self.compute_frame();
                let highest = self.wanted_increment.max(self.increment.value());
                self.oscillator.next_frame(&self.partials, highest);
            }
            let mut end = (self.oscillator.span_end() * period) as u64;
            if self.clock.position() >= end {
                self.oscillator.next_span();
                end = self.clock.period();
            }
            if end == self.clock.period() && !self.oscillator.is_ready_for(self.wanted_increment) {
                let time = self.clock.position() as f64 / period;
                let raise = RAISE_S * self.shared.sample_rate / self.clock.samples_per_frame();
                let until = (time + raise).min(1.0);
                self.oscillator.raise(time, until, self.wanted_increment);
                end = (until * period) as u64;
            }
            self.increment.set(self.wanted_increment.min(self.oscillator.ceiling()));

            let run = self.clock.samples_until(end).clamp(1, rest.len().min(RUN));
            let (now, later) = rest.split_at_mut(run);
            let (increments, wave) = (&mut [0.0; RUN][..run], &mut [0.0; RUN][..run]);
            increments.fill_with(|| self.increment.step());
            self.oscillator.render(&self.clock, increments, wave);
            for (sample, &tone) in now.iter_mut().zip(wave.iter()) {
                let mut value = tone;
                if self.shared.noise > 0.0 {
                    if self.noise.is_due() {
                        self.next_noise();
                    }
                    value += self.noise.sample();
                }
                *sample += value * (self.envelope.step() * self.level.step() as f32);
                self.clock.advance(1);
            }
            rest = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::{StateDict, Tensor};
    use crate::model::{ModelConfig, Network};

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
        let (normalise, noise, seed) = (false, 0.0, 0);
        let shared = Shared { model, reader, builder, shaper, sample_rate, normalise, noise, seed };
        let mut voice = Voice::new(&shared, &EnvelopeTimes::default(), 0.3).unwrap();
        let mut random = 1u64;
        let note = Note { channel: 0, key: 60, f0_hz: 300.0, level: 1.0, order: 1 };
        voice.start(note, 1.0, &[0.0]);
        let mut reached = 0.0f64;
        for n in 0..60_000 {
            // Leaps and slides, faster and wider than any player's, at any time of a frame.
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99_991);
            let chance = (random >> 40) as f64 / f64::from(1 << 24);
            if chance < 0.003 {
                voice.set_pitch(100.0 * 300f64.powf(chance / 0.003));
            } else if n % 40 == 0 {
                voice.set_pitch(voice.wanted_increment * 44_100.0 * (0.85 + 0.3 * chance));
            }
            voice.render(&[0.0], &mut [0.0]);
            let time = voice.clock.position() as f64 / voice.clock.period() as f64;
            let highest = voice.oscillator.highest_sounding(time) as f64;
            let place = highest * voice.increment.value();
            assert!(place < 0.5, "sample {n}: partial {highest} at {place} of the rate");
            reached = reached.max(place);
        }
        assert!(reached > 0.48, "partials must not be missing either: {reached}");
    }
}
