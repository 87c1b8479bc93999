//! Measures each block on the audio thread, and makes the editor's pictures, while the editor is open.

use std::sync::atomic::Ordering;
use std::time::Instant;

use triple_buffer::Input;
use wms::synth::Engine;

use crate::meters::Meters;
use crate::picture::{MAX_INPUTS, MAX_PARTIALS, Picture, SAMPLES};
use crate::shared::Shared;

/// Pictures per second.
const RATE_HZ: f64 = 60.0;
/// The share of its old value that the smoothed load keeps at each block.
const LOAD_SMOOTHING: f32 = 0.9;

/// Measures how long a block takes to compute.
#[derive(Clone, Copy)]
pub struct BlockTimer {
    started: Instant,
}

impl BlockTimer {
    /// Starts timing. `None` while the editor is closed, when nobody reads the meters.
    ///
    /// Reading the clock is the one exception to the rule that the audio thread makes no system calls.
    /// It is bounded: once before and once after a block, only while the editor is open, and on common
    /// systems the clock is read without entering the kernel.
    pub fn start(shared: &Shared) -> Option<Self> {
        let is_open = shared.editor_is_open.load(Ordering::Relaxed);
        is_open.then(|| Self { started: Instant::now() })
    }

    /// Seconds since the start.
    fn elapsed_s(self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

/// The audio thread's end of the editor's meters and pictures.
pub struct Monitor {
    pictures: Input<Picture>,
    /// The last output samples, as a ring buffer.
    samples: Box<[f32; SAMPLES]>,
    /// Where the next sample goes in the ring buffer, which is also where the oldest one is.
    next: usize,
    /// Samples since the last picture.
    samples_since_picture: usize,
    picture_count: u64,
}

impl Monitor {
    /// Sends its pictures to the editor through `pictures`.
    pub fn new(pictures: Input<Picture>) -> Self {
        let samples = Box::new([0.0; SAMPLES]);
        Self { pictures, samples, next: 0, samples_since_picture: 0, picture_count: 0 }
    }

    /// Takes in a block that `engine` has just played: updates the meters, and from time to time makes
    /// a picture.
    pub fn finish_block(
        &mut self,
        timer: BlockTimer,
        meters: &Meters,
        engine: &Engine,
        left: &[f32],
        right: &[f32],
    ) {
        meters.voices.store(engine.active_voices() as u32, Ordering::Relaxed);
        for (peak, side) in meters.peaks.iter().zip([left, right]) {
            peak.raise(side.iter().fold(0.0, |most, sample| most.max(sample.abs())));
        }
        for (a, b) in left.iter().zip(right) {
            self.samples[self.next] = 0.5 * (a + b);
            self.next = (self.next + 1) % SAMPLES;
        }
        self.samples_since_picture += left.len();
        if self.samples_since_picture as f64 >= engine.sample_rate() / RATE_HZ {
            self.samples_since_picture = 0;
            self.send_picture(engine);
        }
        if !left.is_empty() {
            let block_s = left.len() as f64 / engine.sample_rate();
            let load = (timer.elapsed_s() / block_s) as f32;
            meters.load.set(load + LOAD_SMOOTHING * (meters.load.get() - load));
        }
    }

    fn send_picture(&mut self, engine: &Engine) {
        self.picture_count += 1;
        let picture = self.pictures.input_buffer_mut();
        picture.number = self.picture_count;
        picture.sample_rate = engine.sample_rate() as f32;
        let (newer, older) = self.samples.split_at(self.next);
        picture.samples[..older.len()].copy_from_slice(older);
        picture.samples[older.len()..].copy_from_slice(newer);
        picture.f0_hz = 0.0;
        (picture.partial_count, picture.input_count) = (0, 0);
        if let Some((inputs, spectrum, f0_hz)) = engine.newest_voice() {
            picture.f0_hz = f0_hz as f32;
            let reader = engine.reader();
            picture.partial_count = reader.partials().min(MAX_PARTIALS);
            reader.read(spectrum, f0_hz, &mut picture.partials[..picture.partial_count]);
            picture.input_count = inputs.len().min(MAX_INPUTS);
            let shown = picture.inputs.iter_mut().zip(inputs);
            shown.for_each(|(shown, &input)| *shown = input);
        }
        self.pictures.publish();
    }
}
