//! Reads two tables at one phase, by six-point Lagrange interpolation of many samples at a time.
//!
//! rubato and other resamplers read a stream at a fixed or slowly changing ratio. Here each sample has
//! its own increment and two tables are read and crossfaded in one pass (`cargo bench --bench synth
//! oscillator`).

use super::table::{SAMPLES_AFTER, SAMPLES_BEFORE, Table};

/// Most samples that are read at a time.
pub const SAMPLES_PER_READ: usize = 64;
/// Table samples that each sample is interpolated from: from 2 before it to 3 after it.
const POINTS: usize = 6;
/// Table samples that are read for each sample: two more than are used fill the vector.
const TAPS: usize = SAMPLES_BEFORE + 1 + SAMPLES_AFTER;
/// Samples whose sums are computed together.
const GROUP: usize = 8;
/// Number of places between two table samples for which the weights of the taps are kept, as a power
/// of 2. Between these places the weights are interpolated linearly, which is as exact as linear
/// interpolation of a table that is as many times finer: -122 dB for 20 samples a cycle.
const PLACES_LOG2: u32 = 7;
const PLACES: usize = 1 << PLACES_LOG2;
/// The weights of the taps at each place, and at the one after the last.
static WEIGHTS: [[f32; TAPS]; PLACES + 1] = lagrange_weights();

/// Values of the six-point Lagrange polynomials: each is 1 at its own tap and 0 at the five others.
const fn lagrange_weights() -> [[f32; TAPS]; PLACES + 1] {
    let mut weights = [[0.0; TAPS]; PLACES + 1];
    let mut place = 0;
    while place <= PLACES {
        let x = place as f64 / PLACES as f64 + SAMPLES_BEFORE as f64;
        let mut tap = 0;
        while tap < POINTS {
            let (mut product, mut other) = (1.0, 0);
            while other < POINTS {
                if other != tap {
                    product *= (x - other as f64) / (tap as f64 - other as f64);
                }
                other += 1;
            }
            weights[place][tap] = product as f32;
            tap += 1;
        }
        place += 1;
    }
    weights
}

/// A phase in units of 2^-64 cycles, exact to 2^-52; it wraps by itself and never drifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phase(u64);

impl Phase {
    /// The phase that is `cycles` after the beginning of a cycle, 0 <= cycles < 1.
    #[inline]
    pub fn new(cycles: f64) -> Self {
        // The mantissa of 1 + cycles; this compiles to SIMD code where a conversion does not.
        Self((1.0 + cycles).to_bits() << 12)
    }
}

/// Progress of a crossfade as a straight line over the clock's position, held between 0 and 1.
#[derive(Clone, Copy, Debug)]
pub struct Crossfade {
    /// Change from one position to the next.
    pub slope: f64,
    /// Value at position 0.
    pub offset: f64,
}

/// Two tables and the crossfade between them.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    /// The table that sounds where the crossfade is at 0.
    pub from: &'a Table,
    /// The table that sounds where the crossfade is at 1; it has the same length.
    pub to: &'a Table,
    /// The crossfade between them.
    pub crossfade: Crossfade,
    /// The clock's position at the first sample, below 2^52.
    pub position: u64,
    /// How far the clock goes in each sample.
    pub step: u64,
}

/// Reads tables; holds the working memory for [`SAMPLES_PER_READ`] samples.
#[derive(Clone)]
pub struct TableReader {
    phases: [u64; SAMPLES_PER_READ],
    fades: [f32; SAMPLES_PER_READ],
    /// Where between two places of [`WEIGHTS`] each sample lies, 0 .. 1.
    parts: [f32; SAMPLES_PER_READ],
    sums: [f32; SAMPLES_PER_READ],
}

impl Default for TableReader {
    fn default() -> Self {
        Self {
            phases: [0; SAMPLES_PER_READ],
            fades: [0.0; SAMPLES_PER_READ],
            parts: [0.0; SAMPLES_PER_READ],
            sums: [0.0; SAMPLES_PER_READ],
        }
    }
}

impl TableReader {
    /// Fills `output` from `phase` on and returns the phase after it. After each sample the phase moves
    /// on by one of `increments` (cycles, 0 .. 0.5).
    pub fn process(
        &mut self,
        mut tables: Tables<'_>,
        mut phase: Phase,
        increments: &[f64],
        output: &mut [f32],
    ) -> Phase {
        for (increments, output) in
            increments.chunks(SAMPLES_PER_READ).zip(output.chunks_mut(SAMPLES_PER_READ))
        {
            phase = read(self, &tables, phase, increments, output);
            tables.position += SAMPLES_PER_READ as u64 * tables.step;
        }
        phase
    }
}

/// Fills at most [`SAMPLES_PER_READ`] samples.
fn read(
    reader: &mut TableReader,
    tables: &Tables<'_>,
    phase: Phase,
    increments: &[f64],
    output: &mut [f32],
) -> Phase {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(avx2::Read { simd, reader, tables, phase, increments, output });
    }
    let phase = prepare(reader, tables, phase, increments);
    sum(reader, tables, output, interpolate);
    phase
}

/// Computes phases, which depend on one another, and then everything that can be computed for many
/// samples at once.
#[inline]
fn prepare(
    reader: &mut TableReader,
    tables: &Tables<'_>,
    mut phase: Phase,
    increments: &[f64],
) -> Phase {
    let TableReader { phases, fades, parts, .. } = reader;
    let length_log2 = tables.to.length_log2();
    for (slot, &increment) in phases.iter_mut().zip(increments) {
        *slot = Phase::new(increment).0;
    }
    for slot in &mut phases[..increments.len().min(SAMPLES_PER_READ)] {
        let increment = *slot;
        *slot = phase.0;
        phase.0 = phase.0.wrapping_add(increment);
    }
    for i in 0..SAMPLES_PER_READ {
        let position = tables.position.wrapping_add(tables.step.wrapping_mul(i as u64));
        let fade = whole(position) * tables.crossfade.slope + tables.crossfade.offset;
        fades[i] = fade.clamp(0.0, 1.0) as f32;
        // The 24 bits below those that number the table's samples and the places between them.
        let part = (phases[i].wrapping_shl(length_log2 + PLACES_LOG2) >> 40) as i32;
        parts[i] = part as f32 * (1.0 / (1 << 24) as f32);
    }
    phase
}

/// Everything that one sample is interpolated from.
#[derive(Clone, Copy)]
struct Sample<'a> {
    from: &'a [f32; TAPS],
    to: &'a [f32; TAPS],
    fade: f32,
    /// The weights at the places before and after it.
    weights: &'a [[f32; TAPS]; 2],
    part: f32,
}

/// Reads the taps, all those of a sample at once as they lie side by side, and sums them up for a group of
/// samples at a time.
#[inline]
fn sum(
    reader: &mut TableReader,
    tables: &Tables<'_>,
    output: &mut [f32],
    interpolate: impl Fn([Sample<'_>; GROUP]) -> [f32; GROUP],
) {
    let TableReader { phases, fades, parts, sums } = reader;
    let length_log2 = tables.to.length_log2();
    let (from, to) = (tables.from.samples(), tables.to.samples());
    let sample = |i: usize| {
        let phase = phases[i];
        let first = phase.wrapping_shr(64 - length_log2) as usize;
        let place = (phase.wrapping_shl(length_log2) >> (64 - PLACES_LOG2)) as usize;
        Some(Sample {
            from: window(from, first)?,
            to: window(to, first)?,
            fade: fades[i],
            weights: WEIGHTS[place..].first_chunk()?,
            part: parts[i],
        })
    };
    let groups = output.len().div_ceil(GROUP);
    for (group, sums) in sums.as_chunks_mut().0.iter_mut().enumerate().take(groups) {
        let samples: [Option<Sample<'_>>; GROUP] =
            std::array::from_fn(|i| sample(group * GROUP + i));
        *sums = match samples {
            [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f), Some(g), Some(h)] => {
                interpolate([a, b, c, d, e, f, g, h])
            }
            _ => [0.0; GROUP],
        };
    }
    output.copy_from_slice(&sums[..output.len()]);
}

/// Interpolates between the third and the fourth tap of each sample, and between the two tables.
fn interpolate(samples: [Sample<'_>; GROUP]) -> [f32; GROUP] {
    samples.map(|Sample { from, to, fade, weights: [before, after], part }| {
        let [a, b, c, d, e, f, g, h]: [f32; TAPS] = std::array::from_fn(|tap| {
            let weight = before[tap] + part * (after[tap] - before[tap]);
            weight * (from[tap] + fade * (to[tap] - from[tap]))
        });
        // Summed in the order of vector code, which adds neighbours.
        ((a + b) + (c + d)) + ((e + f) + (g + h))
    })
}

/// The same computation with one vector lane for each tap; it gives the same bits.
#[cfg(target_arch = "x86_64")]
// Intrinsics compile to single instructions only in code that is inlined into the vectorised call.
#[expect(clippy::inline_always)]
mod avx2 {
    use super::{GROUP, Phase, Sample, TAPS, TableReader, Tables, prepare, sum};
    use pulp::x86::V3;
    use pulp::{NullaryFnOnce, cast, f32x8};

    pub(super) struct Read<'a> {
        pub simd: V3,
        pub reader: &'a mut TableReader,
        pub tables: &'a Tables<'a>,
        pub phase: Phase,
        pub increments: &'a [f64],
        pub output: &'a mut [f32],
    }

    impl NullaryFnOnce for Read<'_> {
        type Output = Phase;

        #[inline(always)]
        fn call(self) -> Phase {
            let Self { simd, reader, tables, phase, increments, output } = self;
            let phase = prepare(reader, tables, phase, increments);
            sum(
                reader,
                tables,
                output,
                #[inline(always)]
                |samples| interpolate(simd, samples),
            );
            phase
        }
    }

    /// `a + t (b - a)`.
    #[inline(always)]
    fn between(simd: V3, a: [f32; TAPS], b: [f32; TAPS], t: f32) -> f32x8 {
        let (a, b) = (cast(a), cast(b));
        simd.add_f32x8(a, simd.mul_f32x8(simd.splat_f32x8(t), simd.sub_f32x8(b, a)))
    }

    #[inline(always)]
    fn interpolate(simd: V3, samples: [Sample<'_>; GROUP]) -> [f32; GROUP] {
        let avx = simd.avx;
        let product = |i: usize| {
            let Sample { from, to, fade, weights: [before, after], part } = samples[i];
            let weights = between(simd, *before, *after, part);
            cast(simd.mul_f32x8(weights, between(simd, *from, *to, fade)))
        };
        let pair = |i: usize| avx._mm256_hadd_ps(product(i), product(i + 1));
        let four = |i: usize| avx._mm256_hadd_ps(pair(i), pair(i + 2));
        // Lower taps of samples 0 to 3, then their upper taps; the same of samples 4 to 7.
        let (a, b) = (four(0), four(4));
        let lower = avx._mm256_permute2f128_ps::<0x20>(a, b);
        let upper = avx._mm256_permute2f128_ps::<0x31>(a, b);
        cast(avx._mm256_add_ps(lower, upper))
    }
}

/// Converts a whole number below 2^52 by way of the mantissa, which compiles to SIMD code.
#[inline]
fn whole(number: u64) -> f64 {
    const TWO_52: u64 = 0x4330_0000_0000_0000;
    f64::from_bits(TWO_52 | number) - f64::from_bits(TWO_52)
}

#[inline]
fn window(table: &[f32], first: usize) -> Option<&[f32; TAPS]> {
    table.get(first..)?.first_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::table::TableBuilder;

    #[test]
    fn table_is_the_sum_of_its_partials_at_any_phase() {
        let partials = 51; // 20 * 51 is just within 1024: the coarsest table there is
        let builder = TableBuilder::new(partials);
        let (mut scratch, mut table) = (builder.scratch(), builder.table());
        let amplitudes: Vec<f32> = vec![1.0; partials];
        builder.build(&amplitudes, partials, &mut scratch, &mut table);
        assert_eq!(table.length_log2(), 10);
        let step = 0.318_033_988_749;
        let crossfade = Crossfade { slope: 0.0, offset: 0.3 };
        let tables = Tables { from: &table, to: &table, crossfade, position: 0, step: 1 };
        let mut read = vec![0.0; 3000];
        let steps = vec![step; 3000];
        TableReader::default().process(tables, Phase::default(), &steps, &mut read);
        let mut worst = 0.0f64;
        for (i, read) in read.into_iter().enumerate() {
            let phase = (i as f64 * step).fract();
            let exact: f64 = (1..=partials)
                .map(|k| {
                    let offset = builder.phases[k - 1];
                    let offset = f64::from(offset.im).atan2(f64::from(offset.re));
                    (std::f64::consts::TAU * k as f64 * phase + offset).cos()
                })
                .sum();
            worst = worst.max((exact - f64::from(read)).abs());
        }
        // 51 equal partials whose errors add up: each is far below.
        assert!(worst < 4e-5, "{worst}");
    }

    #[test]
    fn tables_are_read_at_any_phase_and_crossfaded() {
        let builder = TableBuilder::new(51);
        let (mut scratch, mut from, mut to) = (builder.scratch(), builder.table(), builder.table());
        builder.build(&[1.0; 51], 51, &mut scratch, &mut from);
        builder.build(&[0.2; 3], 51, &mut scratch, &mut to);
        let increments: Vec<f64> = (0..300).map(|i| 0.001 * f64::from(i % 7)).collect();
        let crossfade = Crossfade { slope: 1.0 / 5000.0, offset: -0.5 };
        let position = (1 << 52) - 100_000_000_000;
        let tables = |from, to| Tables { from, to, crossfade, position: 0, step: 30 };
        let mut reader = TableReader::default();
        let (mut a, mut b, mut mixed) = ([0.0; 300], [0.0; 300], [0.0; 300]);
        let start = Phase::new(0.75);
        reader.process(tables(&from, &from), start, &increments, &mut a);
        reader.process(tables(&to, &to), start, &increments, &mut b);
        reader.process(tables(&from, &to), start, &increments, &mut mixed);
        for i in 0..300 {
            let fade = (i as f32 * 30.0 / 5000.0 - 0.5).clamp(0.0, 1.0);
            assert!((a[i] + fade * (b[i] - a[i]) - mixed[i]).abs() < 1e-5, "sample {i}");
        }
        // In pieces it is the same to the last bit, also at the clock's far end.
        let far = Tables { position, ..tables(&from, &to) };
        let (mut pieces, mut phase) = ([0.0; 300], start);
        reader.process(far, start, &increments, &mut mixed);
        let mut at = 0;
        for length in [1, 63, 64, 65, 107] {
            let tables = Tables { position: position + 30 * at as u64, ..far };
            let range = at..at + length;
            phase = reader.process(tables, phase, &increments[range.clone()], &mut pieces[range]);
            at += length;
        }
        assert_eq!(at, 300);
        assert_eq!(pieces, mixed);
        // And with any instruction set.
        let mut plain = [0.0; SAMPLES_PER_READ];
        prepare(&mut reader, &far, start, &increments[..SAMPLES_PER_READ]);
        sum(&mut reader, &far, &mut plain, interpolate);
        assert_eq!(plain, mixed[..SAMPLES_PER_READ]);
    }
}
