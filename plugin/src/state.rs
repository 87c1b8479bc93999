//! What a project saves beside the parameters: the model, and the size of the editor's window.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nice_plug::params::persist::PersistentField;
use nice_plug::plugin::ParamValue;
use serde::{Deserialize, Serialize};

use crate::bank::Source;

/// The version of [`SavedModel`] that this program writes.
pub const VERSION: u32 = 1;

/// Width of a new editor window, logical points.
pub const WINDOW_WIDTH: f32 = 1200.0;
/// Height of a new editor window, logical points.
pub const WINDOW_HEIGHT: f32 = 740.0;
/// Smallest width of the editor's window, logical points.
pub const MIN_WINDOW_WIDTH: f32 = 960.0;
/// Smallest height of the editor's window, logical points.
pub const MIN_WINDOW_HEIGHT: f32 = 620.0;
/// Largest width and height of a window that is restored, logical points.
const MAX_WINDOW_SIDE: f64 = 4096.0;

/// A model as a project saves it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedModel {
    /// The [`VERSION`] of the program that wrote it.
    pub version: u32,
    /// The name of the model, for messages.
    #[serde(default)]
    pub name: String,
    /// Where the model was loaded from; `None` in a project that never had a model.
    #[serde(default)]
    pub source: Option<Source>,
    /// The SHA-256 of its file, in base 64. It tells whether the file has changed since.
    #[serde(default)]
    pub sha256: String,
    /// The model in this project's own file format, deflated, in base 64. Empty if it is too large to
    /// be saved.
    #[serde(default)]
    pub data: String,
}

/// The saved model, which the host's thread and the loader both read and write.
#[derive(Default)]
pub struct ModelField {
    saved: Mutex<Arc<SavedModel>>,
    on_restored: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl fmt::Debug for ModelField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ModelField").field(&self.get().name).finish()
    }
}

impl ModelField {
    /// Returns the saved model.
    pub fn get(&self) -> Arc<SavedModel> {
        Arc::clone(&self.saved.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Registers `callback` to be called, on the host's thread, whenever a host has restored the model.
    /// Only the first registration counts.
    pub fn on_restored(&self, callback: impl Fn() + Send + Sync + 'static) {
        let _ = self.on_restored.set(Box::new(callback));
    }

    /// Replaces the saved model, without calling the callback.
    pub fn put(&self, model: SavedModel) {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(model);
    }
}

impl PersistentField<'_, SavedModel> for ModelField {
    fn set(&self, new_value: SavedModel) {
        self.put(new_value);
        if let Some(callback) = self.on_restored.get() {
            callback();
        }
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&SavedModel) -> R,
    {
        f(&self.get())
    }
}

/// The size of the editor's window when it was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedWindow {
    /// Width and height, in the system's logical points.
    pub size: [f64; 2],
    /// The magnification of everything in the window, 1 to 2.
    pub zoom: f32,
}

impl Default for SavedWindow {
    fn default() -> Self {
        Self { size: [WINDOW_WIDTH, WINDOW_HEIGHT].map(f64::from), zoom: 1.0 }
    }
}

impl SavedWindow {
    /// Limits size and magnification to what the editor can show. A window with NaN or infinity in it
    /// becomes a new window.
    fn bounded(self) -> Self {
        let least = [MIN_WINDOW_WIDTH, MIN_WINDOW_HEIGHT].map(f64::from);
        let within = |at: usize| self.size[at].clamp(least[at], MAX_WINDOW_SIDE);
        let is_finite = self.zoom.is_finite() && self.size.iter().all(|side| side.is_finite());
        if !is_finite {
            return Self::default();
        }
        Self { size: [within(0), within(1)], zoom: self.zoom.clamp(1.0, 2.0) }
    }
}

/// The saved window.
#[derive(Debug, Default)]
pub struct WindowField {
    saved: Mutex<SavedWindow>,
    /// Whether a host has restored it since [`Self::take_restored`] was last called.
    is_restored: AtomicBool,
}

impl WindowField {
    /// Returns the saved window.
    pub fn get(&self) -> SavedWindow {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `change` with the saved window, to be changed in place.
    pub fn change(&self, change: impl FnOnce(&mut SavedWindow)) {
        change(&mut self.saved.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Returns the window if a host has restored it since the last call.
    pub fn take_restored(&self) -> Option<SavedWindow> {
        self.is_restored.swap(false, Ordering::AcqRel).then(|| self.get())
    }
}

impl PersistentField<'_, SavedWindow> for WindowField {
    fn set(&self, new_value: SavedWindow) {
        self.change(|saved| *saved = new_value.bounded());
        self.is_restored.store(true, Ordering::Release);
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&SavedWindow) -> R,
    {
        f(&self.get())
    }
}

/// Brings a saved state into the form of this version, before it is restored.
pub fn migrate(state: &mut nice_plug::prelude::PluginState) {
    // All versions so far save the same parameters, so there is nothing to convert, and the framework
    // keeps values in their ranges. NaN would survive every range check, so it is dropped here.
    state.params.retain(|_, value| match value {
        ParamValue::F32(value) => value.is_finite(),
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
        let least = f64::from(MIN_WINDOW_WIDTH);
        assert_eq!(field.get(), SavedWindow { size: [least, MAX_WINDOW_SIDE], zoom: 1.0 });
        field.set(SavedWindow { size: [f64::NAN, 800.0], zoom: 1.0 });
        assert_eq!(field.get(), SavedWindow::default());
    }
}
