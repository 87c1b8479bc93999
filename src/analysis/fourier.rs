//! Real Fourier transforms by `realfft`, each with its buffers.

use realfft::num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// A forward real transform of one length n. Each thread needs a clone of its own.
#[derive(Clone)]
pub(crate) struct Forward {
    plan: Arc<dyn RealToComplex<f64>>,
    /// The next transform's input, `n` values; destroyed by [`Forward::run`].
    pub input: Vec<f64>,
    /// The last transform's output, `n / 2 + 1` values.
    pub output: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl Forward {
    pub fn new(n: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(n);
        Self {
            input: plan.make_input_vec(),
            output: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
        }
    }

    /// Transforms `input` into `output`.
    pub fn run(&mut self) {
        self.plan
            .process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch)
            .expect("buffers were made for this plan");
    }
}

/// An inverse real transform of one length n, not normalised. Each thread needs a clone of its own.
#[derive(Clone)]
pub(crate) struct Inverse {
    plan: Arc<dyn ComplexToReal<f64>>,
    /// The next transform's input, `n / 2 + 1` values; destroyed by [`Inverse::run`].
    pub input: Vec<Complex64>,
    /// The last transform's output, `n` values.
    pub output: Vec<f64>,
    scratch: Vec<Complex64>,
}

impl Inverse {
    pub fn new(n: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_inverse(n);
        Self {
            input: plan.make_input_vec(),
            output: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
        }
    }

    /// Transforms `input` into `output`; the imaginary parts at 0 and Nyquist are ignored.
    pub fn run(&mut self) {
        if let Some(first) = self.input.first_mut() {
            first.im = 0.0;
        }
        if self.output.len().is_multiple_of(2)
            && let Some(last) = self.input.last_mut()
        {
            last.im = 0.0;
        }
        self.plan
            .process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch)
            .expect("buffers were made for this plan");
    }
}

/// The symmetric Hann window (`numpy.hanning`).
pub(crate) fn hann_symmetric(length: usize) -> Vec<f64> {
    match length {
        0 => Vec::new(),
        1 => vec![1.0],
        _ => hann(length, (length - 1) as f64),
    }
}

/// The periodic Hann window (`scipy.signal.get_window("hann", n)`).
pub(crate) fn hann_periodic(length: usize) -> Vec<f64> {
    hann(length, length as f64)
}

fn hann(length: usize, period: f64) -> Vec<f64> {
    (0..length).map(|i| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / period).cos()).collect()
}
