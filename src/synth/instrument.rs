//! An engine that can be exchanged for another while it plays.

use super::engine::Engine;
use super::settings::Settings;
use crate::midi::Event;

/// Most samples that the leaving engine plays at a time.
const FADE_SAMPLES: usize = 256;

/// Plays one engine. Another one, prepared elsewhere with another model, can take its place without a
/// gap: held notes begin with the new model while they fade out with the old one.
///
/// [`Self::new`] allocates. All other methods neither allocate nor free memory: engines are passed
/// in and out as boxes.
pub struct Instrument {
    engine: Box<Engine>,
    leaving: Option<Box<Engine>>,
    gone: Option<Box<Engine>>,
    fading: [Vec<f32>; 2],
}

impl Instrument {
    /// Plays `engine`.
    pub fn new(engine: Box<Engine>) -> Self {
        let fading = [vec![0.0; FADE_SAMPLES], vec![0.0; FADE_SAMPLES]];
        Self { engine, leaving: None, gone: None, fading }
    }

    /// The engine that plays.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether [`Self::exchange`] would accept an engine: no earlier one is still fading out or waiting
    /// for [`Self::collect`].
    pub fn is_ready(&self) -> bool {
        self.leaving.is_none() && self.gone.is_none()
    }

    /// Lets `engine` take over from the present one, with its settings, controllers and held notes.
    ///
    /// # Errors
    /// Returns `engine` if [`Self::is_ready`] is false.
    pub fn exchange(&mut self, mut engine: Box<Engine>) -> Result<(), Box<Engine>> {
        if !self.is_ready() {
            return Err(engine);
        }
        engine.take_over(&self.engine);
        let mut old = std::mem::replace(&mut self.engine, engine);
        old.handle(Event::AllSoundOff { channel: None });
        self.leaving = Some(old);
        Ok(())
    }

    /// Returns the engine that has faded out, if there is one. Free it on another thread than the
    /// audio thread.
    pub fn collect(&mut self) -> Option<Box<Engine>> {
        self.gone.take()
    }

    /// See [`Engine::reset`]. An engine that is fading out falls silent too.
    pub fn reset(&mut self) {
        self.engine.reset();
        if self.gone.is_none() {
            self.gone = self.leaving.take();
        }
    }

    /// See [`Engine::set`].
    pub fn set(&mut self, settings: &Settings) {
        self.engine.set(settings);
    }

    /// See [`Engine::handle`].
    pub fn handle(&mut self, event: Event) {
        self.engine.handle(event);
    }

    /// Fills `left` and `right` as [`Engine::process`] does; an engine that fades out is mixed in.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let length = left.len().min(right.len());
        let (left, right) = (&mut left[..length], &mut right[..length]);
        self.engine.process(left, right);
        let Some(leaving) = &mut self.leaving else { return };
        for (left, right) in left.chunks_mut(FADE_SAMPLES).zip(right.chunks_mut(FADE_SAMPLES)) {
            let [a, b] = &mut self.fading;
            let (a, b) = (&mut a[..left.len()], &mut b[..left.len()]);
            leaving.process(a, b);
            for (sum, fading) in left.iter_mut().zip(a).chain(right.iter_mut().zip(b)) {
                *sum = (*sum + *fading).clamp(-1.0, 1.0);
            }
        }
        if leaving.is_silent() && self.gone.is_none() {
            self.gone = self.leaving.take();
        }
    }
}
