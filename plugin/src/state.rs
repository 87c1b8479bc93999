//! What a project keeps beside the parameters: the model, and how large the window was.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nice_plug::params::persist::PersistentField;
use serde::{Deserialize, Serialize};

use crate::editor::layout;
use crate::shared::Source;

/// Version of [`SavedModel`] that is written.
pub const VERSION: u32 = 1;
/// Largest side of a window that is restored, logical points.
const LARGEST: f64 = 4096.0;

/// A model as a project keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedModel {
    /// [`VERSION`] of the program that wrote it.
    pub version: u32,
    /// Name, for messages.
    #[serde(default)]
    pub name: String,
    /// Where it was; none in a project that never had a model.
    #[serde(default)]
    pub source: Option<Source>,
    /// SHA-256 of its file, in base 64.
    #[serde(default)]
    pub sha256: String,
    /// The model in this project's own format, deflated, in base 64; empty if they are many.
    #[serde(default)]
    pub data: String,
}

/// The saved model, in a place that the host's thread and the loader's both reach.
#[derive(Default)]
pub struct ModelField {
    saved: Mutex<Arc<SavedModel>>,
    restored: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl fmt::Debug for ModelField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ModelField").field(&self.get().name).finish()
    }
}

impl ModelField {
    /// What is saved now.
    pub fn get(&self) -> Arc<SavedModel> {
        Arc::clone(&self.saved.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Calls `act` whenever a host has restored the state, on the host's thread; only the first such
    /// wish counts.
    pub fn on_restored(&self, act: impl Fn() + Send + Sync + 'static) {
        let _ = self.restored.set(Box::new(act));
    }

    /// Saves another.
    pub fn put(&self, model: SavedModel) {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(model);
    }
}

impl PersistentField<'_, SavedModel> for ModelField {
    fn set(&self, new_value: SavedModel) {
        self.put(new_value);
        if let Some(act) = self.restored.get() {
            act();
        }
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&SavedModel) -> R,
    {
        f(&self.get())
    }
}

/// How the editor's window was left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedWindow {
    /// Width and height, the system's logical points.
    pub size: [f64; 2],
    /// Magnification, 1 .. 2.
    pub zoom: f32,
}

impl Default for SavedWindow {
    fn default() -> Self {
        Self { size: [f64::from(layout::WIDTH), f64::from(layout::HEIGHT)], zoom: 1.0 }
    }
}

impl SavedWindow {
    /// Brought to what a screen can show.
    fn bounded(self) -> Self {
        let size = [layout::MIN_WIDTH, layout::MIN_HEIGHT].map(f64::from);
        let within = |at: usize| self.size[at].clamp(size[at], LARGEST);
        let is_sound = self.zoom.is_finite() && self.size.iter().all(|side| side.is_finite());
        if !is_sound {
            return Self::default();
        }
        Self { size: [within(0), within(1)], zoom: self.zoom.clamp(1.0, 2.0) }
    }
}

/// The saved window.
#[derive(Debug, Default)]
pub struct WindowField {
    saved: Mutex<SavedWindow>,
    /// Whether a host has restored it since it was last asked for.
    is_new: AtomicBool,
}

impl WindowField {
    /// What is saved now.
    pub fn get(&self) -> SavedWindow {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `change` change it.
    pub fn change(&self, change: impl FnOnce(&mut SavedWindow)) {
        change(&mut self.saved.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What a host has restored since the last call.
    pub fn take_restored(&self) -> Option<SavedWindow> {
        self.is_new.swap(false, Ordering::AcqRel).then(|| self.get())
    }
}

impl PersistentField<'_, SavedWindow> for WindowField {
    fn set(&self, new_value: SavedWindow) {
        self.change(|saved| *saved = new_value.bounded());
        self.is_new.store(true, Ordering::Release);
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&SavedWindow) -> R,
    {
        f(&self.get())
    }
}

/// Brings what an older version saved into today's form, before it is restored.
pub fn migrate(state: &mut nice_plug::prelude::PluginState) {
    // Every version so far saved the same parameters; ranges are theirs to keep.
    // A number that is none would pass through every later comparison.
    state.params.retain(|_, value| match value {
        nice_plug::plugin::ParamValue::F32(value) => value.is_finite(),
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_comes_back_as_it_was_left_and_never_out_of_reach() {
        let field = WindowField::default();
        assert_eq!(field.take_restored(), None);
        let left = SavedWindow { size: [1500.0, 900.0], zoom: 1.25 };
        field.set(left);
        assert_eq!(field.take_restored(), Some(left));
        assert_eq!(field.take_restored(), None);
        field.set(SavedWindow { size: [1.0, 1e9], zoom: 0.0 });
        let least = f64::from(layout::MIN_WIDTH);
        assert_eq!(field.get(), SavedWindow { size: [least, LARGEST], zoom: 1.0 });
        field.set(SavedWindow { size: [f64::NAN, 800.0], zoom: 1.0 });
        assert_eq!(field.get(), SavedWindow::default());
    }
}
