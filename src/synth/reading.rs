//! Reading two tables at one phase: six-point Lagrange interpolation of a run of samples at a time.

use multiversion::multiversion;

use super::table::TableBuilder;

/// Samples that are read at a time.
pub const RUN: usize = 64;
/// Points that each sample is interpolated from: table samples -2 to 3 around it.
pub(super) const TAPS: usize = 6;

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
    weights: [[f32; RUN]; TAPS],
}

impl Reader {
    /// For tables of this builder.
    pub fn new(builder: &TableBuilder) -> Self {
        let length_log2 = builder.length().ilog2();
        Self { length_log2, phases: [0; RUN], fades: [0.0; RUN], weights: [[0.0; RUN]; TAPS] }
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

/// At most `RUN` samples: what depends on the phase's history, then what can be computed for many
/// samples at once, then the taps, which lie anywhere.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn read(
    reader: &mut Reader,
    tables: &Tables<'_>,
    mut phase: Phase,
    increments: &[f64],
    output: &mut [f32],
) -> Phase {
    let Reader { length_log2, phases, fades, weights } = reader;
    let (length_log2, rest) = (*length_log2, 64 - *length_log2);
    for (slot, &increment) in phases.iter_mut().zip(increments) {
        *slot = phase.0;
        phase.0 = phase.0.wrapping_add(Phase::new(increment).0);
    }
    let [w0, w1, w2, w3, w4, w5] = weights;
    for i in 0..RUN {
        let position = tables.position.wrapping_add(tables.step.wrapping_mul(i as u64));
        let fade = whole(position) * tables.crossfade.slope + tables.crossfade.offset;
        fades[i] = fade.clamp(0.0, 1.0) as f32;
        // The 24 bits below those that number the table's samples.
        let part = (phases[i].wrapping_shl(length_log2) >> 40) as i32;
        let x = part as f32 * (1.0 / (1 << 24) as f32);
        let (m2, m1, p1, p2, p3) = (x + 2.0, x + 1.0, x - 1.0, x - 2.0, x - 3.0);
        let (low, high, middle) = (m2 * m1, p2 * p3, x * p1);
        w0[i] = m1 * middle * high * (-1.0 / 120.0);
        w1[i] = m2 * middle * high * (1.0 / 24.0);
        w2[i] = low * p1 * high * (-1.0 / 12.0);
        w3[i] = low * x * high * (1.0 / 12.0);
        w4[i] = low * middle * p3 * (-1.0 / 24.0);
        w5[i] = low * middle * p2 * (1.0 / 120.0);
    }
    for (i, sample) in output.iter_mut().enumerate().take(RUN) {
        let first = phases[i].wrapping_shr(rest) as usize;
        let (Some(from), Some(to)) = (window(tables.from, first), window(tables.to, first)) else {
            *sample = 0.0;
            continue;
        };
        let (mut a, mut b) = (0.0, 0.0);
        for tap in 0..TAPS {
            a += weights[tap][i] * from[tap];
            b += weights[tap][i] * to[tap];
        }
        *sample = a + fades[i] * (b - a);
    }
    phase
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
    }
}
