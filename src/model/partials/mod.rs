//! The network of generation WMS-2: small decoders that are shared by all partials.
//!
//! The MFCC and f0 imply an envelope, the levels of the mel bands. For each partial a decoder gets
//! the envelope's level at the partial's frequency and around it, and says how far the partial's own
//! level is from it; a second decoder does the same for the noise halfway between partials. A recurrent
//! layer that sees the envelope, but not the pitch, gives the first a context. With as many MFCC as
//! mel bands, and four cycles in a segment, what the decoders say is corrected to the bands' levels.
//! It is scaled to the level that the MFCC imply.

mod band_fit;
mod bins;
mod decoded;
mod decoder;
mod envelope;

use multiversion::multiversion;

use super::activation::{exp, tanh};
use super::config::ModelConfig;
use super::layers::{Dense, Gru};
use super::state_dict::{StateDict, Tensor, put_dense, put_gru, take_dense, take_gru, take_shaped};
use band_fit::{BandFit, FIT_CYCLES, FitScratch};
use bins::{bring_to_power, fill_bins};
use decoded::Decoded;
use decoder::{Decoder, FEATURES, LANES, Scratch};
use envelope::{Envelope, EnvelopeFrame};

/// The recurrent layer's inputs are bounded to this.
const BOUND: f32 = 4.0;
/// Share of the Nyquist frequency over which partials fade out below it.
const FADE: f32 = 0.02;
/// Spectrum bins from one partial to the next.
pub(super) const SPACING: usize = 4;

/// The immutable weights, and what the inputs mean.
#[derive(Clone, Debug)]
pub struct PartialNetwork {
    encoder: Dense,
    gru: Gru,
    /// The decoders of partials and of noise.
    decoders: [Decoder; 2],
    envelope: Envelope,
    decoded: Decoded,
    /// Absent where the MFCC are a smoother envelope than the bands, or segments have other lobes.
    band_fit: Option<BandFit>,
    /// Numbers of all partials, from 1.
    numbers: Vec<f32>,
    nyquist: f32,
    n_bins: usize,
}

/// Working memory for a step.
#[derive(Clone, Debug, Default)]
pub struct Work {
    frame: EnvelopeFrame,
    context_inputs: Vec<f32>,
    encoded: Vec<f32>,
    gates: Vec<f32>,
    recurrent: Vec<f32>,
    scratch: Scratch,
    /// Where partials lie among the mel bands.
    places: Vec<f32>,
    /// Amplitudes of the partials and of the noise below each of them, (partials,).
    amplitudes: [Vec<f32>; 2],
    /// Power that the MFCC imply in each mel band.
    band_powers: Vec<f32>,
    fit: FitScratch,
}

impl PartialNetwork {
    /// Builds the network from its tensors and the description of its inputs and outputs.
    ///
    /// # Errors
    /// A line naming the tensor that is missing, superfluous or misshapen, or the key of the
    /// description that does not fit.
    pub fn build(mut tensors: StateDict, config: &ModelConfig) -> Result<Self, String> {
        let layout = &config.spectrum;
        let envelope = Envelope::new(config)?;
        let spacing = layout.bins_per_partial();
        if spacing != SPACING as f64 || layout.n_bins <= SPACING {
            return Err(format!(
                "config.spectrum has {} bins and {spacing} from one partial to the next, wanted more \
                 than {SPACING} and {SPACING}",
                layout.n_bins
            ));
        }
        let mut width = Some(envelope.bands() + 2);
        let encoder = take_dense(&mut tensors, "encoder.weight", "encoder.bias", &mut width)?;
        let gru = take_gru(&mut tensors, 0, &mut width)?;
        let moments = [
            take_shaped(&mut tensors, "feature_mean", &[2, FEATURES])?,
            take_shaped(&mut tensors, "feature_scale", &[2, FEATURES])?,
        ];
        let decoders = [
            Decoder::take(&mut tensors, 0, &moments, Some(gru.hidden()))?,
            Decoder::take(&mut tensors, 1, &moments, None)?,
        ];
        if let Some(name) = tensors.keys().next() {
            return Err(format!("tensor {name} belongs to no network of generation WMS-2"));
        }
        let partials = (layout.n_bins - 1) / SPACING;
        let is_fitted = envelope.is_exact() && layout.cycles_per_window == FIT_CYCLES;
        Ok(Self {
            encoder,
            gru,
            decoders,
            envelope,
            decoded: Decoded::new(partials),
            band_fit: is_fitted.then(|| BandFit::new(partials)),
            numbers: (1..=partials).map(|number| number as f32).collect(),
            nyquist: layout.sample_rate as f32 / 2.0,
            n_bins: layout.n_bins,
        })
    }

    /// The tensors by their state-dict names.
    pub fn to_state_dict(&self) -> StateDict {
        let mut tensors = StateDict::new();
        put_dense(&mut tensors, "encoder.weight".into(), "encoder.bias".into(), &self.encoder);
        put_gru(&mut tensors, 0, &self.gru);
        let both = |moments: fn(&Decoder) -> &[f32; FEATURES]| Tensor {
            shape: vec![2, FEATURES],
            data: self.decoders.iter().flat_map(moments).copied().collect(),
        };
        tensors.insert("feature_mean".into(), both(|d| &d.mean));
        tensors.insert("feature_scale".into(), both(|d| &d.scale));
        for (number, decoder) in self.decoders.iter().enumerate() {
            decoder.put(&mut tensors, number);
        }
        tensors
    }

    /// Number of inputs, C.
    pub fn input_size(&self) -> usize {
        self.envelope.inputs()
    }

    /// Number of spectrum bins, K.
    pub fn output_size(&self) -> usize {
        self.n_bins
    }

    /// Size of the recurrent layer.
    pub fn hidden_size(&self) -> usize {
        self.gru.hidden()
    }

    /// Working memory for [`Self::step`].
    pub fn work(&self) -> Work {
        let zeros = |size: usize| vec![0.0; size];
        let hidden = self.gru.hidden();
        let partials = self.decoded.partials();
        let bands = self.envelope.bands();
        Work {
            frame: self.envelope.frame(),
            context_inputs: zeros(bands + 2),
            encoded: zeros(self.encoder.outputs()),
            gates: zeros(3 * hidden),
            recurrent: zeros(3 * hidden),
            scratch: Scratch::new(&self.decoders, self.decoded.numbers.len()),
            places: zeros(partials),
            amplitudes: [zeros(partials), zeros(partials)],
            band_powers: zeros(bands),
            fit: self.band_fit.as_ref().map(|fit| fit.scratch(bands)).unwrap_or_default(),
        }
    }

    /// Makes one step from `input`, (C,), to `output`, (K,), and advances `hidden`; allocates nothing.
    pub fn step(&self, hidden: &mut [f32], work: &mut Work, input: &[f32], output: &mut [f32]) {
        self.envelope.read(input, &mut work.frame);
        self.step_context(hidden, work);
        // Those at or above the Nyquist frequency are silent.
        let audible = (self.nyquist / work.frame.f0_hz).ceil() as usize;
        let audible = audible.clamp(1, self.decoded.partials());
        let count = self.decoded.count(audible);
        for (which, decoder) in self.decoders.iter().enumerate() {
            let offset = if which == 0 { 0.0 } else { 0.5 };
            self.write_inputs(work, count, offset);
            decoder.decode(hidden, &mut work.scratch, count);
            self.amplify(work, which, offset, audible);
        }
        let Work { frame, amplitudes, band_powers, fit, .. } = work;
        self.envelope.band_powers(frame, band_powers);
        if let Some(band_fit) = &self.band_fit {
            band_fit.correct(&self.envelope, frame, band_powers, audible, amplitudes, fit);
        }
        fill_bins(amplitudes, output);
        bring_to_power(band_powers.iter().sum(), output);
    }

    /// Steps the recurrent layer, which sees the envelope and not the pitch.
    fn step_context(&self, hidden: &mut [f32], work: &mut Work) {
        let frame = &work.frame;
        let levels = frame.levels(self.envelope.bands());
        let (bands, rest) = work.context_inputs.split_at_mut(levels.len());
        for (input, level) in bands.iter_mut().zip(levels) {
            *input = ((level - frame.mean_db) / 15.0).clamp(-BOUND, BOUND);
        }
        rest[0] = (frame.mean_db / 20.0).clamp(-BOUND, BOUND);
        rest[1] = frame.voicedness.clamp(-BOUND, BOUND);
        self.encoder.forward(&work.context_inputs, &mut work.encoded);
        for value in &mut work.encoded {
            *value = tanh(*value);
        }
        self.gru.step(&work.encoded, hidden, &mut work.gates, &mut work.recurrent);
    }

    /// Writes a decoder's inputs for the first `count` partials that are decoded, or for the noise
    /// `offset` of the fundamental frequency below them.
    fn write_inputs(&self, work: &mut Work, count: usize, offset: f32) {
        let Work { frame, scratch, places, .. } = work;
        let numbers = &self.decoded.numbers[..count];
        let places = &mut places[..count];
        self.envelope.places(numbers, offset, frame.f0_hz, places);
        let bands = self.envelope.bands() as f32;
        let octave = (frame.f0_hz / 220.0).log2();
        let blocks = scratch.features.first_mut(count);
        let described = numbers.chunks(LANES).zip(places.chunks(LANES));
        for (features, (numbers, places)) in blocks.zip(described) {
            for (lane, (&number, &place)) in numbers.iter().zip(places).enumerate() {
                let (level, around) = frame.around(place);
                let inputs = [
                    around[0] / 10.0,
                    around[1] / 10.0,
                    around[2] / 10.0,
                    around[3] / 10.0,
                    (level + 20.0) / 20.0,
                    (frame.mean_db + 20.0) / 20.0,
                    place / bands * 2.0 - 1.0,
                    octave,
                    f32::from(u8::from(number == 1.0)),
                    f32::from(u8::from(number == 2.0)),
                    1.0 / number,
                    frame.voicedness - 0.5,
                ];
                for (row, value) in features.iter_mut().zip(inputs) {
                    row[lane] = value;
                }
            }
        }
    }

    /// Sets the amplitudes of the first `audible` partials, or of the noise below them, from the
    /// envelope and from what was decoded.
    fn amplify(&self, work: &mut Work, which: usize, offset: f32, audible: usize) {
        let Work { frame, scratch, places, amplitudes, .. } = work;
        let (amplitudes, silent) = amplitudes[which].split_at_mut(audible);
        self.envelope.places(&self.numbers, offset, frame.f0_hz, &mut places[..audible]);
        let relative_db = scratch.relative_db();
        let between = self.decoded.between.iter();
        for (level, (&place, &(below, share))) in
            amplitudes.iter_mut().zip(places.iter().zip(between))
        {
            let low = relative_db[below];
            // With a single partial there is nothing above it, and the share is 0.
            let high = relative_db.get(below + 1).copied().unwrap_or(low);
            *level = frame.level_at(place) + low + share * (high - low);
        }
        to_amplitudes(amplitudes, &self.numbers, offset, frame.f0_hz, self.nyquist);
        silent.fill(0.0);
    }
}

/// Turns levels in dB into amplitudes, which fade out towards the Nyquist frequency.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn to_amplitudes(levels: &mut [f32], numbers: &[f32], offset: f32, f0_hz: f32, nyquist: f32) {
    for (level, number) in levels.iter_mut().zip(numbers) {
        let room = ((nyquist - (number - offset) * f0_hz) / (FADE * nyquist)).clamp(0.0, 1.0);
        *level = exp(*level * (std::f32::consts::LN_10 / 20.0)) * room;
    }
}
