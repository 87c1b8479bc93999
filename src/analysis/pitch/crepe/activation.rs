//! What follows each convolution: bias, rectifier, batch norm and pooling in pairs.

use super::fft::CHANNELS;
use super::weights::Block;
use pulp::Simd;

/// Bias, rectifier and batch norm of a block.
pub(super) struct Activation {
    pub bias: Vec<f32>,
    scale: Vec<f32>,
    offset: Vec<f32>,
    /// Outputs of the convolution, to be pooled in pairs.
    pub len: usize,
}

impl Activation {
    pub fn new(block: &Block, len: usize) -> Self {
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
    pub fn pool<S: Simd>(
        &self,
        simd: S,
        pairs: usize,
        y: &[f32],
        y_len: usize,
        x: &mut [f32],
        x_len: usize,
    ) {
        for (i, (y, x)) in y.chunks_exact(y_len).zip(x.chunks_exact_mut(x_len)).enumerate() {
            self.pool_signal(simd, i / pairs, y, x);
        }
    }

    /// The same for one signal, whose channels are in block `block`.
    #[inline(always)]
    pub fn pool_signal<S: Simd>(&self, simd: S, block: usize, y: &[f32], x: &mut [f32]) {
        let vectors = CHANNELS / S::F32_LANES;
        let constants = self.vectors(simd, block);
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

/// Rectifier and batch norm of two neighbours, and the larger of the two.
#[inline(always)]
fn pooled<S: Simd>(simd: S, x: [S::f32s; 2], scale: S::f32s, offset: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    // No `map`: its closure would not be inlined into the function that enables the instructions.
    let a = simd.mul_add_e_f32s(simd.max_f32s(x[0], zero), scale, offset);
    let b = simd.mul_add_e_f32s(simd.max_f32s(x[1], zero), scale, offset);
    simd.max_f32s(a, b)
}
