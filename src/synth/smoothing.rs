//! One-pole smoothing that reaches its target exactly.

/// A value that follows its target with a time constant, sample by sample.
#[derive(Clone, Copy, Debug)]
pub struct Smoothed {
    value: f64,
    target: f64,
    rate: f64,
}

impl Smoothed {
    /// Starts at rest at `value`; `samples` is the time constant.
    pub fn new(value: f64, samples: f64) -> Self {
        Self { value, target: value, rate: -(-1.0 / samples.max(1e-3)).exp_m1() }
    }

    /// Moves towards `target` from now on.
    pub fn set(&mut self, target: f64) {
        self.target = target;
    }

    /// Goes to `value` at once and stays there.
    pub fn jump(&mut self, value: f64) {
        self.value = value;
        self.target = value;
    }

    /// Changes the time constant.
    pub fn set_time(&mut self, samples: f64) {
        self.rate = -(-1.0 / samples.max(1e-3)).exp_m1();
    }

    /// The value that it moves to.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// The value now.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Goes one sample further and returns the new value.
    #[inline]
    pub fn process(&mut self) -> f64 {
        let difference = self.target - self.value;
        // The rest of the way is below the resolution of the samples.
        if difference.abs() <= 1e-9 * self.target.abs() || difference.abs() < 1e-30 {
            self.value = self.target;
        } else {
            self.value += self.rate * difference;
        }
        self.value
    }
}
