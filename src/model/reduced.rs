//! Matrix products with weights of 16 bits, for several voices at once.
//!
//! The speed of a product is limited by how fast its weights come through the cache. Weights of half the
//! size that are read once for up to [`VOICES_PER_BATCH`] voices make it several times as fast as a voice
//! in single precision (`cargo bench --bench synth networks`). Products are summed as whole numbers,
//! which is exact, and scaled in a fixed order, so that every instruction set gives the same bits.

use super::layers::Dense;
use multiversion::multiversion;

/// Most voices that step together.
pub const VOICES_PER_BATCH: usize = 4;
/// Number of rows that are computed together.
const ROWS: usize = 16;
/// Number of pairs of inputs whose products are summed as whole numbers before they are scaled.
const PAIRS_PER_SUM: usize = 16;
/// Largest value of an input as a whole number.
const INPUT_MAX: f32 = 16_384.0;
/// Largest sum of a row's weight magnitudes over these pairs: its product with [`INPUT_MAX`] is
/// below 2^31.
const ROW_SUM_MAX: f32 = 131_000.0;

/// Two neighbouring weights of a row, or two neighbouring inputs.
type Pair = [i16; 2];

/// A vector rounded to whole numbers of one unit.
#[derive(Clone, Debug)]
pub struct Quantised {
    runs: Vec<[Pair; PAIRS_PER_SUM]>,
    unit: f32,
}

impl Quantised {
    /// Room for `size` values.
    pub fn new(size: usize) -> Self {
        Self { runs: vec![[[0; 2]; PAIRS_PER_SUM]; size.div_ceil(2 * PAIRS_PER_SUM)], unit: 0.0 }
    }

    /// Rounds the values of `x`, with a unit for which the largest of them fills the range.
    pub fn take(&mut self, x: &[f32]) {
        let largest = largest(x);
        // If all values are zero or one is not finite, the product is the bias.
        let scale = if largest > 1e-30 { INPUT_MAX / largest } else { 0.0 };
        self.unit = if scale > 0.0 { largest / INPUT_MAX } else { 0.0 };
        round(x, scale, self.runs.as_flattened_mut().as_flattened_mut());
    }
}

/// The largest magnitude, or 0 if a value is not finite.
#[multiversion(targets("x86_64+avx2", "aarch64+neon"))]
fn largest(x: &[f32]) -> f32 {
    // The bits of magnitudes, as whole numbers, are in the same order as the magnitudes.
    let bits = x.iter().fold(0, |max, x| (x.to_bits() & 0x7fff_ffff).max(max));
    let largest = f32::from_bits(bits);
    if largest.is_finite() { largest } else { 0.0 }
}

/// Rounds `x` times `scale` to whole numbers of 15 bits and a sign.
#[multiversion(targets("x86_64+avx2", "aarch64+neon"))]
fn round(x: &[f32], scale: f32, out: &mut [i16]) {
    /// Adding this to a number below 2^22 leaves the nearest whole number in the low bits.
    const ROUND: f32 = 12_582_912.0;
    for (out, x) in out.iter_mut().zip(x) {
        *out = (x * scale + ROUND).to_bits() as i16;
    }
}

/// A [`Dense`] layer with weights of 16 bits.
#[derive(Clone, Debug)]
pub struct ReducedDense {
    inputs: usize,
    outputs: usize,
    /// Number of sums of pairs in a row.
    runs: usize,
    /// For each panel of rows and each sum: the pairs of all rows, one pair of inputs after another.
    weights: Vec<[[Pair; ROWS]; PAIRS_PER_SUM]>,
    /// Unit of the weights of each row.
    units: Vec<[f32; ROWS]>,
    bias: Vec<[f32; ROWS]>,
}

impl ReducedDense {
    /// Rounds the weights of a layer, each row to a unit of its own.
    pub fn new(layer: &Dense) -> Self {
        let (weight, bias) = layer.unpack();
        let (inputs, outputs) = (layer.inputs(), layer.outputs());
        let (runs, panels) = (inputs.div_ceil(2 * PAIRS_PER_SUM), outputs.div_ceil(ROWS));
        let mut reduced = Self {
            inputs,
            outputs,
            runs,
            weights: vec![[[[0; 2]; ROWS]; PAIRS_PER_SUM]; panels * runs],
            units: vec![[0.0; ROWS]; panels],
            bias: vec![[0.0; ROWS]; panels],
        };
        for (row, (weights, &bias)) in weight.chunks_exact(inputs.max(1)).zip(&bias).enumerate() {
            let (panel, lane) = (row / ROWS, row % ROWS);
            let largest = weights.iter().fold(0.0_f32, |max, w| max.max(w.abs()));
            let fullest = weights
                .chunks(2 * PAIRS_PER_SUM)
                .map(|run| run.iter().map(|w| w.abs()).sum::<f32>())
                .fold(0.0, f32::max);
            let unit = (largest / f32::from(i16::MAX)).max(fullest / ROW_SUM_MAX);
            reduced.units[panel][lane] = unit;
            reduced.bias[panel][lane] = bias;
            for (input, &weight) in weights.iter().enumerate() {
                let (run, pair) = (input / (2 * PAIRS_PER_SUM), input / 2 % PAIRS_PER_SUM);
                let whole = if unit > 0.0 { (weight / unit).round_ties_even() as i16 } else { 0 };
                reduced.weights[panel * runs + run][pair][lane][input % 2] = whole;
            }
        }
        reduced
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Computes `y = W x + b` for each of the first `count` (1 .. [`VOICES_PER_BATCH`]) of `x`.
    pub fn forward(
        &self,
        count: usize,
        x: &[Quantised; VOICES_PER_BATCH],
        y: &mut [Vec<f32>; VOICES_PER_BATCH],
    ) {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            match count {
                1 => simd.vectorize(avx2::Product::<1> { simd, layer: self, x, y }),
                2 => simd.vectorize(avx2::Product::<2> { simd, layer: self, x, y }),
                _ => simd.vectorize(avx2::Product::<VOICES_PER_BATCH> { simd, layer: self, x, y }),
            }
            return;
        }
        self.forward_plainly(count, x, y);
    }

    /// [`Self::forward`] for any instruction set.
    fn forward_plainly(
        &self,
        count: usize,
        x: &[Quantised; VOICES_PER_BATCH],
        y: &mut [Vec<f32>; VOICES_PER_BATCH],
    ) {
        let weights = self.weights.chunks_exact(self.runs.max(1));
        for (panel, weights) in weights.enumerate() {
            for (x, y) in x.iter().zip(y.iter_mut()).take(count) {
                let mut total = [0.0_f32; ROWS];
                for (weights, x) in weights.iter().zip(&x.runs) {
                    let mut sums = [0_i32; ROWS];
                    for (weights, x) in weights.iter().zip(x) {
                        for (sum, w) in sums.iter_mut().zip(weights) {
                            let product = |i: usize| i32::from(w[i]) * i32::from(x[i]);
                            *sum += product(0) + product(1);
                        }
                    }
                    for (total, sum) in total.iter_mut().zip(sums) {
                        *total += sum as f32;
                    }
                }
                self.finish(panel, total, x.unit, y);
            }
        }
    }

    /// Scales the sums of a panel and adds the bias.
    #[inline]
    fn finish(&self, panel: usize, total: [f32; ROWS], unit: f32, y: &mut [f32]) {
        let first = panel * ROWS;
        let last = (first + ROWS).min(self.outputs);
        let scales = total.iter().zip(&self.units[panel]).zip(&self.bias[panel]);
        for (y, ((total, row_unit), bias)) in y[first..last].iter_mut().zip(scales) {
            *y = bias + total * (row_unit * unit);
        }
    }
}

// Intrinsics compile to single instructions only in code that is inlined into the vectorised call.
#[expect(clippy::inline_always)]
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{PAIRS_PER_SUM, Pair, Quantised, ROWS, ReducedDense, VOICES_PER_BATCH};
    use pulp::NullaryFnOnce;
    use pulp::x86::V3;
    use std::arch::x86_64::{__m256, __m256i};

    /// The product for `N` voices: two vectors of eight rows for each of them.
    pub(super) struct Product<'a, const N: usize> {
        pub simd: V3,
        pub layer: &'a ReducedDense,
        pub x: &'a [Quantised; VOICES_PER_BATCH],
        pub y: &'a mut [Vec<f32>; VOICES_PER_BATCH],
    }

    impl<const N: usize> NullaryFnOnce for Product<'_, N> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let Self { simd, layer, x, y } = self;
            let zero = simd.avx._mm256_setzero_si256();
            for (panel, weights) in layer.weights.chunks_exact(layer.runs.max(1)).enumerate() {
                let mut totals = [[simd.avx._mm256_setzero_ps(); 2]; N];
                for (run, weights) in weights.iter().enumerate() {
                    let x: [&[Pair; PAIRS_PER_SUM]; N] =
                        std::array::from_fn(|lane| &x[lane].runs[run]);
                    let mut sums = [[zero; 2]; N];
                    for pair in 0..PAIRS_PER_SUM {
                        let weights: [__m256i; 2] = pulp::cast(weights[pair]);
                        for lane in 0..N {
                            let x = simd.avx._mm256_set1_epi32(pulp::cast(x[lane][pair]));
                            for half in 0..2 {
                                let products = simd.avx2._mm256_madd_epi16(weights[half], x);
                                sums[lane][half] =
                                    simd.avx2._mm256_add_epi32(sums[lane][half], products);
                            }
                        }
                    }
                    for (totals, sums) in totals.iter_mut().zip(sums) {
                        for (total, sum) in totals.iter_mut().zip(sums) {
                            let sum = simd.avx._mm256_cvtepi32_ps(sum);
                            *total = simd.avx._mm256_add_ps(*total, sum);
                        }
                    }
                }
                for lane in 0..N {
                    let total: [__m256; 2] = totals[lane];
                    let total: [f32; ROWS] = pulp::cast(total);
                    layer.finish(panel, total, x[lane].unit, &mut y[lane]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from -1 to 1.
    fn numbers(seed: u64, count: usize) -> Vec<f32> {
        let mut random = seed;
        let next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn products_are_close_to_exact_ones_and_the_same_everywhere() {
        for (inputs, outputs) in [(1, 1), (31, 17), (32, 16), (100, 5), (256, 768)] {
            let (weight, bias) = (numbers(1, inputs * outputs), numbers(2, outputs));
            let dense = Dense::new(inputs, &weight, &bias);
            let reduced = ReducedDense::new(&dense);
            let mut x = std::array::from_fn(|_| Quantised::new(inputs));
            let values: Vec<Vec<f32>> =
                (0..VOICES_PER_BATCH).map(|lane| numbers(3 + lane as u64, inputs)).collect();
            for (x, values) in x.iter_mut().zip(&values) {
                x.take(values);
            }
            let mut plain = std::array::from_fn(|_| vec![0.0; outputs]);
            reduced.forward_plainly(VOICES_PER_BATCH, &x, &mut plain);
            for count in 1..=VOICES_PER_BATCH {
                let mut fast = std::array::from_fn(|_| vec![f32::NAN; outputs]);
                reduced.forward(count, &x, &mut fast);
                assert_eq!(fast[..count], plain[..count], "{inputs} x {outputs}, {count} voices");
            }
            let mut exact = vec![0.0; outputs];
            for (values, plain) in values.iter().zip(&plain) {
                dense.forward(values, &mut exact);
                let scale = (inputs as f32).sqrt() / 3.0;
                for (exact, plain) in exact.iter().zip(plain) {
                    assert!((exact - plain).abs() < 4e-4 * scale, "{exact} {plain}");
                }
            }
        }
    }

    #[test]
    fn the_fullest_row_and_the_emptiest_input_stay_in_range() {
        let inputs = 512;
        let dense = Dense::new(inputs, &vec![3.0e4; inputs], &[1.0]);
        let reduced = ReducedDense::new(&dense);
        for value in [1.0, -1.0, 0.0, f32::NAN] {
            let mut x = std::array::from_fn(|_| Quantised::new(inputs));
            x[0].take(&vec![value; inputs]);
            let mut y = std::array::from_fn(|_| vec![0.0; 1]);
            reduced.forward(1, &x, &mut y);
            let wanted = if value.is_nan() { 1.0 } else { 3.0e4 * inputs as f32 * value + 1.0 };
            assert!((y[0][0] / wanted - 1.0).abs() < 1e-3, "{} {wanted}", y[0][0]);
        }
    }
}
