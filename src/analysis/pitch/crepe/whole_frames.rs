//! The first convolution, on one normalised frame after another.
//!
//! It has few inputs, the phases of its stride, so the forward transform of one block serves several
//! pairs of frames. Frames overlap, but what they share is not worth sharing: a frame's result is not
//! its neighbour's, because each ends at its own edges and has its own mean and level.

use super::FRAME;
use super::activation::Activation;
use super::conv::{SpectralConv, resize};
use super::fft::{CHANNELS, ROW};
use crate::analysis::frame::copy_finite;
use crate::analysis::sums::{sum, sum_of_squares};
use pulp::Simd;

/// The first convolution's stride, and so its number of phases.
pub(super) const STRIDE: usize = 4;
/// The smallest standard deviation that a frame is divided by.
const MIN_DEVIATION: f64 = 1e-10;

/// The first convolution of whole frames, ready to run.
pub(super) struct WholeFrames {
    conv: SpectralConv,
}

impl WholeFrames {
    /// Prepares the kernels' spectra: `kernel(output, phase)` is the response to a phase as pairs of
    /// (delay, value).
    pub fn new(c_out: usize, kernel: impl Fn(usize, usize) -> Vec<(isize, f32)>) -> Self {
        // A quarter longer than the frame, because the kernel reaches that far to each side.
        Self { conv: SpectralConv::new(&[5, 4, 4, 4], STRIDE, c_out, kernel) }
    }

    /// Cuts the frames, normalises each and transforms them into `spectra`.
    #[inline(always)]
    pub fn load<S: Simd>(&self, simd: S, audio: &[f32], frames: &[isize], spectra: &mut Vec<f32>) {
        let len = self.conv.signal_len();
        let frames_in_block = 2 * self.conv.packed_signals();
        resize(spectra, frames.len().div_ceil(frames_in_block) * len);
        spectra.fill(0.0);
        let blocks = spectra.chunks_exact_mut(len);
        for (frames, block) in frames.chunks(frames_in_block).zip(blocks) {
            for (i, &start) in frames.iter().enumerate() {
                let mut samples = [0.0_f32; FRAME];
                copy_finite(audio, start, &mut samples);
                let mean = sum(&samples) / FRAME as f64;
                let energy = sum_of_squares(&samples, mean);
                let gain = 1.0 / (energy / (FRAME - 1) as f64).sqrt().max(MIN_DEVIATION);
                let (steps, _) = samples.as_chunks::<STRIDE>();
                let first = i % 2 * CHANNELS + i / 2 * STRIDE;
                for (row, step) in block.chunks_exact_mut(ROW).zip(steps) {
                    for (to, &sample) in row[first..].iter_mut().zip(step) {
                        *to = ((f64::from(sample) - mean) * gain) as f32;
                    }
                }
            }
            self.conv.fft.forward(simd, block);
        }
    }

    /// Writes the spectra of the activated and pooled outputs, for one block of channels, to `x`,
    /// one signal of `next` for each pair of frames. `responses` is scratch memory.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "parts of one scratch memory")]
    pub fn run_block<S: Simd>(
        &self,
        simd: S,
        block: usize,
        spectra: &[f32],
        activation: &Activation,
        responses: &mut Vec<f32>,
        x: &mut [f32],
        next: &SpectralConv,
    ) {
        let (len, signals) = (self.conv.signal_len(), self.conv.packed_signals());
        resize(responses, signals * len);
        let outputs = x.chunks_mut(signals * next.signal_len());
        for (spectra, outputs) in spectra.chunks_exact(len).zip(outputs) {
            self.conv.unpack(simd, block, spectra, responses);
            let outputs = outputs.chunks_exact_mut(next.signal_len());
            for (response, output) in responses.chunks_exact_mut(len).zip(outputs) {
                self.conv.fft.inverse(simd, response);
                activation.pool_signal(simd, block, response, output);
                next.fft.forward(simd, output);
            }
        }
    }
}
