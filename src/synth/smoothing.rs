//! One-pole smoothing that arrives exactly.

/// A value that follows its target with a time constant, sample by sample.
#[derive(Clone, Copy, Debug)]
pub struct Smoothed {
    value: f64,
    target: f64,
    rate: f64,
}

impl Smoothed {
    /// Starts settled at `value`; `samples` is the time constant.
    pub fn new(value: f64, samples: f64) -> Self {
        Self { value, target: value, rate: -(-1.0 / samples.max(1e-3)).exp_m1() }
    }

    /// Moves towards `target` from now on.
    pub fn set(&mut self, target: f64) {
        self.target = target;
    }

    /// Jumps.
    pub fn jump(&mut self, value: f64) {
        self.value = value;
        self.target = value;
    }

    /// Changes the time constant.
    pub fn set_time(&mut self, samples: f64) {
        self.rate = -(-1.0 / samples.max(1e-3)).exp_m1();
    }

    /// Where it is going.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// The value now.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Goes one sample further and returns the new value.
    #[inline]
    pub fn step(&mut self) -> f64 {
        let difference = self.target - self.value;
        // So near that no ear and no float32 can tell: be there, exactly.
        if difference.abs() <= 1e-9 * self.target.abs() || difference.abs() < 1e-30 {
            self.value = self.target;
        } else {
            self.value += self.rate * difference;
        }
        self.value
    }
}
