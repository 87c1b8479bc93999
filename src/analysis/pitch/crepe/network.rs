//! The network: overlapping frames of audio in, one probability per pitch bin out.
//!
//! Every convolution is a product of spectra; the first one is that of [`WholeFrames`].

use super::activation::Activation;
use super::conv::{SpectralConv, blocks, resize};
use super::fft::{CHANNELS, ROW};
use super::weights::Weights;
use super::whole_frames::{STRIDE, WholeFrames};
use super::{BINS, FEATURES, FRAME};
use pulp::{Simd, WithSimd};

/// Zeros before the signal, in the first block and in the others.
const PAD: [usize; 2] = [254, 31];
/// Classifier outputs, padded to whole vectors.
const BINS_PADDED: usize = BINS.next_multiple_of(CHANNELS);

/// The network, ready to run.
pub(super) struct Network {
    first: WholeFrames,
    others: Vec<SpectralConv>,
    activations: Vec<Activation>,
    /// Classifier as (feature, bin).
    classifier: Vec<f32>,
    classifier_bias: Vec<f32>,
}

/// Memory for one chunk of frames, reused for the next.
#[derive(Default)]
pub(super) struct Scratch {
    audio: Vec<f32>,
    responses: Vec<f32>,
    x: Vec<f32>,
    y: Vec<f32>,
    features: Vec<f32>,
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
        self.network.run(simd, self);
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
        let first = WholeFrames::new(first.c_out, phase);
        let mut classifier = vec![0.0; FEATURES * BINS_PADDED];
        for (bin, row) in weights.classifier.chunks_exact(FEATURES).enumerate() {
            for (feature, &weight) in row.iter().enumerate() {
                classifier[feature * BINS_PADDED + bin] = weight;
            }
        }
        let mut classifier_bias = weights.classifier_bias.clone();
        classifier_bias.resize(BINS_PADDED, 0.0);
        Self { first, others: convs, activations, classifier, classifier_bias }
    }

    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, chunk: Chunk<'_>) {
        let Chunk { audio, frames, probabilities, scratch, .. } = chunk;
        self.first.load(simd, audio, frames, &mut scratch.audio);
        let pairs = frames.len().div_ceil(2);
        let second = &self.others[0];
        resize(&mut scratch.x, pairs * second.signal_len());
        resize(&mut scratch.y, pairs * second.signal_len());
        for block in 0..blocks(self.activations[0].bias.len()) {
            let Scratch { audio, responses, x, .. } = &mut *scratch;
            let activation = &self.activations[0];
            self.first.run_block(simd, block, audio, activation, responses, x, second);
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

#[cfg(test)]
mod tests {
    use super::super::weights::{FILE, Weights};
    use super::*;

    #[test]
    fn instruction_sets_agree() {
        let network = Network::new(&Weights::parse(FILE).unwrap());
        let audio: Vec<f32> = (0..3000).map(|i| ((i * i) as f32 * 1e-3).sin()).collect();
        // An odd number of frames.
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
