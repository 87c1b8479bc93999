//! An engine that can be exchanged for another while it plays.

use super::engine::Engine;
use super::settings::Settings;
use crate::midi::Event;

/// Samples that are played at a time while two engines sound.
const CHUNK: usize = 256;

/// Plays one engine; another one, prepared elsewhere with another model, takes its place without a
/// gap: held notes go on with the new model while they fade out with the old one.
///
/// [`Self::new`] allocates. Everything else neither allocates nor frees: engines come in boxes and
/// leave in the same ones.
pub struct Instrument {
    engine: Box<Engine>,
    leaving: Option<Box<Engine>>,
    gone: Option<Box<Engine>>,
    fading: [Vec<f32>; 2],
}

impl Instrument {
    /// Plays `engine`.
    pub fn new(engine: Box<Engine>) -> Self {
        let fading = [vec![0.0; CHUNK], vec![0.0; CHUNK]];
        Self { engine, leaving: None, gone: None, fading }
    }

    /// The engine that plays.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether [`Self::exchange`] would take an engine: the last one has gone and was collected.
    pub fn is_ready(&self) -> bool {
        self.leaving.is_none() && self.gone.is_none()
    }

    /// Lets `engine` go on where the present one stands, its notes and controllers included.
    ///
    /// # Errors
    /// The engine itself, if the last exchange is not over yet.
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

    /// The engine that has faded out, to be freed where time does not matter.
    pub fn collect(&mut self) -> Option<Box<Engine>> {
        self.gone.take()
    }

    /// See [`Engine::reset`].
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

    /// See [`Engine::process`].
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        self.engine.process(left, right);
        let Some(leaving) = &mut self.leaving else { return };
        for (left, right) in left.chunks_mut(CHUNK).zip(right.chunks_mut(CHUNK)) {
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
