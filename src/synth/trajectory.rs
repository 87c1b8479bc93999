//! Offline playing of frames that are known beforehand.

use std::sync::Arc;

use super::clock::FrameClock;
use super::noise::{Noise, NoiseShaper, tonal_share};
use super::oscillator::Oscillator;
use super::reading::RUN;
use super::spectrum::PartialReader;
use super::table::TableBuilder;
use crate::{Error, Result};

/// Frames to be played: frame i stands at i hop_size / rate of the analysed sound.
#[derive(Clone, Copy, Debug)]
pub struct Trajectory<'a> {
    /// Cycle spectra, (T, K) row-major.
    pub spectra: &'a [f32],
    /// Sounding f0 of each frame, Hz, (T,); 0 where there is none.
    pub f0_hz: &'a [f32],
    /// The f0 at which the levels of the spectra hold, Hz, (T,); the sounding one if `None`.
    pub level_f0_hz: Option<&'a [f32]>,
    /// Voicedness of each frame, (T,); fully voiced if `None`. Where spectra have 4 cycles or more,
    /// frames whose partials stand out are tone at any voicedness.
    pub voicedness: Option<&'a [f32]>,
    /// Samples between frames at the rate of the analysed sound.
    pub hop_size: usize,
    /// Amplitude factor of the noise part, at least 0; at 0 partials sound alone, at their full level.
    pub noise: f32,
    /// Chooses the noise.
    pub seed: u64,
}

/// Plays frames at any rate: partial levels move linearly between frames, f0 in its logarithm.
///
/// Returns ceil(T hop_size sample_rate / rate of the analysed sound) samples; sample n is the sound at
/// n / sample_rate, without delay. The last frame is held for one hop. Frames without f0 have no partials, are noise as
/// a whole, and take over the pitch of the nearest earlier frame that has one (else the first
/// that has).
///
/// # Errors
/// [`Error::Parameter`] if lengths do not fit each other or a value is not finite.
pub fn play(
    trajectory: &Trajectory<'_>,
    reader: &PartialReader,
    sample_rate: f64,
) -> Result<Vec<f32>> {
    let layout = reader.layout();
    let frames = trajectory.f0_hz.len();
    check(trajectory, layout.n_bins)?;
    if !(1..=1 << 16).contains(&trajectory.hop_size) {
        return Err(Error::parameter(format!(
            "hop_size is {}, expected 1 to 65536",
            trajectory.hop_size
        )));
    }
    let mut clock = FrameClock::new(trajectory.hop_size, layout.sample_rate, sample_rate)?;
    let length = (frames as u128 * u128::from(clock.period())).div_ceil(u128::from(clock.step()));
    let Ok(length) = usize::try_from(length) else {
        return Err(Error::parameter(format!("{frames} frames are too many")));
    };
    if frames == 0 {
        return Ok(Vec::new());
    }

    let increments = increments(trajectory.f0_hz, sample_rate);
    let partials = reader.partials();
    let shaper = NoiseShaper::new(Arc::new(reader.clone()), sample_rate);
    let noisy = trajectory.noise > 0.0;
    let spectrum_of = |frame: usize| &trajectory.spectra[frame * layout.n_bins..][..layout.n_bins];
    let mut calm = vec![0.0; layout.n_bins];
    let mut read = |frame: usize, amplitudes: &mut [f32], noise: &mut [f32]| {
        let spectrum = spectrum_of(frame);
        let level_f0_hz = trajectory.level_f0_hz.unwrap_or(trajectory.f0_hz)[frame];
        let sounding = trajectory.f0_hz[frame] > 0.0;
        let level_f0_hz = if sounding { f64::from(level_f0_hz) } else { 0.0 };
        reader.read(spectrum, level_f0_hz, amplitudes);
        if noisy {
            // One frame of noise says little about its level: its neighbours are asked too.
            let before = spectrum_of(frame.saturating_sub(1));
            let after = spectrum_of((frame + 1).min(frames - 1));
            for ((calm, now), (a, b)) in calm.iter_mut().zip(spectrum).zip(before.iter().zip(after))
            {
                *calm = 0.5 * now + 0.25 * (a + b);
            }
            let tonal = match trajectory.voicedness {
                _ if !sounding => 0.0,
                Some(voicedness) => tonal_share(voicedness[frame]).max(shaper.comb_share(&calm)),
                None => 1.0,
            };
            shaper.shape(if tonal > 0.0 { &calm } else { spectrum }, level_f0_hz, tonal, noise);
            scale(noise, trajectory.noise);
            scale(amplitudes, tonal.sqrt());
        }
    };
    // A table must stand the pitch of the frames on both sides of its own.
    let highest = |frame: usize| {
        let neighbours = frame.saturating_sub(1)..(frame + 2).min(frames);
        increments[neighbours].iter().copied().fold(0.0, f64::max)
    };
    let mut oscillator = Oscillator::new(Arc::new(TableBuilder::new(partials)), partials);
    let (mut now, mut next) = (vec![0.0; partials], vec![0.0; partials]);
    let (mut noise_now, mut noise_next) = (vec![0.0; shaper.bins()], vec![0.0; shaper.bins()]);
    read(0, &mut now, &mut noise_now);
    read(1.min(frames - 1), &mut next, &mut noise_next);
    oscillator.start(&now, &next, 0.0, highest(0).max(highest(1.min(frames - 1))));
    let mut noise = Noise::new(&shaper);
    noise.restart(trajectory.seed);

    let mut frame = 0;
    let mut slope = slope_after(&increments, 0);
    let period = clock.period() as f64;
    let ahead = shaper.hop() as f64 / clock.samples_per_frame();
    let mut output = vec![0.0; length];
    let mut rest = output.as_mut_slice();
    let mut steps = [0.0; RUN];
    while !rest.is_empty() {
        if clock.tick() {
            frame = (frame + 1).min(frames - 1);
            let later = (frame + 1).min(frames - 1);
            std::mem::swap(&mut noise_now, &mut noise_next);
            read(later, &mut next, &mut noise_next);
            oscillator.next_frame(&next, highest(later));
            slope = slope_after(&increments, frame);
        }
        let run = clock.samples_until(clock.period()).clamp(1, rest.len().min(RUN));
        let (now, later) = rest.split_at_mut(run);
        for (step, position) in
            steps.iter_mut().zip((clock.position()..).step_by(clock.step() as usize))
        {
            *step = increments[frame] * (slope * (position as f64 / period)).exp();
        }
        oscillator.render(&clock, &steps[..run], now);
        for sample in now {
            if noisy {
                if noise.is_due() {
                    // Of the loudness that the noise frame's middle has.
                    let time = clock.position() as f64 / period;
                    let at = (time + ahead).min(1.0) as f32;
                    let between = |j: usize| noise_now[j] + at * (noise_next[j] - noise_now[j]);
                    noise.next_frame(&shaper, between);
                }
                *sample += noise.sample();
            }
            clock.advance(1);
        }
        rest = later;
    }
    Ok(output)
}

fn scale(values: &mut [f32], gain: f32) {
    for value in values {
        *value *= gain;
    }
}

/// ln of the pitch's change until the next frame.
fn slope_after(increments: &[f64], frame: usize) -> f64 {
    match (increments.get(frame), increments.get(frame + 1)) {
        (Some(now), Some(next)) if *now > 0.0 => (next / now).ln(),
        _ => 0.0,
    }
}

/// Cycles a sample for each frame, gaps filled.
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

fn check(trajectory: &Trajectory<'_>, n_bins: usize) -> Result<()> {
    let frames = trajectory.f0_hz.len();
    if trajectory.spectra.len() != frames * n_bins {
        return Err(Error::parameter(format!(
            "{} spectrum values for {frames} frames, expected {n_bins} a frame",
            trajectory.spectra.len()
        )));
    }
    let f0_hz = [Some(trajectory.f0_hz), trajectory.level_f0_hz];
    for values in f0_hz.into_iter().flatten() {
        if values.len() != frames {
            return Err(Error::parameter(format!(
                "{} f0 values for {frames} frames",
                values.len()
            )));
        }
        if let Some(frame) = values.iter().position(|f0| !(0.0..1e6).contains(f0)) {
            return Err(Error::parameter(format!(
                "f0 of frame {frame} is {}, expected 0 (none) to 1e6 Hz",
                values[frame]
            )));
        }
    }
    if let Some(voicedness) = trajectory.voicedness {
        if voicedness.len() != frames {
            return Err(Error::parameter(format!(
                "{} voicedness values for {frames} frames",
                voicedness.len()
            )));
        }
        if let Some(frame) = voicedness.iter().position(|v| !v.is_finite()) {
            return Err(Error::parameter(format!(
                "voicedness of frame {frame} is {}, expected 0 to 1",
                voicedness[frame]
            )));
        }
    }
    if !(0.0..=4.0).contains(&trajectory.noise) {
        return Err(Error::parameter(format!("noise is {}, expected 0 to 4", trajectory.noise)));
    }
    if let Some(place) = trajectory.spectra.iter().position(|v| !v.is_finite()) {
        return Err(Error::parameter(format!(
            "bin {} of frame {} is {}, expected a finite number",
            place % n_bins,
            place / n_bins,
            trajectory.spectra[place]
        )));
    }
    Ok(())
}
