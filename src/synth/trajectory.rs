//! Offline playing of frames that are known beforehand.

use std::sync::Arc;

use super::clock::FrameClock;
use super::frame_mixer::{FrameMixer, MixedFrame, RenderSettings};
use super::interpolation::SAMPLES_PER_READ;
use super::noise::tonal_share;
use super::noise_track::NoiseTrack;
use super::oscillator::Oscillator;
use super::spectrum::PartialReader;
use super::table::TableBuilder;
use crate::limits::HOP_SIZE;
use crate::{Error, Result};

/// Frames to be played: frame i stands at i hop_size / rate of the analysed sound.
#[derive(Clone, Copy, Debug)]
pub struct Trajectory<'a> {
    /// Cycle spectra, (T, K) row-major.
    pub spectra: &'a [f32],
    /// f0 at which each frame is played, Hz, (T,); 0 where there is no pitch.
    pub f0_hz: &'a [f32],
    /// f0 at which the levels of the spectra hold, Hz, (T,); `f0_hz` if `None`.
    pub level_f0_hz: Option<&'a [f32]>,
    /// Voicedness of each frame, 0 .. 1, (T,); 1 everywhere if `None`. Where the spectra have 4 cycles or
    /// more, frames whose partials stand out are tone at any voicedness.
    pub voicedness: Option<&'a [f32]>,
    /// Samples between frames at the rate of the analysed sound, 1 .. 65536.
    pub hop_size: usize,
    /// Amplitude factor of the noise part, 0 .. 4; at 0 the partials sound alone, at their full level.
    pub noise: f32,
    /// Chooses the noise: the same seed gives the same samples.
    pub seed: u64,
}

/// Plays frames at any rate. Between frames, the levels of partials move linearly and f0 moves
/// linearly in its logarithm.
///
/// Returns ceil(T hop_size sample_rate / rate of the analysed sound) samples; sample n is the sound at
/// n / sample_rate, without delay. The last frame is held for one hop. Frames without a pitch have no
/// partials and are all noise; the oscillator meanwhile keeps the pitch of the nearest earlier frame
/// that has one, or else of the first one that has.
///
/// # Errors
/// [`Error::Parameter`] if lengths do not fit each other or a value is not finite or out of range.
pub fn play(
    trajectory: &Trajectory<'_>,
    reader: &PartialReader,
    sample_rate: f64,
) -> Result<Vec<f32>> {
    let layout = reader.layout();
    let frames = trajectory.f0_hz.len();
    check(trajectory, layout.n_bins)?;
    let clock = FrameClock::new(trajectory.hop_size, layout.sample_rate, sample_rate)?;
    let length = (frames as u128 * u128::from(clock.period())).div_ceil(u128::from(clock.step()));
    let Ok(length) = usize::try_from(length) else {
        return Err(Error::parameter(format!("{frames} frames are too many")));
    };
    let mut output = vec![0.0; length];
    if frames > 0 {
        Player::new(trajectory, reader, sample_rate, clock).process(&mut output);
    }
    Ok(output)
}

/// Plays a trajectory from its first frame on; it has at least one.
struct Player<'a> {
    trajectory: &'a Trajectory<'a>,
    mixer: FrameMixer,
    oscillator: Oscillator,
    noise: NoiseTrack,
    clock: FrameClock,
    /// Pitch of each frame, cycles a sample, without gaps.
    increments: Vec<f64>,
    /// The frame that the clock is in.
    frame: usize,
    /// Natural logarithm of the ratio of the next frame's pitch to this one's.
    slope: f64,
    /// Amplitudes of the partials in the frame that was read last.
    partials: Vec<f32>,
    /// Its spectrum, averaged with its neighbours.
    smoothed: Vec<f32>,
}

impl<'a> Player<'a> {
    fn new(
        trajectory: &'a Trajectory<'a>,
        reader: &PartialReader,
        sample_rate: f64,
        clock: FrameClock,
    ) -> Self {
        let partials = reader.partials();
        let mixer = FrameMixer::new(Arc::new(reader.clone()), sample_rate);
        let increments = increments(trajectory.f0_hz, sample_rate);
        let mut player = Self {
            oscillator: Oscillator::new(Arc::new(TableBuilder::new(partials)), partials),
            noise: NoiseTrack::new(mixer.shaper()),
            clock,
            frame: 0,
            slope: slope_after(&increments, 0),
            partials: vec![0.0; partials],
            smoothed: vec![0.0; reader.layout().n_bins],
            increments,
            mixer,
            trajectory,
        };
        player.noise.reset(trajectory.seed);
        let second = player.frame_after(0);
        player.read(0);
        let first = player.partials.clone();
        player.read(second);
        let highest = player.highest_near(0).max(player.highest_near(second));
        player.oscillator.reset(&first, &player.partials, 0.0, highest);
        player
    }

    /// The next frame, or the last one again.
    fn frame_after(&self, frame: usize) -> usize {
        (frame + 1).min(self.increments.len() - 1)
    }

    /// The highest pitch of a frame and its neighbours: its table must be free of aliasing
    /// there, cycles a sample.
    fn highest_near(&self, frame: usize) -> f64 {
        let neighbours = frame.saturating_sub(1)..=self.frame_after(frame);
        self.increments[neighbours].iter().copied().fold(0.0, f64::max)
    }

    fn spectrum(&self, frame: usize) -> &'a [f32] {
        let n_bins = self.smoothed.len();
        &self.trajectory.spectra[frame * n_bins..][..n_bins]
    }

    /// Reads partials and noise of a frame, which becomes the later one.
    fn read(&mut self, frame: usize) {
        let trajectory = self.trajectory;
        let spectrum = self.spectrum(frame);
        let has_pitch = trajectory.f0_hz[frame] > 0.0;
        let level_f0_hz = trajectory.level_f0_hz.unwrap_or(trajectory.f0_hz)[frame];
        let mut tonal = if has_pitch { 1.0 } else { 0.0 };
        if trajectory.noise > 0.0 {
            self.smooth(frame);
            if let (true, Some(voicedness)) = (has_pitch, trajectory.voicedness) {
                let comb_share = self.mixer.shaper().comb_share(&self.smoothed);
                tonal = tonal_share(voicedness[frame]).max(comb_share);
            }
        }
        let mixed = MixedFrame {
            spectrum,
            noise_spectrum: if tonal > 0.0 { &self.smoothed } else { spectrum },
            f0_hz: if has_pitch { f64::from(level_f0_hz) } else { 0.0 },
            tonal,
        };
        let settings = RenderSettings { normalise: false, noise: trajectory.noise };
        self.mixer.process(&mixed, settings, &mut self.partials, self.noise.next_frame());
    }

    /// Averages a spectrum with its neighbours: a single frame of noise says little about its level.
    fn smooth(&mut self, frame: usize) {
        let before = self.spectrum(frame.saturating_sub(1));
        let after = self.spectrum(self.frame_after(frame));
        let spectrum = self.spectrum(frame);
        let beside = before.iter().zip(after);
        for ((smoothed, now), (a, b)) in self.smoothed.iter_mut().zip(spectrum).zip(beside) {
            *smoothed = 0.5 * now + 0.25 * (a + b);
        }
    }

    fn next_frame(&mut self) {
        self.frame = self.frame_after(self.frame);
        let later = self.frame_after(self.frame);
        self.read(later);
        self.oscillator.next_frame(&self.partials, self.highest_near(later));
        self.slope = slope_after(&self.increments, self.frame);
    }

    /// Fills `output` with the next samples.
    fn process(&mut self, mut output: &mut [f32]) {
        let period = self.clock.period();
        let mut steps = [0.0; SAMPLES_PER_READ];
        while !output.is_empty() {
            if self.clock.tick() {
                self.next_frame();
            }
            let most = output.len().min(SAMPLES_PER_READ);
            let (now, later) = output.split_at_mut(self.clock.samples_until(period).clamp(1, most));
            let positions = (self.clock.position()..).step_by(self.clock.step() as usize);
            for (step, position) in steps.iter_mut().zip(positions) {
                let time = position as f64 / period as f64;
                *step = self.increments[self.frame] * (self.slope * time).exp();
            }
            self.oscillator.process(&self.clock, &steps[..now.len()], now);
            for sample in now {
                *sample += self.noise.process(self.mixer.shaper(), &self.clock);
                self.clock.advance(1);
            }
            output = later;
        }
    }
}

/// Natural logarithm of the ratio of the next frame's pitch to this one's.
fn slope_after(increments: &[f64], frame: usize) -> f64 {
    match (increments.get(frame), increments.get(frame + 1)) {
        (Some(now), Some(next)) if *now > 0.0 => (next / now).ln(),
        _ => 0.0,
    }
}

/// Pitch of each frame, cycles a sample. Frames without one take over that of the nearest earlier
/// frame that has one, or else of the first one that has.
fn increments(f0_hz: &[f32], sample_rate: f64) -> Vec<f64> {
    let mut last = f0_hz.iter().copied().find(|&f0| f0 > 0.0).unwrap_or(0.0);
    f0_hz
        .iter()
        .map(|&f0| {
            if f0 > 0.0 {
                last = f0;
            }
            f64::from(last) / sample_rate
        })
        .collect()
}

/// Refuses lengths that do not fit each other and values out of range.
fn check(trajectory: &Trajectory<'_>, n_bins: usize) -> Result<()> {
    let frames = trajectory.f0_hz.len();
    if trajectory.spectra.len() != frames * n_bins {
        return Err(Error::parameter(format!(
            "{} spectrum values for {frames} frames, wanted {n_bins} for each frame",
            trajectory.spectra.len()
        )));
    }
    let f0_hz = [Some(trajectory.f0_hz), trajectory.level_f0_hz];
    for values in f0_hz.into_iter().flatten() {
        if values.len() != frames {
            return Err(Error::parameter(format!(
                "{} f0 values for {frames} frames, wanted one for each frame",
                values.len()
            )));
        }
        if let Some(frame) = values.iter().position(|f0| !(0.0..1e6).contains(f0)) {
            return Err(Error::parameter(format!(
                "f0 of frame {frame} is {}, wanted 0 (no pitch) to 1e6 Hz",
                values[frame]
            )));
        }
    }
    if let Some(voicedness) = trajectory.voicedness {
        if voicedness.len() != frames {
            return Err(Error::parameter(format!(
                "{} voicedness values for {frames} frames, wanted one for each frame",
                voicedness.len()
            )));
        }
        if let Some(frame) = voicedness.iter().position(|v| !v.is_finite()) {
            return Err(Error::parameter(format!(
                "voicedness of frame {frame} is {}, wanted 0 to 1",
                voicedness[frame]
            )));
        }
    }
    if !HOP_SIZE.contains(&trajectory.hop_size) {
        return Err(Error::parameter(format!(
            "hop_size is {}, wanted {} to {}",
            trajectory.hop_size,
            HOP_SIZE.start(),
            HOP_SIZE.end()
        )));
    }
    if !(0.0..=4.0).contains(&trajectory.noise) {
        return Err(Error::parameter(format!("noise is {}, wanted 0 to 4", trajectory.noise)));
    }
    if let Some(place) = trajectory.spectra.iter().position(|v| !v.is_finite()) {
        return Err(Error::parameter(format!(
            "bin {} of frame {} is {}, wanted a finite number",
            place % n_bins,
            place / n_bins,
            trajectory.spectra[place]
        )));
    }
    Ok(())
}
