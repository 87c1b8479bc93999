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
    partials: usize,
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
    /// (FEATURES, partials).
    features: Vec<f32>,
    /// (units, partials).
    first: Vec<f32>,
    second: Vec<f32>,
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
            partials: (layout.n_bins - 1) / SPACING,
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
        Work {
            bands_db: zeros(bands),
            told: zeros(bands + 2),
            encoded: zeros(self.encoder.outputs()),
            gates: zeros(3 * hidden),
            recurrent: zeros(3 * hidden),
            units: zeros(units),
            features: zeros(FEATURES * self.partials),
            first: zeros(units * self.partials),
            second: zeros(units * self.partials),
            amplitudes: [zeros(self.partials), zeros(self.partials)],
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
        let audible = ((nyquist / f0_hz).ceil() as usize).clamp(1, self.partials);
        for (which, decoder) in self.decoders.iter().enumerate() {
            let offset = if which == 0 { 0.0 } else { 0.5 };
            let hz = |k: usize| ((k + 1) as f32 - offset) * f0_hz;
            self.describe(work, audible, hz, f0_hz, mean_db, voicedness);
            decoder.decode(hidden, work, audible, which);
            let amplitudes = &mut work.amplitudes[which];
            for (k, amplitude) in amplitudes[..audible].iter_mut().enumerate() {
                *amplitude *= ((nyquist - hz(k)) / (FADE * nyquist)).clamp(0.0, 1.0);
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

    /// Writes what a decoder is told of the first `count` partials, whose frequencies are `hz`, and
    /// the envelope's level there.
    fn describe(
        &self,
        work: &mut Work,
        count: usize,
        hz: impl Fn(usize) -> f32,
        f0_hz: f32,
        mean_db: f32,
        voicedness: f32,
    ) {
        let Work { bands_db, features, .. } = work;
        let octave = (f0_hz / 220.0).log2();
        for k in 0..count {
            let place = self.place(hz(k));
            let level = level_at(bands_db, place);
            let mut set = |feature: usize, value: f32| {
                features[feature * self.partials + k] = value;
            };
            for (feature, distance) in AROUND.iter().enumerate() {
                set(feature, (level_at(bands_db, place + distance) - level) / 10.0);
            }
            set(4, (level + 20.0) / 20.0);
            set(5, (mean_db + 20.0) / 20.0);
            set(6, place / bands_db.len() as f32 * 2.0 - 1.0);
            set(7, octave);
            set(8, if k == 0 { 1.0 } else { 0.0 });
            set(9, if k == 1 { 1.0 } else { 0.0 });
            set(10, 1.0 / (k + 1) as f32);
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
        let gain = (wanted / power.max(1e-20)).sqrt();
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
    let beside = |tone: f32, noise: f32| (0.25 * tone * tone + 0.75 * noise * noise).sqrt();
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

    /// Sets the amplitudes of the first `count` partials from what was described.
    fn decode(&self, hidden: &[f32], work: &mut Work, count: usize, which: usize) {
        let Work { units, features, first, second, amplitudes, .. } = work;
        let stride = amplitudes[which].len();
        let levels = &mut amplitudes[which][..count];
        for (k, level) in levels.iter_mut().enumerate() {
            *level = features[4 * stride + k] * 20.0 - 20.0;
        }
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
        finish(weights, *bias, second, stride, levels);
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

/// Turns `levels`, the envelope's in dB, into amplitudes by the last layer.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn finish(weights: &[f32], bias: f32, x: &[f32], stride: usize, levels: &mut [f32]) {
    for (k, level) in levels.iter_mut().enumerate() {
        let mut sum = bias;
        for (weight, row) in weights.iter().zip(x.chunks_exact(stride)) {
            sum += weight * row[k];
        }
        let db = *level + UNIT_DB * sum.clamp(-MOST_UNITS, MOST_UNITS);
        *level = exp(db * (std::f32::consts::LN_10 / 20.0));
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
