//! Convolution of many channels with many channels as a product of spectra.
//!
//! Signals of two frames (or two segments of audio) travel together as the real and the imaginary
//! part of one complex signal: kernels are real, so they never mix.

use super::fft::{CHANNELS, Fft, ROW};
use pulp::Simd;
use rustfft::{FftPlanner, num_complex::Complex};

/// A convolution by products of spectra, circular over the length of its transform.
pub(super) struct SpectralConv {
    pub fft: Fft,
    c_in: usize,
    c_out: usize,
    /// Spectra as (block of outputs, block of inputs, bin 0..=n/2, input, re/im, output), over `n`.
    spectra: Vec<f32>,
}

/// Blocks of [`CHANNELS`] channels that hold `channels`.
pub(super) const fn blocks(channels: usize) -> usize {
    channels.div_ceil(CHANNELS)
}

impl SpectralConv {
    /// Prepares the spectra of the kernels: `kernel(output, input)` is the impulse response as pairs
    /// of (delay, value), in which a negative delay wraps around.
    pub fn new(
        radices: &[usize],
        c_in: usize,
        c_out: usize,
        kernel: impl Fn(usize, usize) -> Vec<(isize, f32)>,
    ) -> Self {
        let fft = Fft::new(radices);
        let n = fft.len();
        let transform = FftPlanner::<f64>::new().plan_fft_forward(n);
        let mut conv = Self { fft, c_in, c_out, spectra: Vec::new() };
        conv.spectra = vec![0.0; blocks(c_out) * blocks(c_in) * conv.block_len()];
        let mut response = vec![Complex::default(); n];
        for output in 0..c_out {
            for input in 0..c_in {
                response.fill(Complex::default());
                for (delay, value) in kernel(output, input) {
                    response[delay.rem_euclid(n as isize) as usize].re += f64::from(value);
                }
                transform.process(&mut response);
                let block = conv.block_start(output / CHANNELS, input / CHANNELS);
                for (bin, value) in response[..=n / 2].iter().enumerate() {
                    let at =
                        block + (bin * conv.inputs() + input % CHANNELS) * ROW + output % CHANNELS;
                    conv.spectra[at] = (value.re / n as f64) as f32;
                    conv.spectra[at + CHANNELS] = (value.im / n as f64) as f32;
                }
            }
        }
        conv
    }

    /// Floats in a block of one signal.
    pub fn signal_len(&self) -> usize {
        self.fft.len() * ROW
    }

    /// Number of blocks that hold the outputs.
    pub fn output_blocks(&self) -> usize {
        blocks(self.c_out)
    }

    /// Number of inputs within a block.
    fn inputs(&self) -> usize {
        self.c_in.min(CHANNELS)
    }

    fn block_len(&self) -> usize {
        (self.fft.len() / 2 + 1) * self.inputs() * ROW
    }

    fn block_start(&self, output: usize, input: usize) -> usize {
        (output * blocks(self.c_in) + input) * self.block_len()
    }

    /// Adds to `y` the spectra of the outputs in block `output` due to the inputs `x` in block
    /// `input`; block 0 overwrites `y` instead.
    ///
    /// `x` and `y` hold one block after another, one per signal.
    #[inline(always)]
    pub fn accumulate<S: Simd>(
        &self,
        simd: S,
        output: usize,
        input: usize,
        x: &[f32],
        y: &mut [f32],
    ) {
        const TILE: usize = 3;
        let len = self.signal_len();
        let spectra = &self.spectra[self.block_start(output, input)..][..self.block_len()];
        let n = self.fft.len();
        for (bin, weights) in spectra.chunks_exact(self.inputs() * ROW).enumerate() {
            let rows = [self.fft.row(bin) * ROW, self.fft.row((n - bin) % n) * ROW];
            let mut xs = x.chunks_exact(TILE * len);
            let mut ys = y.chunks_exact_mut(TILE * len);
            for (x, y) in (&mut xs).zip(&mut ys) {
                let x = Inputs { x, next: len };
                tile::<S, TILE>(simd, weights, rows, input == 0, x, y, len);
            }
            let x = xs.remainder().chunks_exact(len);
            for (x, y) in x.zip(ys.into_remainder().chunks_exact_mut(len)) {
                let x = Inputs { x, next: len };
                tile::<S, 1>(simd, weights, rows, input == 0, x, y, len);
            }
        }
    }

    /// Signals with so few inputs that one block holds those of several signals.
    pub fn packed_signals(&self) -> usize {
        CHANNELS / self.c_in
    }

    /// Writes to `y` the spectra of the outputs in block `output` of [`Self::packed_signals`]
    /// signals, one block after another. All their inputs are in the one block `x`: channel
    /// `c_in * i + c` is input c of signal i.
    #[inline(always)]
    pub fn unpack<S: Simd>(&self, simd: S, output: usize, x: &[f32], y: &mut [f32]) {
        let spectra = &self.spectra[self.block_start(output, 0)..][..self.block_len()];
        let (len, n) = (self.signal_len(), self.fft.len());
        for (bin, weights) in spectra.chunks_exact(self.c_in * ROW).enumerate() {
            let rows = [self.fft.row(bin) * ROW, self.fft.row((n - bin) % n) * ROW];
            // Sums of four signals fit into the registers of wide vectors only.
            if S::F32_LANES == CHANNELS {
                self.unpack_tiles::<S, 4>(simd, weights, rows, x, y, len);
            } else {
                self.unpack_tiles::<S, 2>(simd, weights, rows, x, y, len);
            }
        }
    }

    #[inline(always)]
    fn unpack_tiles<S: Simd, const P: usize>(
        &self,
        simd: S,
        weights: &[f32],
        rows: [usize; 2],
        x: &[f32],
        y: &mut [f32],
        len: usize,
    ) {
        for (i, y) in y.chunks_exact_mut(P * len).enumerate() {
            let x = Inputs { x: &x[P * i * self.c_in..], next: self.c_in };
            tile::<S, P>(simd, weights, rows, true, x, y, len);
        }
    }
}

/// Where the inputs of several signals are.
struct Inputs<'a> {
    x: &'a [f32],
    /// Floats from a signal's first input to the next signal's.
    next: usize,
}

/// One bin and its mirror image, whose spectrum is the conjugate, of `P` signals.
#[inline(always)]
fn tile<S: Simd, const P: usize>(
    simd: S,
    weights: &[f32],
    rows: [usize; 2],
    fresh: bool,
    Inputs { x, next }: Inputs<'_>,
    y: &mut [f32],
    len: usize,
) {
    let vectors = CHANNELS / S::F32_LANES;
    let (weights, _) = S::as_simd_f32s(weights);
    let inputs = weights.len() / (2 * vectors);
    let mut x_rows = [[x; 2]; P];
    for p in 0..P {
        for side in 0..2 {
            x_rows[p][side] = &x[p * next + rows[side]..][..CHANNELS + inputs];
        }
    }
    for v in 0..vectors {
        let mut sums = [[[simd.splat_f32s(0.0); 2]; 2]; P];
        for (weights, c) in weights.chunks_exact(2 * vectors).zip(0..CHANNELS) {
            let (re, im) = (weights[v], weights[vectors + v]);
            for p in 0..P {
                let [x_re, x_im] = [x_rows[p][0][c], x_rows[p][0][CHANNELS + c]];
                let (x_re, x_im) = (simd.splat_f32s(x_re), simd.splat_f32s(x_im));
                let [s_re, s_im] = &mut sums[p][0];
                *s_re = simd.negate_mul_add_e_f32s(x_im, im, simd.mul_add_e_f32s(x_re, re, *s_re));
                *s_im = simd.mul_add_e_f32s(x_im, re, simd.mul_add_e_f32s(x_re, im, *s_im));
                let [x_re, x_im] = [x_rows[p][1][c], x_rows[p][1][CHANNELS + c]];
                let (x_re, x_im) = (simd.splat_f32s(x_re), simd.splat_f32s(x_im));
                let [s_re, s_im] = &mut sums[p][1];
                *s_re = simd.mul_add_e_f32s(x_im, im, simd.mul_add_e_f32s(x_re, re, *s_re));
                *s_im = simd.mul_add_e_f32s(x_im, re, simd.negate_mul_add_e_f32s(x_re, im, *s_im));
            }
        }
        for p in 0..P {
            // Bin 0 and the highest bin are their own mirror images: add them once.
            let sides = if rows[0] == rows[1] { 1 } else { 2 };
            for side in 0..sides {
                let (row, _) = S::as_mut_simd_f32s(&mut y[p * len + rows[side]..][..ROW]);
                for (part, sum) in sums[p][side].into_iter().enumerate() {
                    let y = &mut row[part * vectors + v];
                    *y = if fresh { sum } else { simd.add_f32s(*y, sum) };
                }
            }
        }
    }
}

pub(super) fn resize(buffer: &mut Vec<f32>, len: usize) {
    buffer.resize(len, 0.0);
}
