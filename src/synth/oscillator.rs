//! The tone of one voice: two tables that are read at one exact phase and crossfaded.

use std::sync::Arc;

use super::clock::FrameClock;
use super::interpolation::{Crossfade, Phase, TableReader, Tables};
use super::table::{Table, TableBuilder, TableScratch};

/// Share of the Nyquist frequency above which partials begin to fade.
const FADE_FROM: f64 = 0.94;
/// Share of the Nyquist frequency from which on partials are silent.
const FADE_TO: f64 = 0.99;
/// Highest pitch that tables are built for, as a multiple of the pitch asked for.
const HEADROOM: f64 = 1.01;

/// Gain of a partial whose frequency is this share of the Nyquist frequency: a raised cosine between
/// 1 and 0.
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
    // Rounded up: one partial too many is silent, one too few would be missing.
    (0.5 * FADE_TO / increment.max(f64::MIN_POSITIVE)).ceil() as usize
}

/// The amplitudes of a frame, and the table that was built from them.
#[derive(Clone, Debug)]
struct Level {
    amplitudes: Vec<f32>,
    /// Number of the highest partial that may sound.
    partials: usize,
    table: Table,
}

impl Level {
    /// Sets the amplitudes, free of aliasing for increments up to `increment`; [`Self::build`] comes
    /// next.
    fn set(&mut self, increment: f64, amplitude: impl Fn(usize) -> f32) {
        self.partials = highest_partial(increment).min(self.amplitudes.len());
        for (k, slot) in self.amplitudes.iter_mut().enumerate() {
            // Increments are cycles a sample, the Nyquist frequency is half a cycle a sample.
            *slot = amplitude(k) * nyquist_gain((k + 1) as f64 * increment * 2.0);
        }
    }

    /// Builds the table, as long as this number of partials needs.
    fn build(&mut self, partials: usize, builder: &TableBuilder, scratch: &mut TableScratch) {
        builder.build(&self.amplitudes, partials, scratch, &mut self.table);
    }

    fn copy_from(&mut self, other: &Self) {
        self.amplitudes.copy_from_slice(&other.amplitudes);
        self.partials = other.partials;
        self.table.copy_from(&other.table);
    }
}

/// Plays frames of partial amplitudes. The amplitude of each partial moves linearly from frame to
/// frame, its phase never changes, and partials that come near the Nyquist frequency fade out.
///
/// Time within a frame is a number from 0 (the earlier frame) to 1 (the later one). The pitch must
/// stay at or below [`Self::ceiling`]. Before it goes higher, [`Self::raise`] fades out the partials
/// that would pass the Nyquist frequency.
#[derive(Clone)]
pub struct Oscillator {
    builder: Arc<TableBuilder>,
    scratch: TableScratch,
    reader: TableReader,
    phase: Phase,
    /// The frames before and after now, without the fade at the Nyquist frequency.
    earlier: Vec<f32>,
    later: Vec<f32>,
    from: Level,
    to: Level,
    /// Times at which only `from` and only `to` sound.
    span: [f64; 2],
    /// Highest increment, cycles a sample, for which `to` is free of aliasing.
    built_for: f64,
    /// Highest increment for which both tables are free of aliasing.
    ceiling: f64,
}

impl Oscillator {
    /// A silent oscillator.
    pub fn new(builder: Arc<TableBuilder>, partials: usize) -> Self {
        let level = Level { amplitudes: vec![0.0; partials], partials, table: builder.table() };
        Self {
            scratch: builder.scratch(),
            reader: TableReader::default(),
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
    pub fn reset(&mut self, earlier: &[f32], later: &[f32], phase: f64, increment: f64) {
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

    /// Moves on by a frame: the later frame becomes the earlier one, and `later` comes next, for
    /// increments up to `increment` cycles a sample.
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

    /// Builds the table of `to`, and that of `from` again if it has another length: both are as long as
    /// the one with more partials needs.
    fn build_to(&mut self) {
        let partials = self.from.partials.max(self.to.partials);
        self.to.build(partials, &self.builder, &mut self.scratch);
        if self.from.table.length_log2() != self.to.table.length_log2() {
            self.from.build(partials, &self.builder, &mut self.scratch);
        }
    }

    /// Makes room for increments up to `increment`: from `time` until `until`, the partials that would
    /// pass the Nyquist frequency fade out. [`Self::ceiling`] rises only after that.
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

    /// Fills `to` with the amplitudes that the frames have at `time`.
    fn fill_at(&mut self, time: f64) {
        let (earlier, later, time) = (&self.earlier, &self.later, time as f32);
        self.to.set(self.built_for, |k| earlier[k] + time * (later[k] - earlier[k]));
        self.build_to();
    }

    /// Begins the next crossfade; to be called when time reaches [`Self::span_end`] before the frame is
    /// over.
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

    /// Whether there is room for `increment`, or will be at the end of this crossfade.
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

    /// Fills `output` from the clock's time on. After each sample the phase moves on by one of
    /// `increments` (cycles, 0 .. 0.5). All samples must lie within the current crossfade.
    pub fn process(&mut self, clock: &FrameClock, increments: &[f64], output: &mut [f32]) {
        let Crossfade { slope, offset } = self.crossfade();
        let tables = Tables {
            from: &self.from.table,
            to: &self.to.table,
            crossfade: Crossfade { slope: slope / clock.period() as f64, offset },
            position: clock.position(),
            step: clock.step(),
        };
        self.phase = self.reader.process(tables, self.phase, increments, output);
    }
}
