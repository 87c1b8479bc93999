//! What a project keeps beside the parameters: the model.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nice_plug::params::persist::PersistentField;
use serde::{Deserialize, Serialize};

use crate::shared::Source;

/// Version of [`SavedModel`] that is written.
pub const VERSION: u32 = 1;

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

/// Brings what an older version saved into today's form, before it is restored.
pub fn migrate(state: &mut nice_plug::prelude::PluginState) {
    // Every version so far saved the same parameters; ranges are theirs to keep.
    // A number that is none would pass through every later comparison.
    state.params.retain(|_, value| match value {
        nice_plug::plugin::ParamValue::F32(value) => value.is_finite(),
        _ => true,
    });
}
