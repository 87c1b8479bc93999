//! Which partials are decoded.

/// Where partials are closer than this, only so many an octave are decoded.
const PER_OCTAVE: f64 = 10.0;

/// The partials that are decoded; the others lie between two of them.
#[derive(Clone, Debug)]
pub(super) struct Decoded {
    /// Their harmonic numbers, from 1.
    pub numbers: Vec<f32>,
    /// For each partial, the one decoded at or below it, and how far it is from there to the next.
    pub between: Vec<(usize, f32)>,
}

impl Decoded {
    pub fn new(partials: usize) -> Self {
        let mut numbers = vec![1_usize];
        let mut last = 1;
        while last < partials {
            let step = (last as f64 * (f64::exp2(1.0 / PER_OCTAVE) - 1.0)) as usize;
            last = (last + step.max(1)).min(partials);
            numbers.push(last);
        }
        let between = (1..=partials).map(|number| {
            let below = numbers.partition_point(|&n| n <= number) - 1;
            let below = below.min(numbers.len().saturating_sub(2));
            let next = numbers.get(below + 1).copied().unwrap_or(number + 1);
            (below, (number - numbers[below]) as f32 / (next - numbers[below]) as f32)
        });
        Self { between: between.collect(), numbers: numbers.iter().map(|&n| n as f32).collect() }
    }

    /// Number of partials.
    pub fn partials(&self) -> usize {
        self.between.len()
    }

    /// How many to decode for the first `partials` partials, at least one.
    pub fn count(&self, partials: usize) -> usize {
        let last = self.between[partials - 1].0;
        (last + 2).min(self.numbers.len())
    }
}
