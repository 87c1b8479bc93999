//! Meters and pictures of the sound for the editor, made while it is open.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use triple_buffer::Input;
use wms::synth::Engine;

use crate::shared::{Picture, SHOWN_INPUTS, SHOWN_PARTIALS, SHOWN_SAMPLES, Shared};

/// Pictures a second.
const RATE_HZ: f64 = 60.0;
/// Share of the old value that the load keeps with each block.
const LOAD_KEEPS: f32 = 0.9;

/// A block that is being watched.
#[derive(Clone, Copy)]
pub struct Watch {
    began: Instant,
}

/// The audio thread's end of the pictures.
pub struct Painter {
    pictures: Input<Picture>,
    /// A ring of the last output samples.
    samples: Box<[f32; SHOWN_SAMPLES]>,
    next: usize,
    since: f64,
    number: u64,
}

impl Painter {
    /// Sends to the editor.
    pub fn new(pictures: Input<Picture>) -> Self {
        Self { pictures, samples: Box::new([0.0; SHOWN_SAMPLES]), next: 0, since: 0.0, number: 0 }
    }

    /// Before a block; none if nobody looks.
    pub fn begin(&self, shared: &Arc<Shared>) -> Option<Watch> {
        shared.watched.load(Ordering::Relaxed).then(|| Watch { began: Instant::now() })
    }

    /// After a block.
    pub fn end(
        &mut self,
        watch: Watch,
        shared: &Arc<Shared>,
        engine: &Engine,
        left: &[f32],
        right: &[f32],
    ) {
        let meters = &shared.meters;
        meters.voices.store(engine.active_voices() as u32, Ordering::Relaxed);
        for (peak, side) in meters.peaks.iter().zip([left, right]) {
            peak.raise(side.iter().fold(0.0, |most, sample| most.max(sample.abs())));
        }
        for (a, b) in left.iter().zip(right) {
            self.samples[self.next] = 0.5 * (a + b);
            self.next = (self.next + 1) % SHOWN_SAMPLES;
        }
        self.since += left.len() as f64;
        if self.since >= engine.sample_rate() / RATE_HZ {
            self.since = 0.0;
            self.paint(engine);
        }
        if !left.is_empty() {
            let given_s = left.len() as f64 / engine.sample_rate();
            let share = (watch.began.elapsed().as_secs_f64() / given_s) as f32;
            meters.load.set(share + LOAD_KEEPS * (meters.load.get() - share));
        }
    }

    fn paint(&mut self, engine: &Engine) {
        self.number += 1;
        let picture = self.pictures.input_buffer_mut();
        picture.number = self.number;
        picture.sample_rate = engine.sample_rate() as f32;
        let (newer, older) = self.samples.split_at(self.next);
        picture.samples[..older.len()].copy_from_slice(older);
        picture.samples[older.len()..].copy_from_slice(newer);
        picture.f0_hz = 0.0;
        (picture.partial_count, picture.input_count) = (0, 0);
        if let Some((inputs, spectrum, f0_hz)) = engine.newest_voice() {
            picture.f0_hz = f0_hz as f32;
            let reader = engine.reader();
            picture.partial_count = reader.partials().min(SHOWN_PARTIALS);
            reader.read(spectrum, f0_hz, &mut picture.partials[..picture.partial_count]);
            picture.input_count = inputs.len().min(SHOWN_INPUTS);
            let shown = picture.inputs.iter_mut().zip(inputs);
            shown.for_each(|(shown, &input)| *shown = input);
        }
        self.pictures.publish();
    }
}
