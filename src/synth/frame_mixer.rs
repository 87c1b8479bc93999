//! Splits a predicted spectrum into tone and noise, by one rule for notes and for analysed frames.

use std::sync::Arc;

use super::noise::NoiseShaper;
use super::spectrum::PartialReader;

/// RMS level that frames are brought to when levels are normalised.
const NORMAL_RMS: f32 = 0.1;
/// Frames quieter than this RMS level are not raised any further.
const QUIETEST_RAISED_RMS: f32 = 1e-3;

/// How frames are turned into sound.
#[derive(Clone, Copy, Debug)]
pub struct RenderSettings {
    /// Whether every frame is brought to the same level.
    pub normalise: bool,
    /// Amplitude factor of the noise; at 0 the partials sound alone, at their full level.
    pub noise: f32,
}

/// A spectrum, and what is needed to split it into tone and noise.
#[derive(Clone, Copy, Debug)]
pub struct MixedFrame<'a> {
    /// The spectrum that partials are read from, (K,).
    pub spectrum: &'a [f32],
    /// The spectrum that the noise is shaped by, (K,): the same one, or a mean over several frames.
    pub noise_spectrum: &'a [f32],
    /// The f0 at which the levels of the spectrum hold, Hz; 0 if the frame has no pitch, and then it
    /// has no partials.
    pub f0_hz: f64,
    /// Share of the power that is tone, 0 .. 1; the rest is noise.
    pub tonal: f32,
}

/// Turns spectra into the amplitudes of partials and of noise bins.
pub struct FrameMixer {
    reader: Arc<PartialReader>,
    shaper: NoiseShaper,
}

impl FrameMixer {
    /// Prepares for spectra as `reader` reads them, played at `sample_rate` Hz.
    pub fn new(reader: Arc<PartialReader>, sample_rate: f64) -> Self {
        Self { shaper: NoiseShaper::new(Arc::clone(&reader), sample_rate), reader }
    }

    /// The reader of partials that it was made with.
    pub fn reader(&self) -> &PartialReader {
        &self.reader
    }

    /// The noise shaper that it uses.
    pub fn shaper(&self) -> &NoiseShaper {
        &self.shaper
    }

    /// Fills `partials`, (partials,), and `noise`, (noise bins,), with the amplitudes of a frame;
    /// allocates nothing.
    pub fn process(
        &self,
        frame: &MixedFrame<'_>,
        settings: RenderSettings,
        partials: &mut [f32],
        noise: &mut [f32],
    ) {
        self.reader.read(frame.spectrum, frame.f0_hz, partials);
        let mut gain = 1.0;
        if settings.normalise {
            let power: f32 = partials.iter().map(|a| a * a).sum();
            gain = NORMAL_RMS / (power / 2.0).sqrt().max(QUIETEST_RAISED_RMS);
        }
        let mut tonal = 1.0;
        if settings.noise > 0.0 {
            tonal = frame.tonal;
            self.shaper.shape(frame.noise_spectrum, frame.f0_hz, tonal, noise);
            scale(noise, gain * settings.noise);
        } else {
            noise.fill(0.0);
        }
        scale(partials, gain * tonal.sqrt());
    }
}

fn scale(values: &mut [f32], gain: f32) {
    for value in values {
        *value *= gain;
    }
}
