//! The network: overlapping frames of audio in, one probability per pitch bin out.
//!
//! Every convolution is a product of spectra. The first one is linear and frames overlap, so it runs
//! on quarter frames: a quarter that several frames share is filtered once, and a frame's result is
//! the sum of its four quarters' responses. Each quarter is filtered without its mean and at unit
//! level, and a frame puts back its quarters' levels and means relative to its own, so that loud
//! neighbours or an offset cost a quiet frame no precision.

use super::conv::{SpectralConv, blocks};
use super::fft::{CHANNELS, ROW};
use super::weights::{Block, Weights};
use super::{BINS, FEATURES, FRAME};
use crate::analysis::frame::copy_padded;
use pulp::{Simd, WithSimd};

/// Samples of a quarter frame.
const QUARTER: usize = FRAME / 4;
/// The first convolution's stride, and so its number of phases.
const STRIDE: usize = 4;
/// Number of outputs of the first convolution per quarter frame.
const STEPS: usize = QUARTER / STRIDE;
/// The smallest standard deviation that a frame is divided by.
const MIN_DEVIATION: f64 = 1e-10;
/// Zeros before the signal, in the first block and in the others.
const PAD: [usize; 2] = [254, 31];
/// Classifier outputs, padded to whole vectors.
const BINS_PADDED: usize = BINS.next_multiple_of(CHANNELS);

/// The network, ready to run.
pub(super) struct Network {
    first: SpectralConv,
    /// Response of the first convolution to a quarter frame of ones, as (block, row, lane).
    step: Vec<f32>,
    others: Vec<SpectralConv>,
    activations: Vec<Activation>,
    /// Classifier as (feature, bin).
    classifier: Vec<f32>,
    classifier_bias: Vec<f32>,
}

/// Bias, rectifier and batch norm of a block.
struct Activation {
    bias: Vec<f32>,
    scale: Vec<f32>,
    offset: Vec<f32>,
    /// Outputs of the convolution, to be pooled in pairs.
    len: usize,
}

/// Memory for one chunk of frames, reused for the next.
#[derive(Default)]
pub(super) struct Scratch {
    starts: Vec<isize>,
    quarters: Vec<Quarter>,
    audio: Vec<f32>,
    responses: Vec<f32>,
    mixes: Vec<[Mix; 4]>,
    x: Vec<f32>,
    y: Vec<f32>,
    features: Vec<f32>,
}

#[derive(Clone, Copy, Default)]
struct Quarter {
    mean: f64,
    /// Sum of squares about the mean.
    energy: f64,
    /// Root mean square about the mean.
    level: f64,
}

/// How a quarter's response is scaled and shifted when it is added to a frame's.
#[derive(Clone, Copy, Default)]
struct Mix {
    quarter: usize,
    level: f32,
    mean: f32,
}

/// One chunk of frames to run, with the best instruction set that the CPU has.
pub(super) struct Chunk<'a> {
    pub network: &'a Network,
    pub audio: &'a [f32],
    /// First sample of each frame; may be negative.
    pub frames: &'a [isize],
    /// `(frames, BINS)`, row-major.
    pub probabilities: &'a mut [f32],
    pub scratch: &'a mut Scratch,
}

impl WithSimd for Chunk<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.network.run(simd, self.audio, self.frames, self.probabilities, self.scratch);
    }
}

impl Network {
    /// Prepares the kernels' spectra.
    pub fn new(weights: &Weights) -> Self {
        const RADICES: [&[usize]; 5] =
            [&[5, 4, 4, 2], &[3, 4, 4, 2], &[4, 4, 4], &[4, 4, 2], &[4, 4]];
        let (first, others) = (&weights.blocks[0], &weights.blocks[1..]);
        let mut len = FRAME / STRIDE;
        let mut activations = vec![Activation::new(first, len)];
        let mut convs = Vec::new();
        for (block, radices) in others.iter().zip(RADICES) {
            len /= 2;
            activations.push(Activation::new(block, len));
            convs.push(SpectralConv::new(radices, block.c_in, block.c_out, |output, input| {
                let kernel =
                    &block.kernel[(output * block.c_in + input) * block.taps..][..block.taps];
                let taps = kernel.iter().enumerate();
                taps.map(|(tap, &value)| (PAD[1] as isize - tap as isize, value))
                    // A delay as long as the signal would only wrap around.
                    .filter(|(delay, _)| delay.unsigned_abs() < len)
                    .collect()
            }));
        }
        let phase = |output: usize, phase: usize| {
            let kernel = &first.kernel[output * first.taps..][..first.taps];
            let taps = kernel
                .iter()
                .enumerate()
                .filter(move |(tap, _)| (tap + 4 * PAD[0] - PAD[0]) % STRIDE == phase);
            taps.map(move |(tap, &value)| ((PAD[0] + phase) as isize - tap as isize, value))
                .map(|(delay, value)| (delay / STRIDE as isize, value))
                .collect::<Vec<_>>()
        };
        let conv = SpectralConv::new(&[3, 4, 4, 4], STRIDE, first.c_out, phase);
        let rows = conv.fft.len();
        let mut step = vec![0.0; blocks(first.c_out) * rows * CHANNELS];
        for channel in 0..first.c_out {
            let mut response = vec![0.0_f64; rows];
            for (delay, value) in (0..STRIDE).flat_map(|q| phase(channel, q)) {
                for i in 0..STEPS {
                    response[(delay + i as isize).rem_euclid(rows as isize) as usize] +=
                        f64::from(value);
                }
            }
            for (row, value) in response.iter().enumerate() {
                step[(channel / CHANNELS * rows + row) * CHANNELS + channel % CHANNELS] =
                    *value as f32;
            }
        }
        let mut classifier = vec![0.0; FEATURES * BINS_PADDED];
        for (bin, row) in weights.classifier.chunks_exact(FEATURES).enumerate() {
            for (feature, &weight) in row.iter().enumerate() {
                classifier[feature * BINS_PADDED + bin] = weight;
            }
        }
        let mut classifier_bias = weights.classifier_bias.clone();
        classifier_bias.resize(BINS_PADDED, 0.0);
        Self { first: conv, step, others: convs, activations, classifier, classifier_bias }
    }

    #[inline(always)]
    fn run<S: Simd>(
        &self,
        simd: S,
        audio: &[f32],
        frames: &[isize],
        probabilities: &mut [f32],
        scratch: &mut Scratch,
    ) {
        self.quarters(simd, audio, frames, scratch);
        let pairs = frames.len().div_ceil(2);
        let second = &self.others[0];
        resize(&mut scratch.x, pairs * second.signal_len());
        resize(&mut scratch.y, pairs * second.signal_len());
        for block in 0..blocks(self.activations[0].bias.len()) {
            self.first_block(simd, block, scratch);
            second.accumulate(simd, 0, block, &scratch.x, &mut scratch.y);
        }
        for (i, conv) in self.others.iter().enumerate() {
            let activation = &self.activations[i + 1];
            for signal in scratch.y.chunks_exact_mut(conv.signal_len()) {
                conv.fft.inverse(simd, signal);
            }
            let Some(next) = self.others.get(i + 1) else { break };
            resize(&mut scratch.x, conv.output_blocks() * pairs * next.signal_len());
            activation.pool(
                simd,
                pairs,
                &scratch.y,
                conv.signal_len(),
                &mut scratch.x,
                next.signal_len(),
            );
            for signal in scratch.x.chunks_exact_mut(next.signal_len()) {
                next.fft.forward(simd, signal);
            }
            resize(&mut scratch.y, next.output_blocks() * pairs * next.signal_len());
            let inputs = scratch.x.chunks_exact(pairs * next.signal_len());
            for (input, x) in inputs.enumerate() {
                let outputs = scratch.y.chunks_exact_mut(pairs * next.signal_len());
                for (output, y) in outputs.enumerate() {
                    next.accumulate(simd, output, input, x, y);
                }
            }
        }
        self.classify(simd, frames.len(), probabilities, scratch);
    }

    /// Cuts the frames into quarters and transforms each different quarter.
    #[inline(always)]
    fn quarters<S: Simd>(&self, simd: S, audio: &[f32], frames: &[isize], scratch: &mut Scratch) {
        let starts = &mut scratch.starts;
        starts.clear();
        starts.extend(frames.iter().flat_map(|f| (0..4).map(move |q| f + q * QUARTER as isize)));
        starts.sort_unstable();
        starts.dedup();
        let len = self.first.signal_len();
        resize(&mut scratch.audio, starts.len().div_ceil(2) * len);
        scratch.audio.fill(0.0);
        scratch.quarters.clear();
        for (i, &start) in starts.iter().enumerate() {
            let mut samples = [0.0_f32; QUARTER];
            copy(audio, start, &mut samples);
            let quarter = Quarter::measure(&samples);
            // The response of a constant quarter is pure rounding error; a gain of 0 removes it.
            let gain = if quarter.level > 0.0 { 1.0 / quarter.level } else { 0.0 };
            let signal = &mut scratch.audio[i / 2 * len..][..len];
            let (steps, _) = samples.as_chunks::<STRIDE>();
            for (row, step) in signal.chunks_exact_mut(ROW).zip(steps) {
                for (to, &sample) in row[i % 2 * CHANNELS..].iter_mut().zip(step) {
                    *to = ((f64::from(sample) - quarter.mean) * gain) as f32;
                }
            }
            scratch.quarters.push(quarter);
        }
        for signal in scratch.audio.chunks_exact_mut(len) {
            self.first.fft.forward(simd, signal);
        }
        scratch.mixes.clear();
        for &frame in frames {
            let index = [0, 1, 2, 3]
                .map(|q| starts.partition_point(|&start| start < frame + (q * QUARTER) as isize));
            let parts = index.map(|i| scratch.quarters[i]);
            let mean = parts.iter().map(|q| q.mean).sum::<f64>() / 4.0;
            let energy: f64 =
                parts.iter().map(|q| q.energy + QUARTER as f64 * (q.mean - mean).powi(2)).sum();
            let deviation = (energy / (FRAME - 1) as f64).sqrt().max(MIN_DEVIATION);
            scratch.mixes.push([0, 1, 2, 3].map(|q| Mix {
                quarter: index[q],
                level: (parts[q].level / deviation) as f32,
                mean: ((parts[q].mean - mean) / deviation) as f32,
            }));
        }
    }

    /// Writes the spectra of the first layer's outputs, for one block of channels, to `scratch.x`.
    #[inline(always)]
    fn first_block<S: Simd>(&self, simd: S, block: usize, scratch: &mut Scratch) {
        resize(&mut scratch.responses, scratch.audio.len());
        self.first.accumulate(simd, block, 0, &scratch.audio, &mut scratch.responses);
        for signal in scratch.responses.chunks_exact_mut(self.first.signal_len()) {
            self.first.fft.inverse(simd, signal);
        }
        let second = &self.others[0];
        let pairs = scratch.x.chunks_exact_mut(second.signal_len());
        for (signal, mixes) in pairs.zip(scratch.mixes.chunks(2)) {
            // Rows beyond the frames' and the missing partner of an odd frame still hold the last
            // chunk's values.
            signal[self.activations[1].len * ROW..].fill(0.0);
            if mixes.len() == 1 {
                signal.fill(0.0);
            }
            for (half, mix) in mixes.iter().enumerate() {
                self.assemble(simd, block, mix, &scratch.responses, half, signal);
            }
            second.fft.forward(simd, signal);
        }
    }

    /// Writes one frame's first layer, activated and pooled, for one block of channels.
    #[inline(always)]
    fn assemble<S: Simd>(
        &self,
        simd: S,
        block: usize,
        mix: &[Mix; 4],
        responses: &[f32],
        half: usize,
        signal: &mut [f32],
    ) {
        let vectors = CHANNELS / S::F32_LANES;
        let len = self.first.signal_len();
        let rows = self.first.fft.len();
        let (step, _) = S::as_simd_f32s(&self.step[block * rows * CHANNELS..][..rows * CHANNELS]);
        let (signal, _) = S::as_mut_simd_f32s(signal);
        let constants = self.activations[0].vectors(simd, block);
        for q in 0..4 {
            // A quarter's response reaches into the quarters before and after it.
            let parts = q.max(1) - 1..(q + 2).min(4);
            for v in 0..vectors {
                let [bias, scale, offset] = constants.map(|c| c[v]);
                for pair in 0..STEPS / 2 {
                    let mut sums = [bias; 2];
                    for part in parts.clone() {
                        let mix = &mix[part];
                        let (level, mean) = (simd.splat_f32s(mix.level), simd.splat_f32s(mix.mean));
                        let first = (q * STEPS + rows - part * STEPS) % rows + 2 * pair;
                        let (response, _) =
                            S::as_simd_f32s(&responses[mix.quarter / 2 * len..][..len]);
                        for (i, sum) in sums.iter_mut().enumerate() {
                            let row = first + i;
                            let value = response[(2 * row + mix.quarter % 2) * vectors + v];
                            *sum = simd.mul_add_e_f32s(level, value, *sum);
                            *sum = simd.mul_add_e_f32s(mean, step[row * vectors + v], *sum);
                        }
                    }
                    let row = q * STEPS / 2 + pair;
                    signal[(2 * row + half) * vectors + v] = pooled(simd, sums, scale, offset);
                }
            }
        }
    }

    /// Linear layer and sigmoid.
    #[inline(always)]
    fn classify<S: Simd>(
        &self,
        simd: S,
        frames: usize,
        probabilities: &mut [f32],
        scratch: &mut Scratch,
    ) {
        const TILE: usize = 4;
        let last = self.others.len();
        let conv = &self.others[last - 1];
        let activation = &self.activations[last];
        let pairs = frames.div_ceil(2);
        let pooled_len = activation.len / 2 * ROW;
        resize(&mut scratch.x, conv.output_blocks() * pairs * pooled_len);
        activation.pool(simd, pairs, &scratch.y, conv.signal_len(), &mut scratch.x, pooled_len);
        let tiles = frames.div_ceil(TILE);
        // A tile holds one feature of its frames after another.
        resize(&mut scratch.features, tiles * TILE * FEATURES);
        let channels = activation.bias.len();
        for (i, feature) in scratch.features.iter_mut().enumerate() {
            let frame = i / (TILE * FEATURES) * TILE + i % TILE;
            let index = i / TILE % FEATURES;
            let (row, channel) = (index / channels, index % channels);
            let signal = (channel / CHANNELS * pairs + frame / 2) * pooled_len;
            let at = signal + row * ROW + frame % 2 * CHANNELS + channel % CHANNELS;
            *feature = if frame < 2 * pairs { scratch.x[at] } else { 0.0 };
        }
        let (weights, _) = S::as_simd_f32s(&self.classifier);
        let (bias, _) = S::as_simd_f32s(&self.classifier_bias);
        let tiles = scratch.features.chunks_exact(TILE * FEATURES);
        for (features, out) in tiles.zip(probabilities.chunks_mut(TILE * BINS)) {
            for v in 0..BINS.div_ceil(S::F32_LANES) {
                let mut sums = [bias[v]; TILE];
                for (features, weights) in
                    features.chunks_exact(TILE).zip(weights.chunks_exact(bias.len()))
                {
                    for (sum, &x) in sums.iter_mut().zip(features) {
                        *sum = simd.mul_add_e_f32s(simd.splat_f32s(x), weights[v], *sum);
                    }
                }
                for (sum, out) in sums.iter().zip(out.chunks_exact_mut(BINS)) {
                    let values: &[f32] = pulp::bytemuck::cast_slice(std::slice::from_ref(sum));
                    for (out, value) in out[v * S::F32_LANES..].iter_mut().zip(values) {
                        *out = 1.0 / (1.0 + (-value).exp());
                    }
                }
            }
        }
    }
}

impl Activation {
    fn new(block: &Block, len: usize) -> Self {
        let (bias, scale, offset) = (block.bias.clone(), block.scale.clone(), block.offset.clone());
        Self { bias, scale, offset, len }
    }

    /// Bias, scale and offset of a block of channels.
    #[inline(always)]
    fn vectors<S: Simd>(&self, _: S, block: usize) -> [&[S::f32s]; 3] {
        [&self.bias, &self.scale, &self.offset]
            .map(|c| S::as_simd_f32s(&c[block * CHANNELS..][..CHANNELS]).0)
    }

    /// Activates and pools the first `len` rows of every signal of `y`, and puts zeros after them.
    #[inline(always)]
    fn pool<S: Simd>(
        &self,
        simd: S,
        pairs: usize,
        y: &[f32],
        y_len: usize,
        x: &mut [f32],
        x_len: usize,
    ) {
        let vectors = CHANNELS / S::F32_LANES;
        for (i, (y, x)) in y.chunks_exact(y_len).zip(x.chunks_exact_mut(x_len)).enumerate() {
            let constants = self.vectors(simd, i / pairs);
            let (y, _) = S::as_simd_f32s(y);
            let (x, _) = S::as_mut_simd_f32s(x);
            let row = 2 * vectors;
            let (pooled_rows, zeros) = x.split_at_mut(self.len / 2 * row);
            zeros.fill(simd.splat_f32s(0.0));
            for (y, x) in y.chunks_exact(2 * row).zip(pooled_rows.chunks_exact_mut(row)) {
                for (v, x) in x.iter_mut().enumerate() {
                    let [bias, scale, offset] = constants;
                    let at = v % vectors;
                    let sums = [simd.add_f32s(y[v], bias[at]), simd.add_f32s(y[row + v], bias[at])];
                    *x = pooled(simd, sums, scale[at], offset[at]);
                }
            }
        }
    }
}

impl Quarter {
    fn measure(samples: &[f32; QUARTER]) -> Self {
        let mean = samples.iter().map(|&x| f64::from(x)).sum::<f64>() / QUARTER as f64;
        let energy: f64 = samples.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum();
        let level = (energy / QUARTER as f64).sqrt();
        Self { mean, energy, level }
    }
}

/// Rectifier and batch norm of two neighbours, and the larger of the two.
#[inline(always)]
fn pooled<S: Simd>(simd: S, x: [S::f32s; 2], scale: S::f32s, offset: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    // No `map`: its closure would not be inlined into the function that enables the instructions.
    let a = simd.mul_add_e_f32s(simd.max_f32s(x[0], zero), scale, offset);
    let b = simd.mul_add_e_f32s(simd.max_f32s(x[1], zero), scale, offset);
    simd.max_f32s(a, b)
}

/// Copies the samples from `start` on. Samples outside the audio, NaN and infinity become zeros.
pub(super) fn copy(audio: &[f32], start: isize, out: &mut [f32]) {
    copy_padded(audio, start, out);
    for x in out {
        if !x.is_finite() {
            *x = 0.0;
        }
    }
}

fn resize(buffer: &mut Vec<f32>, len: usize) {
    buffer.resize(len, 0.0);
}

#[cfg(test)]
mod tests {
    use super::super::weights::{FILE, Weights};
    use super::*;

    #[test]
    fn instruction_sets_agree() {
        let network = Network::new(&Weights::parse(FILE).unwrap());
        let audio: Vec<f32> = (0..3000).map(|i| ((i * i) as f32 * 1e-3).sin()).collect();
        // An odd number of frames, some sharing quarters.
        let frames = [-512, -256, 0, 100, 1500, 2900, 5000];
        let run = |plain: bool| {
            let mut probabilities = vec![0.0; frames.len() * BINS];
            let mut scratch = Scratch::default();
            let chunk = Chunk {
                network: &network,
                audio: &audio,
                frames: &frames,
                probabilities: &mut probabilities,
                scratch: &mut scratch,
            };
            if plain {
                chunk.with_simd(pulp::Scalar);
            } else {
                pulp::Arch::new().dispatch(chunk);
            }
            probabilities
        };
        for (fast, plain) in run(false).iter().zip(run(true)) {
            assert!((fast - plain).abs() < 5e-6, "{fast} and {plain}");
        }
    }
}
