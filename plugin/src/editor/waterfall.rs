//! The memory of the scope: the last cycles of the waveform as lines, and the levels of the partials.

use std::collections::VecDeque;

use wms::synth::internals::{Table, TableBuilder, TableScratch};

use crate::picture::Picture;

/// The number of lines that are remembered.
pub const LINES: usize = 44;
/// The number of points in a line.
pub const POINTS: usize = 192;
/// The largest number of partials that are shown.
pub const PARTIALS: usize = 64;
/// The level of a partial at which its bar has no height, dB relative to the loudest.
const FLOOR_DB: f32 = -80.0;
/// The time between two lines, s.
const STEP_S: f32 = 1.0 / 28.0;
/// After so long without a new picture the audio thread has stopped, and silence is shown, s.
const STALE_S: f32 = 0.25;
/// How fast bars fall, in heights of the scale per second.
const FALL: f32 = 1.8;
/// The number of cycles in a line.
const CYCLES: f32 = 2.0;
/// The highest partial in a line. Its points are too few for higher ones.
const DRAWN_PARTIALS: usize = 40;
/// The output level at which a line is flat, dB.
const QUIET_DB: f32 = -60.0;
/// The output level at which a line has its full height, dB.
const LOUD_DB: f32 = -18.0;

/// Builds the cycle that the oscillator plays, in the same way.
struct Tables {
    partials: usize,
    builder: TableBuilder,
    scratch: TableScratch,
    table: Table,
}

impl Tables {
    fn new(partials: usize) -> Self {
        let builder = TableBuilder::new(partials);
        let (scratch, table) = (builder.scratch(), builder.table());
        Self { partials, builder, scratch, table }
    }

    /// A line of two cycles with heights up to `loudness`.
    fn line(&mut self, amplitudes: &[f32], loudness: f32) -> Vec<f32> {
        let drawn = &amplitudes[..amplitudes.len().min(DRAWN_PARTIALS)];
        self.builder.build(drawn, drawn.len(), &mut self.scratch, &mut self.table);
        let cycle = self.table.cycle();
        let length = cycle.len();
        let most = cycle.iter().fold(1e-9f32, |most, sample| most.max(sample.abs()));
        (0..POINTS)
            .map(|i| {
                let turn = CYCLES * i as f32 / POINTS as f32;
                cycle[(turn.fract() * length as f32) as usize % length] / most * loudness
            })
            .collect()
    }
}

/// The lines and bars that the scope draws.
#[derive(Default)]
pub struct Waterfall {
    tables: Option<Tables>,
    lines: VecDeque<Vec<f32>>,
    bars: Vec<f32>,
    /// The number of the last picture.
    picture_number: u64,
    /// Seconds without a new picture.
    stale_s: f32,
    /// Seconds since the last line.
    since_s: f32,
    f0_hz: f32,
}

/// The height of a line for these output samples, 0 to 1.
fn loudness(samples: &[f32]) -> f32 {
    let power = samples.iter().map(|sample| sample * sample).sum::<f32>();
    let level_db = 10.0 * (power / samples.len().max(1) as f32).max(1e-12).log10();
    ((level_db - QUIET_DB) / (LOUD_DB - QUIET_DB)).clamp(0.0, 1.0)
}

/// The height of the bar of a partial, 0 to 1, where the loudest partial has an amplitude of 1.
fn bar(amplitude: f32) -> f32 {
    (1.0 - 20.0 * amplitude.max(1e-9).log10() / FLOOR_DB).clamp(0.0, 1.0)
}

impl Waterfall {
    /// Takes in the newest picture, `passed_s` seconds after the last call.
    pub fn take(&mut self, picture: &Picture, passed_s: f32) {
        // Frames are drawn more often than pictures come, so the same picture again is normal for a while.
        self.stale_s =
            if picture.number == self.picture_number { self.stale_s + passed_s } else { 0.0 };
        self.picture_number = picture.number;
        let is_fresh = self.stale_s < STALE_S;
        let sounding = is_fresh && picture.f0_hz > 0.0 && picture.partial_count > 0;
        let amplitudes = &picture.partials[..if sounding { picture.partial_count } else { 0 }];
        let loudness = if sounding { loudness(&picture.samples) } else { 0.0 };
        self.f0_hz = if is_fresh { picture.f0_hz } else { 0.0 };
        if sounding {
            self.bars.resize(picture.partial_count.min(PARTIALS), 0.0);
        }
        let most = amplitudes.iter().fold(0.0f32, |most, &amplitude| most.max(amplitude));
        for (i, height) in self.bars.iter_mut().enumerate() {
            let to = amplitudes
                .get(i)
                .map_or(0.0, |&amplitude| loudness.sqrt() * bar(amplitude / most.max(1e-9)));
            *height = to.max(*height - FALL * passed_s);
        }
        self.since_s += passed_s;
        if self.since_s < STEP_S {
            return;
        }
        let count = (self.since_s / STEP_S) as usize;
        self.since_s %= STEP_S;
        let line = if sounding {
            let count = amplitudes.len();
            if self.tables.as_ref().is_none_or(|tables| tables.partials != count) {
                self.tables = Some(Tables::new(count));
            }
            self.tables.as_mut().map(|tables| tables.line(amplitudes, loudness))
        } else {
            None
        };
        // After a slow frame the lines that are due are added at once, so that they keep their speed.
        let line = line.unwrap_or_else(|| vec![0.0; POINTS]);
        (0..count.min(LINES)).for_each(|_| self.lines.push_front(line.clone()));
        self.lines.truncate(LINES);
    }

    /// The lines, newest first. Each has [`POINTS`] heights from -1 to 1.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &[f32]> + ExactSizeIterator {
        self.lines.iter().map(Vec::as_slice)
    }

    /// The share of the time from the last line to the next that has passed, 0 to 1.
    pub fn fraction(&self) -> f32 {
        self.since_s / STEP_S
    }

    /// The heights of the partials' bars, 0 to 1.
    pub fn bars(&self) -> &[f32] {
        &self.bars
    }

    /// The pitch of the newest voice, Hz; 0 in silence.
    pub fn f0_hz(&self) -> f32 {
        self.f0_hz
    }

    /// Whether all lines are flat and all bars are down.
    pub fn is_at_rest(&self) -> bool {
        self.bars.iter().all(|&bar| bar == 0.0)
            && self.lines.iter().all(|line| line.iter().all(|&height| height == 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(number: u64) -> Picture {
        let mut picture = Picture { number, f0_hz: 220.0, partial_count: 60, ..Picture::default() };
        picture.partials[0] = 0.5;
        picture.samples.fill(0.3);
        picture
    }

    #[test]
    fn a_sine_is_two_cycles_and_silence_comes_to_rest() {
        let mut waterfall = Waterfall::default();
        waterfall.take(&picture(1), 0.05);
        let line = waterfall.lines().next().unwrap().to_vec();
        assert_eq!(line.len(), POINTS);
        let highest = line.iter().fold(0.0f32, |most, height| most.max(height.abs()));
        assert!((highest - 1.0).abs() < 0.01, "{highest}");
        let rises = line.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert!((1..=2).contains(&rises), "{rises}");
        assert!(waterfall.bars()[0] > 0.9 && waterfall.bars()[1] == 0.0);
        assert!(!waterfall.is_at_rest());
        // The same picture for a long time: the audio thread has stopped.
        (0..2 * LINES).for_each(|_| waterfall.take(&picture(1), 0.05));
        assert_eq!(waterfall.lines().len(), LINES);
        assert!(waterfall.is_at_rest());
    }

    #[test]
    fn levels_have_heights() {
        assert_eq!(loudness(&[0.0; 8]), 0.0);
        assert_eq!(loudness(&[1.0; 8]), 1.0);
        assert_eq!((bar(1.0), bar(0.0)), (1.0, 0.0));
        assert!((bar(0.01) - (1.0 - 40.0 / 80.0)).abs() < 1e-4);
    }
}
