//! Reading two tables at one phase: six-point Lagrange interpolation of a run of samples at a time.

use super::table::TableBuilder;

/// Samples that are read at a time.
pub const RUN: usize = 64;
/// Table samples that are read for each sample: -2 to 3 around it are the points that it is
/// interpolated from, two more fill the vector.
pub(super) const TAPS: usize = 8;
/// For each tap, the places of the five other points: the zeros of its Lagrange polynomial ...
const ZEROS: [[f32; TAPS]; 5] = [
    [-1.0, -2.0, -2.0, -2.0, -2.0, -2.0, 0.0, 0.0],
    [0.0, 0.0, -1.0, -1.0, -1.0, -1.0, 0.0, 0.0],
    [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 0.0, 0.0],
    [3.0, 3.0, 3.0, 3.0, 3.0, 2.0, 0.0, 0.0],
];
/// ... and its factor, which makes it 1 at the tap's own place.
const FACTORS: [f32; TAPS] =
    [-1.0 / 120.0, 1.0 / 24.0, -1.0 / 12.0, 1.0 / 12.0, -1.0 / 24.0, 1.0 / 120.0, 0.0, 0.0];

/// A phase in units of 2^-64 cycles: it wraps by itself and never drifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phase(u64);

impl Phase {
    /// For `cycles`, 0 <= cycles < 1.
    #[inline]
    pub fn new(cycles: f64) -> Self {
        // By way of a signed number, for which there is an instruction.
        Self(((cycles * (1u64 << 63) as f64) as i64).cast_unsigned() << 1)
    }
}

/// How far a crossfade is, as a line over the clock's position, held between 0 and 1.
#[derive(Clone, Copy, Debug)]
pub struct Crossfade {
    /// Change from one position to the next.
    pub slope: f64,
    /// Value at position 0.
    pub offset: f64,
}

/// What is read.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    /// What sounds where the crossfade is at 0.
    pub from: &'a [f32],
    /// What sounds where it is at 1.
    pub to: &'a [f32],
    /// The crossfade between them.
    pub crossfade: Crossfade,
    /// Where the clock is at the first sample, below 2^52.
    pub position: u64,
    /// How far it goes in each.
    pub step: u64,
}

/// Working memory of a run of samples, one column each.
#[derive(Clone)]
pub struct Reader {
    /// Samples in a cycle are 2 to the power of this.
    length_log2: u32,
    phases: [u64; RUN],
    fades: [f32; RUN],
    /// Where between two table samples each sample lies, 0 .. 1.
    parts: [f32; RUN],
}

impl Reader {
    /// For tables of this builder.
    pub fn new(builder: &TableBuilder) -> Self {
        let length_log2 = builder.length().ilog2();
        Self { length_log2, phases: [0; RUN], fades: [0.0; RUN], parts: [0.0; RUN] }
    }

    /// Fills `output`, the phase moving on by one of `increments` (cycles, 0 .. 0.5) after each
    /// sample, and returns the phase after it.
    pub fn read(
        &mut self,
        mut tables: Tables<'_>,
        mut phase: Phase,
        increments: &[f64],
        output: &mut [f32],
    ) -> Phase {
        for (increments, output) in increments.chunks(RUN).zip(output.chunks_mut(RUN)) {
            phase = read(self, &tables, phase, increments, output);
            tables.position += RUN as u64 * tables.step;
        }
        phase
    }
}

/// At most `RUN` samples.
fn read(
    reader: &mut Reader,
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

/// What depends on the phase's history, then what can be computed for many samples at once.
#[inline]
fn prepare(
    reader: &mut Reader,
    tables: &Tables<'_>,
    mut phase: Phase,
    increments: &[f64],
) -> Phase {
    let Reader { length_log2, phases, fades, parts } = reader;
    for (slot, &increment) in phases.iter_mut().zip(increments) {
        *slot = phase.0;
        phase.0 = phase.0.wrapping_add(Phase::new(increment).0);
    }
    for i in 0..RUN {
        let position = tables.position.wrapping_add(tables.step.wrapping_mul(i as u64));
        let fade = whole(position) * tables.crossfade.slope + tables.crossfade.offset;
        fades[i] = fade.clamp(0.0, 1.0) as f32;
        // The 24 bits below those that number the table's samples.
        let part = (phases[i].wrapping_shl(*length_log2) >> 40) as i32;
        parts[i] = part as f32 * (1.0 / (1 << 24) as f32);
    }
    phase
}

/// The taps, which lie anywhere: all of one sample at once.
#[inline]
fn sum(
    reader: &Reader,
    tables: &Tables<'_>,
    output: &mut [f32],
    interpolate: impl Fn(&[f32; TAPS], &[f32; TAPS], f32, f32) -> f32,
) {
    let rest = 64 - reader.length_log2;
    let places = reader.phases.iter().zip(&reader.fades).zip(&reader.parts);
    for (sample, ((phase, &fade), &part)) in output.iter_mut().zip(places) {
        let first = phase.wrapping_shr(rest) as usize;
        *sample = match (window(tables.from, first), window(tables.to, first)) {
            (Some(from), Some(to)) => interpolate(from, to, fade, part),
            _ => 0.0,
        };
    }
}

/// The crossfade of two tables between their third and fourth sample.
fn interpolate(from: &[f32; TAPS], to: &[f32; TAPS], fade: f32, part: f32) -> f32 {
    let mut products = FACTORS;
    for zeros in &ZEROS {
        for (product, zero) in products.iter_mut().zip(zeros) {
            *product *= part - zero;
        }
    }
    for tap in 0..TAPS {
        products[tap] *= from[tap] + fade * (to[tap] - from[tap]);
    }
    // In this order, which is that of vectors halved.
    let [a, b, c, d, e, f, g, h] = products;
    let [a, b, c, d] = [a + e, b + f, c + g, d + h];
    (a + c) + (b + d)
}

/// The same with one vector lane a tap, in the same order: the same bits.
#[cfg(target_arch = "x86_64")]
// Intrinsics are only intrinsics where they are inlined.
#[expect(clippy::inline_always)]
mod avx2 {
    use super::{FACTORS, Phase, Reader, TAPS, Tables, ZEROS, prepare, sum};
    use pulp::x86::V3;
    use pulp::{NullaryFnOnce, cast};

    pub(super) struct Read<'a> {
        pub simd: V3,
        pub reader: &'a mut Reader,
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
                |from, to, fade, part| interpolate(simd, from, to, fade, part),
            );
            phase
        }
    }

    #[inline(always)]
    fn interpolate(simd: V3, from: &[f32; TAPS], to: &[f32; TAPS], fade: f32, part: f32) -> f32 {
        let (part, fade) = (simd.splat_f32x8(part), simd.splat_f32x8(fade));
        let mut products = cast(FACTORS);
        for zeros in ZEROS {
            products = simd.mul_f32x8(products, simd.sub_f32x8(part, cast(zeros)));
        }
        let (from, to) = (cast(*from), cast(*to));
        let mixed = simd.add_f32x8(from, simd.mul_f32x8(fade, simd.sub_f32x8(to, from)));
        let [low, high]: [pulp::f32x4; 2] = cast(simd.mul_f32x8(products, mixed));
        let sums = simd.add_f32x4(low, high);
        let halves =
            simd.sse._mm_add_ps(cast(sums), simd.sse._mm_movehl_ps(cast(sums), cast(sums)));
        let [a, b, _, _]: [f32; 4] = cast(halves);
        a + b
    }
}

/// A whole number below 2^52, in a way that works on many at once: it is put into the mantissa.
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

    #[test]
    fn tables_are_read_at_any_phase_and_crossfaded() {
        let builder = TableBuilder::new(51);
        let (mut scratch, mut from, mut to) = (builder.scratch(), builder.table(), builder.table());
        builder.build(&[1.0; 51], &mut scratch, &mut from);
        builder.build(&[0.2; 3], &mut scratch, &mut to);
        let increments: Vec<f64> = (0..300).map(|i| 0.001 * f64::from(i % 7)).collect();
        let crossfade = Crossfade { slope: 1.0 / 5000.0, offset: -0.5 };
        let position = (1 << 52) - 100_000_000_000;
        let tables = |from, to| Tables { from, to, crossfade, position: 0, step: 30 };
        let mut reader = Reader::new(&builder);
        let (mut a, mut b, mut mixed) = ([0.0; 300], [0.0; 300], [0.0; 300]);
        let start = Phase::new(0.75);
        reader.read(tables(&from, &from), start, &increments, &mut a);
        reader.read(tables(&to, &to), start, &increments, &mut b);
        reader.read(tables(&from, &to), start, &increments, &mut mixed);
        for i in 0..300 {
            let fade = (i as f32 * 30.0 / 5000.0 - 0.5).clamp(0.0, 1.0);
            assert!((a[i] + fade * (b[i] - a[i]) - mixed[i]).abs() < 1e-5, "sample {i}");
        }
        // In pieces it is the same to the last bit, also at the clock's far end.
        let far = Tables { position, ..tables(&from, &to) };
        let (mut pieces, mut phase) = ([0.0; 300], start);
        reader.read(far, start, &increments, &mut mixed);
        let mut at = 0;
        for length in [1, 63, 64, 65, 107] {
            let tables = Tables { position: position + 30 * at as u64, ..far };
            let range = at..at + length;
            phase = reader.read(tables, phase, &increments[range.clone()], &mut pieces[range]);
            at += length;
        }
        assert_eq!(at, 300);
        assert_eq!(pieces, mixed);
        // And with any instruction set.
        let mut plain = [0.0; RUN];
        prepare(&mut reader, &far, start, &increments[..RUN]);
        sum(&reader, &far, &mut plain, interpolate);
        assert_eq!(plain, mixed[..RUN]);
    }
}
