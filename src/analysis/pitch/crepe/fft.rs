//! Short complex Fourier transforms of 16 channels at once, in place.
//!
//! Why not `rustfft`: here a vector holds the same sample of several channels, as the convolutions
//! need it, which is 3.5 to 5 times faster than transforms of one channel after another (of 32 to
//! 160 samples, AVX2) with the transpositions that they take. `benches/analysis.py` has the whole
//! network in the row "CREPE network alone".
//!
//! A block holds `n` rows of `[re; 16] [im; 16]`. The forward transform decimates in frequency and
//! leaves its bins in digit-reversed order, and the inverse takes them in that order: the products in
//! between go bin by bin and never need them sorted.

use pulp::Simd;
use std::f64::consts::TAU;

/// Channels in a block.
pub(super) const CHANNELS: usize = 16;
/// Floats in a row of a block: real parts, then imaginary parts.
pub(super) const ROW: usize = 2 * CHANNELS;

/// A transform of one length.
pub(super) struct Fft {
    len: usize,
    passes: Vec<Pass>,
    /// Row of every bin after the forward transform.
    rows: Vec<usize>,
}

struct Pass {
    radix: usize,
    /// Rows between a butterfly's legs.
    stride: usize,
    /// For every butterfly of a group, the factors (re, im) of its legs but the first.
    twiddles: Vec<[f32; 2]>,
}

impl Fft {
    /// A transform whose length is the product of `radices`, each of 2 to 5.
    pub fn new(radices: &[usize]) -> Self {
        let len = radices.iter().product();
        let mut span = len;
        let passes = radices.iter().map(|&radix| {
            let stride = span / radix;
            let twiddles = (0..stride).flat_map(|j| {
                (1..radix).map(move |q| {
                    let (sin, cos) = (-TAU * (j * q) as f64 / span as f64).sin_cos();
                    [cos as f32, sin as f32]
                })
            });
            let pass = Pass { radix, stride, twiddles: twiddles.collect() };
            span = stride;
            pass
        });
        let passes: Vec<Pass> = passes.collect();
        let mut rows = vec![0; len];
        for row in 0..len {
            let (mut rest, mut bin, mut weight) = (row, 0, 1);
            for pass in &passes {
                bin += weight * (rest / pass.stride);
                rest %= pass.stride;
                weight *= pass.radix;
            }
            rows[bin] = row;
        }
        Self { len, passes, rows }
    }

    /// Rows of a block.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The row that holds `bin` after [`Self::forward`].
    pub fn row(&self, bin: usize) -> usize {
        self.rows[bin]
    }

    /// Transforms a block of `len` rows; its bins come out at their [`Self::row`].
    #[inline(always)]
    pub fn forward<S: Simd>(&self, simd: S, block: &mut [f32]) {
        let (block, _) = S::as_mut_simd_f32s(block);
        for pass in &self.passes {
            pass.run::<S, false>(simd, block);
        }
    }

    /// Undoes [`Self::forward`], times `len`.
    #[inline(always)]
    pub fn inverse<S: Simd>(&self, simd: S, block: &mut [f32]) {
        let (block, _) = S::as_mut_simd_f32s(block);
        for pass in self.passes.iter().rev() {
            pass.run::<S, true>(simd, block);
        }
    }
}

impl Pass {
    #[inline(always)]
    fn run<S: Simd, const INVERSE: bool>(&self, simd: S, block: &mut [S::f32s]) {
        match self.radix {
            2 => self.butterflies::<S, 2, INVERSE>(simd, block),
            3 => self.butterflies::<S, 3, INVERSE>(simd, block),
            4 => self.butterflies::<S, 4, INVERSE>(simd, block),
            _ => self.butterflies::<S, 5, INVERSE>(simd, block),
        }
    }

    #[inline(always)]
    fn butterflies<S: Simd, const R: usize, const INVERSE: bool>(
        &self,
        simd: S,
        block: &mut [S::f32s],
    ) {
        let vectors = CHANNELS / S::F32_LANES;
        let row = 2 * vectors;
        let leg = self.stride * row;
        // Exchanging real and imaginary parts turns a forward transform into an inverse one.
        let (re, im) = if INVERSE { (vectors, 0) } else { (0, vectors) };
        for group in block.chunks_exact_mut(R * leg) {
            for (j, twiddles) in self.twiddles.chunks_exact(R - 1).enumerate() {
                for v in 0..vectors {
                    let at = j * row + v;
                    let mut x = [[simd.splat_f32s(0.0); 2]; R];
                    for q in 0..R {
                        x[q] = [group[q * leg + at + re], group[q * leg + at + im]];
                    }
                    if INVERSE {
                        for q in 1..R {
                            x[q] = times(simd, x[q], twiddles[q - 1]);
                        }
                    }
                    let mut y = butterfly(simd, x);
                    if !INVERSE {
                        for q in 1..R {
                            y[q] = times(simd, y[q], twiddles[q - 1]);
                        }
                    }
                    for q in 0..R {
                        group[q * leg + at + re] = y[q][0];
                        group[q * leg + at + im] = y[q][1];
                    }
                }
            }
        }
    }
}

/// Product of a vector of complex numbers with one complex number.
#[inline(always)]
fn times<S: Simd>(simd: S, x: [S::f32s; 2], factor: [f32; 2]) -> [S::f32s; 2] {
    let (re, im) = (simd.splat_f32s(factor[0]), simd.splat_f32s(factor[1]));
    [
        simd.negate_mul_add_e_f32s(x[1], im, simd.mul_f32s(x[0], re)),
        simd.mul_add_e_f32s(x[1], re, simd.mul_f32s(x[0], im)),
    ]
}

#[inline(always)]
fn plus<S: Simd>(simd: S, a: [S::f32s; 2], b: [S::f32s; 2]) -> [S::f32s; 2] {
    [simd.add_f32s(a[0], b[0]), simd.add_f32s(a[1], b[1])]
}

#[inline(always)]
fn minus<S: Simd>(simd: S, a: [S::f32s; 2], b: [S::f32s; 2]) -> [S::f32s; 2] {
    [simd.sub_f32s(a[0], b[0]), simd.sub_f32s(a[1], b[1])]
}

/// `x + scale * y` with a real scale.
#[inline(always)]
fn plus_scaled<S: Simd>(simd: S, x: [S::f32s; 2], scale: f32, y: [S::f32s; 2]) -> [S::f32s; 2] {
    let scale = simd.splat_f32s(scale);
    [simd.mul_add_e_f32s(scale, y[0], x[0]), simd.mul_add_e_f32s(scale, y[1], x[1])]
}

/// `(x - i y, x + i y)`.
#[inline(always)]
fn rotated<S: Simd>(simd: S, x: [S::f32s; 2], y: [S::f32s; 2]) -> ([S::f32s; 2], [S::f32s; 2]) {
    let down = [simd.add_f32s(x[0], y[1]), simd.sub_f32s(x[1], y[0])];
    let up = [simd.sub_f32s(x[0], y[1]), simd.add_f32s(x[1], y[0])];
    (down, up)
}

/// Discrete Fourier transform of `R` values.
#[inline(always)]
fn butterfly<S: Simd, const R: usize>(simd: S, x: [[S::f32s; 2]; R]) -> [[S::f32s; 2]; R] {
    const SIN_60: f32 = 0.866_025_4;
    const COS_72: f32 = 0.309_017;
    const SIN_72: f32 = 0.951_056_54;
    const COS_144: f32 = -0.809_017;
    const SIN_144: f32 = 0.587_785_24;
    let zero = [simd.splat_f32s(0.0); 2];
    let mut y = x;
    match R {
        2 => {
            y[0] = plus(simd, x[0], x[1]);
            y[1] = minus(simd, x[0], x[1]);
        }
        3 => {
            let sum = plus(simd, x[1], x[2]);
            let difference = plus_scaled(simd, zero, SIN_60, minus(simd, x[1], x[2]));
            y[0] = plus(simd, x[0], sum);
            (y[1], y[2]) = rotated(simd, plus_scaled(simd, x[0], -0.5, sum), difference);
        }
        4 => {
            let (a, b) = (plus(simd, x[0], x[2]), minus(simd, x[0], x[2]));
            let (c, d) = (plus(simd, x[1], x[3]), minus(simd, x[1], x[3]));
            y[0] = plus(simd, a, c);
            y[2] = minus(simd, a, c);
            (y[1], y[3]) = rotated(simd, b, d);
        }
        _ => {
            let (a, b) = (plus(simd, x[1], x[4]), plus(simd, x[2], x[3]));
            let (c, d) = (minus(simd, x[1], x[4]), minus(simd, x[2], x[3]));
            y[0] = plus(simd, x[0], plus(simd, a, b));
            let even = plus_scaled(simd, plus_scaled(simd, x[0], COS_72, a), COS_144, b);
            let odd = plus_scaled(simd, plus_scaled(simd, zero, SIN_72, c), SIN_144, d);
            (y[1], y[4]) = rotated(simd, even, odd);
            let even = plus_scaled(simd, plus_scaled(simd, x[0], COS_144, a), COS_72, b);
            let odd = plus_scaled(simd, plus_scaled(simd, zero, SIN_144, c), -SIN_72, d);
            (y[2], y[3]) = rotated(simd, even, odd);
        }
    }
    y
}
