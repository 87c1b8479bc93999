//! The noise of one voice over time.

use super::clock::FrameClock;
use super::noise::{Noise, NoiseShaper};

/// Noise whose level in each bin moves linearly from one frame of the network to the next.
#[derive(Clone)]
pub struct NoiseTrack {
    noise: Noise,
    /// Amplitudes of the noise bins in the frame before and in the frame after.
    earlier: Vec<f32>,
    later: Vec<f32>,
}

impl NoiseTrack {
    /// Makes a silent track.
    pub fn new(shaper: &NoiseShaper) -> Self {
        Self {
            noise: Noise::new(shaper),
            earlier: vec![0.0; shaper.bins()],
            later: vec![0.0; shaper.bins()],
        }
    }

    /// Starts again; the same seed gives the same noise.
    pub fn reset(&mut self, seed: u64) {
        self.noise.reset(seed);
    }

    /// Moves on by a frame: returns the amplitudes of the frame to come, (noise bins,), to be filled.
    pub fn next_frame(&mut self) -> &mut [f32] {
        std::mem::swap(&mut self.earlier, &mut self.later);
        &mut self.later
    }

    /// Makes the frame before the same as the frame to come: at the start of a note, where there was
    /// none.
    pub fn hold_first_frame(&mut self) {
        self.earlier.copy_from_slice(&self.later);
    }

    /// The next sample, at the clock's time within the frame.
    #[inline]
    pub fn process(&mut self, shaper: &NoiseShaper, clock: &FrameClock) -> f32 {
        if self.noise.is_due() {
            self.next_noise(shaper, clock);
        }
        self.noise.process()
    }

    /// Makes the noise frame that begins now, with the amplitudes that are due at its middle.
    fn next_noise(&mut self, shaper: &NoiseShaper, clock: &FrameClock) {
        let ahead = shaper.hop() as f64 / clock.samples_per_frame();
        let time = clock.position() as f64 / clock.period() as f64 + ahead;
        let time = time.min(1.0) as f32;
        let (earlier, later) = (&self.earlier, &self.later);
        self.noise.next_frame(shaper, |j| earlier[j] + time * (later[j] - earlier[j]));
    }
}
