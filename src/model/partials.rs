//! The network of generation WMS-2: small decoders that are shared by all partials.
//!
//! The MFCC and f0 imply an envelope, the levels of the mel bands. For each partial a decoder is told
//! the envelope's level at the partial's frequency and around it, and says how far the partial's own
//! level is from it; a second decoder does the same for the noise halfway between partials. A recurrent
//! layer that sees the envelope, but not the pitch, gives both a context. What they say is scaled to
//! the level that the MFCC imply.

use multiversion::multiversion;

use super::activation::{exp, sigmoid, tanh};
use super::config::{F0Mapping, ModelConfig};
use super::layers::{Dense, Gru};
use super::network::{StateDict, Tensor, take, take_dense, take_gru};
use crate::mel_scale::{band_edges, dct_basis, hz_to_mel};

/// What a decoder is told of one partial.
const FEATURES: usize = 12;
/// The decoders' inputs are bounded to so many standard deviations of the training data.
const BOUND: f32 = 4.0;
/// Mel bands around a partial's place whose levels a decoder is told, relative to it.
const AROUND: [f32; 4] = [-2.0, -1.0, 1.0, 2.0];
/// Share of the Nyquist frequency over which partials fade out below it.
const FADE: f32 = 0.02;
/// Spectrum bins from one partial to the next.
pub(super) const SPACING: usize = 4;
/// Where partials are closer than this, only so many an octave are decoded.
const PER_OCTAVE: f64 = 16.0;
/// Band levels are bounded to these, in dB, so that no input makes the output infinite.
const LEVEL_RANGE_DB: (f32, f32) = (-150.0, 60.0);
/// Magnitudes below this are silence.
const SILENCE: f32 = 1e-7;
/// Decibels in one unit of a decoder's output, and its bounds.
const UNIT_DB: f32 = 10.0;
const MOST_UNITS: f32 = 8.0;

/// Two hidden layers, with the weights of one unit in a row.
#[derive(Clone, Debug)]
struct Decoder {
    mean: [f32; FEATURES],
    scale: [f32; FEATURES],
    /// (units, FEATURES), (units,).
    first: (Vec<f32>, Vec<f32>),
    /// (units, units), (units,).
    second: (Vec<f32>, Vec<f32>),
    /// (units,), and the bias.
    last: (Vec<f32>, f32),
    /// From the context to the first layer's units.
    context: Dense,
}

/// The immutable weights, and what the inputs mean.
#[derive(Clone, Debug)]
pub struct PartialNetwork {
    encoder: Dense,
    gru: Gru,
    /// The decoders of partials and of noise.
    decoders: [Decoder; 2],
    /// Levels of the bands where all standardised coefficients are 0, dB, and their change by each
    /// coefficient, (coefficients, bands).
    bands_at_mean: Vec<f32>,
    bands_by_coefficient: Vec<f32>,
    /// Width of each band, Hz.
    band_hz: Vec<f32>,
    /// Bands in one mel.
    bands_per_mel: f32,
    f0_mapping: F0Mapping,
    places: InputPlaces,
    sample_rate: f32,
    cycles: f32,
    n_fft: f32,
    n_bins: usize,
    decoded: Decoded,
}

/// The partials that are decoded; the others lie between two of them.
#[derive(Clone, Debug)]
struct Decoded {
    /// Their harmonic numbers, from 1.
    numbers: Vec<f32>,
    /// For each partial, the one decoded at or below it, and how far it is from there to the next.
    between: Vec<(usize, f32)>,
}

impl Decoded {
    fn new(partials: usize) -> Self {
        let mut numbers = vec![1_usize];
        let mut last = 1;
        while last < partials {
            let step = (last as f64 * (f64::exp2(1.0 / PER_OCTAVE) - 1.0)) as usize;
            last = (last + step.max(1)).min(partials);
            numbers.push(last);
        }
        let between = (1..=partials).map(|number| {
            let below = numbers.partition_point(|&n| n <= number) - 1;
            let below = below.min(numbers.len().saturating_sub(2));
            let next = numbers.get(below + 1).copied().unwrap_or(number + 1);
            let share = (number - numbers[below]) as f32 / (next - numbers[below]) as f32;
            (below, share)
        });
        Self { between: between.collect(), numbers: numbers.iter().map(|&n| n as f32).collect() }
    }

    /// How many to decode for the first `partials` partials.
    fn count(&self, partials: usize) -> usize {
        let last = self.between[partials - 1].0;
        (last + 2).min(self.numbers.len())
    }
}

/// Where the inputs stand.
#[derive(Clone, Debug)]
struct InputPlaces {
    coefficients: Vec<usize>,
    pitch: usize,
    voicedness: usize,
}

/// Working memory for a step.
#[derive(Clone, Debug, Default)]
pub struct Work {
    bands_db: Vec<f32>,
    told: Vec<f32>,
    encoded: Vec<f32>,
    gates: Vec<f32>,
    recurrent: Vec<f32>,
    units: Vec<f32>,
    /// (FEATURES, decoded).
    features: Vec<f32>,
    /// (units, decoded).
    first: Vec<f32>,
    second: Vec<f32>,
    /// How far the decoded partials are above the envelope, dB, (decoded,).
    relative_db: Vec<f32>,
    /// Amplitudes of the partials and of the noise below each of them, (partials,).
    amplitudes: [Vec<f32>; 2],
}

impl PartialNetwork {
    /// Builds the network from its tensors and the description of its inputs and outputs.
    ///
    /// # Errors
    /// A line naming the tensor that is missing, superfluous or misshapen, or the key of the
    /// description that does not fit.
    pub fn build(mut tensors: StateDict, config: &ModelConfig) -> Result<Self, String> {
        let layout = &config.spectrum;
        let bands = config.mel_bands.ok_or("config.mel_bands is missing, wanted 2 to 1024")?;
        let voicedness =
            config.voicedness_index().ok_or("config.input_names has no \"voicedness\"")?;
        let coefficients: Vec<usize> = config.timbre_indices().collect();
        let scaler = &config.scaler;
        if coefficients.len() != scaler.mean.len() || coefficients.len() > bands {
            return Err(format!(
                "config has {} coefficients and {bands} mel bands, wanted at most as many \
                 coefficients as bands, and a scaler for each",
                coefficients.len()
            ));
        }
        let spacing = layout.bins_per_partial();
        if spacing != SPACING as f64 || layout.n_bins <= SPACING {
            return Err(format!(
                "config.spectrum has {spacing} bins from one partial to the next, wanted {SPACING}"
            ));
        }
        let mut width = Some(bands + 2);
        let encoder = take_dense(&mut tensors, "encoder.weight", "encoder.bias", &mut width)?;
        let gru = take_gru(&mut tensors, 0, &mut width)?;
        let moments = [
            take_shaped(&mut tensors, "feature_mean", &[2, FEATURES])?,
            take_shaped(&mut tensors, "feature_scale", &[2, FEATURES])?,
        ];
        let decoders = [
            Decoder::take(&mut tensors, 0, &moments, gru.hidden())?,
            Decoder::take(&mut tensors, 1, &moments, gru.hidden())?,
        ];
        if let Some(name) = tensors.keys().next() {
            return Err(format!("tensor {name} belongs to no network of generation WMS-2"));
        }
        let basis = dct_basis(coefficients.len(), bands);
        let mut bands_at_mean = vec![0.0; bands];
        let mut bands_by_coefficient = Vec::with_capacity(bands * coefficients.len());
        for (vector, (&mean, &scale)) in basis.iter().zip(scaler.mean.iter().zip(&scaler.scale)) {
            for (level, value) in bands_at_mean.iter_mut().zip(vector) {
                *level += f64::from(mean) * value;
            }
            bands_by_coefficient.extend(vector.iter().map(|v| (v * f64::from(scale)) as f32));
        }
        let nyquist = f64::from(layout.sample_rate) / 2.0;
        let edges = band_edges(nyquist, bands);
        Ok(Self {
            encoder,
            gru,
            decoders,
            bands_at_mean: bands_at_mean.into_iter().map(|v| v as f32).collect(),
            bands_by_coefficient,
            band_hz: edges.windows(3).map(|e| ((e[2] - e[0]) / 2.0) as f32).collect(),
            bands_per_mel: ((bands + 1) as f64 / hz_to_mel(nyquist)) as f32,
            f0_mapping: config.f0_mapping,
            places: InputPlaces { coefficients, pitch: config.pitch_index(), voicedness },
            sample_rate: layout.sample_rate as f32,
            cycles: layout.cycles_per_window as f32,
            n_fft: layout.n_fft as f32,
            n_bins: layout.n_bins,
            decoded: Decoded::new((layout.n_bins - 1) / SPACING),
        })
    }

    /// The tensors by their state-dict names.
    pub fn to_state_dict(&self) -> StateDict {
        let mut tensors = StateDict::new();
        put_dense(&mut tensors, "encoder.weight", "encoder.bias", &self.encoder);
        let (input, hidden) = self.gru.parts();
        put_dense(&mut tensors, "gru.weight_ih_l0", "gru.bias_ih_l0", input);
        put_dense(&mut tensors, "gru.weight_hh_l0", "gru.bias_hh_l0", hidden);
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
        self.places.coefficients.len() + 2
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
        let (bands, hidden) = (self.band_hz.len(), self.gru.hidden());
        let units = self.decoders.iter().map(Decoder::units).max().unwrap_or(0);
        let (decoded, partials) = (self.decoded.numbers.len(), self.decoded.between.len());
        Work {
            bands_db: zeros(bands),
            told: zeros(bands + 2),
            encoded: zeros(self.encoder.outputs()),
            gates: zeros(3 * hidden),
            recurrent: zeros(3 * hidden),
            units: zeros(units),
            features: zeros(FEATURES * decoded),
            first: zeros(units * decoded),
            second: zeros(units * decoded),
            relative_db: zeros(decoded),
            amplitudes: [zeros(partials), zeros(partials)],
        }
    }

    /// Makes one step from `input`, (C,), to `output`, (K,), and advances `hidden`; allocates nothing.
    pub fn step(&self, hidden: &mut [f32], work: &mut Work, input: &[f32], output: &mut [f32]) {
        self.read_bands(input, &mut work.bands_db);
        let voicedness = input[self.places.voicedness];
        let f0_hz = self.f0_mapping.invert(input[self.places.pitch]);
        let mean_db = work.bands_db.iter().sum::<f32>() / work.bands_db.len() as f32;
        self.listen(hidden, work, mean_db, voicedness);
        let nyquist = self.sample_rate / 2.0;
        // Those at or above the Nyquist frequency are silent.
        let partials = self.decoded.between.len();
        let audible = ((nyquist / f0_hz).ceil() as usize).clamp(1, partials);
        let count = self.decoded.count(audible);
        for (which, decoder) in self.decoders.iter().enumerate() {
            let offset = if which == 0 { 0.0 } else { 0.5 };
            self.describe(work, count, offset, f0_hz, mean_db, voicedness);
            decoder.decode(hidden, work, count);
            let Work { bands_db, relative_db, amplitudes, .. } = &mut *work;
            let amplitudes = &mut amplitudes[which];
            let between = self.decoded.between[..audible].iter().enumerate();
            for (amplitude, (k, &(below, share))) in amplitudes.iter_mut().zip(between) {
                let hz = ((k + 1) as f32 - offset) * f0_hz;
                let (low, high) = (relative_db[below], relative_db[(below + 1).min(count - 1)]);
                let level = level_at(bands_db, self.place(hz)) + low + share * (high - low);
                let room = ((nyquist - hz) / (FADE * nyquist)).clamp(0.0, 1.0);
                *amplitude = exp(level * (std::f32::consts::LN_10 / 20.0)) * room;
            }
            amplitudes[audible..].fill(0.0);
        }
        fill_bins(&work.amplitudes, output);
        self.bring_to_level(&work.bands_db, f0_hz, output);
    }

    /// Levels of the mel bands that the inputs' coefficients are the DCT of, dB.
    fn read_bands(&self, input: &[f32], bands_db: &mut [f32]) {
        bands_db.copy_from_slice(&self.bands_at_mean);
        let rows = self.bands_by_coefficient.chunks_exact(bands_db.len());
        for (row, &place) in rows.zip(&self.places.coefficients) {
            for (level, by) in bands_db.iter_mut().zip(row) {
                *level += input[place] * by;
            }
        }
        for level in bands_db {
            *level = level.clamp(LEVEL_RANGE_DB.0, LEVEL_RANGE_DB.1);
        }
    }

    /// Steps the recurrent layer, which is told the envelope and not the pitch.
    fn listen(&self, hidden: &mut [f32], work: &mut Work, mean_db: f32, voicedness: f32) {
        let (bands, rest) = work.told.split_at_mut(work.bands_db.len());
        for (told, level) in bands.iter_mut().zip(&work.bands_db) {
            *told = ((level - mean_db) / 15.0).clamp(-BOUND, BOUND);
        }
        rest[0] = (mean_db / 20.0).clamp(-BOUND, BOUND);
        rest[1] = voicedness.clamp(-BOUND, BOUND);
        self.encoder.forward(&work.told, &mut work.encoded);
        for value in &mut work.encoded {
            *value = tanh(*value);
        }
        self.gru.step(&work.encoded, hidden, &mut work.gates, &mut work.recurrent);
    }

    /// Writes what a decoder is told of the first `count` partials that are decoded, or of the noise
    /// `offset` of the fundamental frequency below them.
    fn describe(
        &self,
        work: &mut Work,
        count: usize,
        offset: f32,
        f0_hz: f32,
        mean_db: f32,
        voicedness: f32,
    ) {
        let Work { bands_db, features, .. } = work;
        let stride = self.decoded.numbers.len();
        let octave = (f0_hz / 220.0).log2();
        for (k, &number) in self.decoded.numbers[..count].iter().enumerate() {
            let place = self.place((number - offset) * f0_hz);
            let level = level_at(bands_db, place);
            let mut set = |feature: usize, value: f32| features[feature * stride + k] = value;
            for (feature, distance) in AROUND.iter().enumerate() {
                set(feature, (level_at(bands_db, place + distance) - level) / 10.0);
            }
            set(4, (level + 20.0) / 20.0);
            set(5, (mean_db + 20.0) / 20.0);
            set(6, place / bands_db.len() as f32 * 2.0 - 1.0);
            set(7, octave);
            set(8, if number == 1.0 { 1.0 } else { 0.0 });
            set(9, if number == 2.0 { 1.0 } else { 0.0 });
            set(10, 1.0 / number);
            set(11, voicedness - 0.5);
        }
    }

    /// Where a frequency lies among the mel bands.
    fn place(&self, hz: f32) -> f32 {
        let mel = if hz < 1000.0 {
            hz * 0.015
        } else {
            15.0 + (hz / 1000.0).ln() * (27.0 / 6.4_f32.ln())
        };
        mel * self.bands_per_mel - 1.0
    }

    /// Scales magnitudes to the power that the bands imply, and takes ln(1 + magnitude).
    fn bring_to_level(&self, bands_db: &[f32], f0_hz: f32, output: &mut [f32]) {
        let band_power =
            |(level, hz): (&f32, &f32)| exp(level * (std::f32::consts::LN_10 / 10.0)) * hz;
        let wanted: f32 = bands_db.iter().zip(&self.band_hz).map(band_power).sum::<f32>()
            * (self.sample_rate * self.cycles / f0_hz)
            / self.n_fft;
        let power: f32 = output.iter().map(|v| v * v).sum();
        let gain = (wanted / power.max(SILENCE * SILENCE)).sqrt();
        for value in output {
            *value = (*value * gain).ln_1p();
        }
    }
}

/// The level at a place among bands, linear between them.
fn level_at(bands_db: &[f32], place: f32) -> f32 {
    let last = bands_db.len() - 1;
    let place = place.clamp(0.0, last as f32);
    let low = (place as usize).min(last - 1);
    bands_db[low] + (place - low as f32) * (bands_db[low + 1] - bands_db[low])
}

/// Lays partials and the noise below each of them out as the bins of a cycle spectrum.
fn fill_bins(amplitudes: &[Vec<f32>; 2], output: &mut [f32]) {
    let [tones, noises] = amplitudes;
    output.fill(0.0);
    output[1] = noises[0];
    // The Hann window's main lobe reaches the bins beside a partial at half its height.
    let beside = |tone: f32, noise: f32| {
        (0.25 * tone * tone + 0.75 * noise * noise + SILENCE * SILENCE).sqrt()
    };
    for (k, (&tone, &noise)) in tones.iter().zip(noises).enumerate() {
        let bin = SPACING * (k + 1);
        let above = noises.get(k + 1).copied().unwrap_or(noise);
        output[bin - 2] = noise;
        output[bin - 1] = beside(tone, noise);
        output[bin] = tone;
        if let Some(next) = output.get_mut(bin + 1) {
            *next = beside(tone, above);
        }
    }
}

impl Decoder {
    fn take(
        tensors: &mut StateDict,
        number: usize,
        moments: &[Tensor; 2],
        hidden: usize,
    ) -> Result<Self, String> {
        let name = |layer: usize, part: &str| format!("decoders.{number}.{layer}.{part}");
        let mut width = Some(FEATURES);
        let mut layer = |layer: usize| -> Result<Dense, String> {
            take_dense(tensors, &name(layer, "weight"), &name(layer, "bias"), &mut width)
        };
        let (first, second, last) = (layer(0)?, layer(1)?, layer(2)?);
        let units = first.outputs();
        if second.outputs() != units || last.outputs() != 1 {
            return Err(format!(
                "decoders.{number} has layers of {units}, {} and {} outputs, wanted two equal ones \
                 and 1",
                second.outputs(),
                last.outputs()
            ));
        }
        let into = take_shaped(tensors, &format!("contexts.{number}.weight"), &[units, hidden])?;
        let row = |tensor: &Tensor| -> [f32; FEATURES] {
            std::array::from_fn(|i| tensor.data[number * FEATURES + i])
        };
        let scale = row(&moments[1]);
        if let Some(bad) = scale.iter().find(|&&scale| scale <= 0.0) {
            return Err(format!("tensor feature_scale holds {bad}, wanted values above 0"));
        }
        let (weights, bias) = last.unpack();
        Ok(Self {
            mean: row(&moments[0]),
            scale,
            first: first.unpack(),
            second: second.unpack(),
            last: (weights, bias[0]),
            context: Dense::new(hidden, &into.data, &vec![0.0; units]),
        })
    }

    fn put(&self, tensors: &mut StateDict, number: usize) {
        let units = self.units();
        let mut put = |name: String, shape: Vec<usize>, data: &[f32]| {
            tensors.insert(name, Tensor { shape, data: data.to_vec() });
        };
        let name = |layer: usize, part: &str| format!("decoders.{number}.{layer}.{part}");
        put(name(0, "weight"), vec![units, FEATURES], &self.first.0);
        put(name(0, "bias"), vec![units], &self.first.1);
        put(name(1, "weight"), vec![units, units], &self.second.0);
        put(name(1, "bias"), vec![units], &self.second.1);
        put(name(2, "weight"), vec![1, units], &self.last.0);
        put(name(2, "bias"), vec![1], &[self.last.1]);
        let context = self.context.unpack().0;
        put(format!("contexts.{number}.weight"), vec![units, self.context.inputs()], &context);
    }

    fn units(&self) -> usize {
        self.last.0.len()
    }

    /// Sets how far the first `count` partials described are above the envelope.
    fn decode(&self, hidden: &[f32], work: &mut Work, count: usize) {
        let Work { units, features, first, second, relative_db, .. } = work;
        let stride = relative_db.len();
        let moments = self.mean.iter().zip(&self.scale);
        for (row, (mean, scale)) in features.chunks_exact_mut(stride).zip(moments) {
            for value in &mut row[..count] {
                *value = ((*value - mean) / scale).clamp(-BOUND, BOUND);
            }
        }
        self.context.forward(hidden, units);
        let (weights, bias) = &self.first;
        layer(weights, |j| bias[j] + units[j], features, first, stride, count);
        let (weights, bias) = &self.second;
        layer(weights, |j| bias[j], first, second, stride, count);
        let (weights, bias) = &self.last;
        finish(weights, *bias, second, stride, &mut relative_db[..count]);
    }
}

/// A dense layer and SiLU over partials that lie side by side: `x` is (inputs, stride), `y` is
/// (outputs, stride), and the first `count` of each row are computed.
fn layer(
    weights: &[f32],
    bias: impl Fn(usize) -> f32,
    x: &[f32],
    y: &mut [f32],
    stride: usize,
    count: usize,
) {
    let rows = y.chunks_exact_mut(stride);
    let inputs = weights.len() / rows.len().max(1);
    for (j, (row, weights)) in rows.zip(weights.chunks_exact(inputs.max(1))).enumerate() {
        row[..count].fill(bias(j));
        unit(weights, x, stride, &mut row[..count]);
    }
}

/// Adds the weighted rows of `x` to `sums` and applies SiLU.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn unit(weights: &[f32], x: &[f32], stride: usize, sums: &mut [f32]) {
    for (weight, row) in weights.iter().zip(x.chunks_exact(stride)) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += weight * value;
        }
    }
    for sum in sums {
        *sum *= sigmoid(*sum);
    }
}

/// Takes the last layer over partials that lie side by side, in dB.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn finish(weights: &[f32], bias: f32, x: &[f32], stride: usize, relative_db: &mut [f32]) {
    relative_db.fill(bias);
    for (weight, row) in weights.iter().zip(x.chunks_exact(stride)) {
        for (sum, value) in relative_db.iter_mut().zip(row) {
            *sum += weight * value;
        }
    }
    for sum in relative_db {
        *sum = UNIT_DB * sum.clamp(-MOST_UNITS, MOST_UNITS);
    }
}

fn put_dense(tensors: &mut StateDict, weight_name: &str, bias_name: &str, layer: &Dense) {
    let (weight, bias) = layer.unpack();
    let shape = vec![layer.outputs(), layer.inputs()];
    tensors.insert(weight_name.into(), Tensor { shape, data: weight });
    tensors.insert(bias_name.into(), Tensor { shape: vec![layer.outputs()], data: bias });
}

/// Takes a tensor of a known shape out of the tensors.
fn take_shaped(tensors: &mut StateDict, name: &str, shape: &[usize]) -> Result<Tensor, String> {
    let tensor = take(tensors, name)?;
    if tensor.shape != shape || tensor.data.len() != shape.iter().product::<usize>() {
        return Err(format!("tensor {name} has shape {:?}, wanted {shape:?}", tensor.shape));
    }
    Ok(tensor)
}
