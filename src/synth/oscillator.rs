//! One voice's sound between frames: two tables, read with one exact phase and crossfaded.

use std::sync::Arc;

use super::clock::FrameClock;
use super::reading::{Crossfade, Phase, Reader, Tables};
use super::table::{Table, TableBuilder, TableScratch};

/// Partials begin to fade at this share of the Nyquist frequency ...
const FADE_FROM: f64 = 0.94;
/// ... and are gone at this one.
const FADE_TO: f64 = 0.99;
/// How far above the pitch asked for tables are built to last, as a factor.
const HEADROOM: f64 = 1.01;

/// Gain of a partial at `frequency`, as a share of the Nyquist frequency: raised cosine.
fn nyquist_gain(share: f64) -> f32 {
    if share <= FADE_FROM {
        1.0
    } else if share >= FADE_TO {
        0.0
    } else {
        let x = (share - FADE_FROM) / (FADE_TO - FADE_FROM);
        (0.5 + 0.5 * (std::f64::consts::PI * x).cos()) as f32
    }
}

/// Number of the highest partial that may sound at `increment` cycles a sample.
fn highest_partial(increment: f64) -> usize {
    // Rounded up: a partial too many is silent, one too few would be missing.
    (0.5 * FADE_TO / increment.max(f64::MIN_POSITIVE)).ceil() as usize
}

/// A frame's amplitudes as they were put into a table.
#[derive(Clone, Debug)]
struct Level {
    amplitudes: Vec<f32>,
    /// Number of the highest partial that may sound.
    partials: usize,
    table: Table,
}

impl Level {
    /// Takes amplitudes for increments up to `increment`; the table is built next.
    fn set(&mut self, increment: f64, amplitude: impl Fn(usize) -> f32) {
        self.partials = highest_partial(increment).min(self.amplitudes.len());
        for (k, slot) in self.amplitudes.iter_mut().enumerate() {
            // Increments are cycles a sample, the Nyquist frequency is half a cycle a sample.
            *slot = amplitude(k) * nyquist_gain((k + 1) as f64 * increment * 2.0);
        }
    }

    /// Builds the table, as long as `partials` need.
    fn build(&mut self, partials: usize, builder: &TableBuilder, scratch: &mut TableScratch) {
        builder.build(&self.amplitudes, partials, scratch, &mut self.table);
    }

    fn copy_from(&mut self, other: &Self) {
        self.amplitudes.copy_from_slice(&other.amplitudes);
        self.partials = other.partials;
        self.table.copy_from(&other.table);
    }
}

/// Plays frames of partial amplitudes: the amplitude of each partial moves linearly from frame to
/// frame, in unchanging phase, and those that come near the Nyquist frequency fade out.
///
/// Time within a frame is a number from 0 (the earlier frame) to 1 (the later one). The pitch must
/// stay at or below [`Self::ceiling`]; where it has to go higher, [`Self::raise`] takes the partials
/// that would pass the Nyquist frequency out first.
#[derive(Clone)]
pub struct Oscillator {
    builder: Arc<TableBuilder>,
    scratch: TableScratch,
    reader: Reader,
    phase: Phase,
    /// The frames before and after, without the fading at the Nyquist frequency.
    earlier: Vec<f32>,
    later: Vec<f32>,
    from: Level,
    to: Level,
    /// Times at which only `from` and only `to` sound.
    span: [f64; 2],
    /// Highest increment, cycles a sample, for which `to` is free of aliasing.
    built_for: f64,
    /// The same for both tables that sound now.
    ceiling: f64,
}

impl Oscillator {
    /// A silent oscillator.
    pub fn new(builder: Arc<TableBuilder>, partials: usize) -> Self {
        let level = Level { amplitudes: vec![0.0; partials], partials, table: builder.table() };
        Self {
            scratch: builder.scratch(),
            reader: Reader::default(),
            builder,
            phase: Phase::default(),
            earlier: vec![0.0; partials],
            later: vec![0.0; partials],
            from: level.clone(),
            to: level,
            span: [0.0, 1.0],
            built_for: 0.0,
            ceiling: 0.0,
        }
    }

    /// Starts at `phase` (cycles, 0 .. 1) with an earlier and a later frame, for increments up to
    /// `increment` cycles a sample.
    pub fn start(&mut self, earlier: &[f32], later: &[f32], phase: f64, increment: f64) {
        self.phase = Phase::new(phase.clamp(0.0, 0.999));
        self.earlier.copy_from_slice(earlier);
        self.later.copy_from_slice(later);
        self.built_for = increment * HEADROOM;
        self.ceiling = self.built_for;
        self.span = [0.0, 1.0];
        self.from.set(self.built_for, |k| earlier[k]);
        self.to.set(self.built_for, |k| later[k]);
        self.from.build(self.from.partials, &self.builder, &mut self.scratch);
        if earlier == later {
            self.to.copy_from(&self.from);
        } else {
            self.build_to();
        }
    }

    /// A frame has passed: what was later is now earlier, and `later` comes next. Increments up to
    /// `increment` cycles a sample are to be expected.
    pub fn next_frame(&mut self, later: &[f32], increment: f64) {
        std::mem::swap(&mut self.from, &mut self.to);
        std::mem::swap(&mut self.earlier, &mut self.later);
        self.later.copy_from_slice(later);
        let lasts = increment * HEADROOM;
        self.ceiling = self.built_for.min(lasts);
        self.built_for = lasts;
        self.span = [0.0, 1.0];
        let later = &self.later;
        self.to.set(lasts, |k| later[k]);
        self.build_to();
    }

    /// Builds the table of `to`, and that of `from` again if it has another length: two tables that
    /// sound together are as long as the one with more partials needs.
    fn build_to(&mut self) {
        let partials = self.from.partials.max(self.to.partials);
        self.to.build(partials, &self.builder, &mut self.scratch);
        if self.from.table.length_log2() != self.to.table.length_log2() {
            self.from.build(partials, &self.builder, &mut self.scratch);
        }
    }

    /// At `time`: makes room for increments up to `increment` by fading what would pass the Nyquist
    /// frequency until `until`. Only then does [`Self::ceiling`] rise.
    pub fn raise(&mut self, time: f64, until: f64, increment: f64) {
        let fade = self.fade(time);
        let (from, to) = (&mut self.from, &self.to);
        for (from, to) in from.amplitudes.iter_mut().zip(&to.amplitudes) {
            *from += fade * (to - *from);
        }
        from.partials = from.partials.max(to.partials);
        from.build(from.partials, &self.builder, &mut self.scratch);
        self.built_for = increment * HEADROOM;
        self.fill_at(until);
        self.span = [time, until];
    }

    /// Fills `to` with what the frames say for `time`.
    fn fill_at(&mut self, time: f64) {
        let (earlier, later, time) = (&self.earlier, &self.later, time as f32);
        self.to.set(self.built_for, |k| earlier[k] + time * (later[k] - earlier[k]));
        self.build_to();
    }

    /// Call when time reaches [`Self::span_end`] before the frame is over.
    pub fn next_span(&mut self) {
        std::mem::swap(&mut self.from, &mut self.to);
        self.ceiling = self.built_for;
        self.span = [self.span[1], 1.0];
        self.fill_at(1.0);
    }

    /// Time at which the current crossfade is over.
    pub fn span_end(&self) -> f64 {
        self.span[1]
    }

    /// Highest increment, cycles a sample, that is free of aliasing now.
    pub fn ceiling(&self) -> f64 {
        self.ceiling
    }

    /// Whether room for `increment` has been made or is being made.
    pub fn is_ready_for(&self, increment: f64) -> bool {
        increment <= self.built_for
    }

    /// The highest partial, from 1, that is not silent at `time`; 0 if all are.
    #[cfg(test)]
    pub(super) fn highest_sounding(&self, time: f64) -> usize {
        let fade = self.fade(time);
        let heard = |k: &usize| {
            let (from, to) = (self.from.amplitudes[k - 1], self.to.amplitudes[k - 1]);
            (1.0 - fade) * from + fade * to > 0.0
        };
        (1..=self.from.amplitudes.len()).rev().find(heard).unwrap_or(0)
    }

    fn fade(&self, time: f64) -> f32 {
        let Crossfade { slope, offset } = self.crossfade();
        (time * slope + offset).clamp(0.0, 1.0) as f32
    }

    /// The current crossfade over time within the frame.
    fn crossfade(&self) -> Crossfade {
        let length = self.span[1] - self.span[0];
        if length > 0.0 {
            Crossfade { slope: 1.0 / length, offset: -self.span[0] / length }
        } else {
            Crossfade { slope: 0.0, offset: 1.0 }
        }
    }

    /// Fills `output` from the clock's time on, the phase moving on by one of `increments` (cycles,
    /// 0 .. 0.5) after each sample. All of it must lie within the current crossfade.
    pub fn render(&mut self, clock: &FrameClock, increments: &[f64], output: &mut [f32]) {
        let Crossfade { slope, offset } = self.crossfade();
        let tables = Tables {
            from: &self.from.table,
            to: &self.to.table,
            crossfade: Crossfade { slope: slope / clock.period() as f64, offset },
            position: clock.position(),
            step: clock.step(),
        };
        self.phase = self.reader.read(tables, self.phase, increments, output);
    }
}
