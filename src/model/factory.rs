//! The models that come with the program, inside its binary.

use safetensors::SafeTensors;
use serde_json::Value;

use super::Model;
use crate::{Error, Result};

/// A model file in the binary.
#[derive(Clone, Copy, Debug)]
pub struct FactoryModel {
    /// The model's short name, as in `factory:NAME`.
    pub name: &'static str,
    /// The content of its file.
    pub bytes: &'static [u8],
}

impl FactoryModel {
    /// The model's display name.
    pub fn title(&self) -> String {
        let title = || {
            let (_, header) = SafeTensors::read_metadata(self.bytes).ok()?;
            let config = header.metadata().as_ref()?.get("config")?.clone();
            let config: Value = serde_json::from_str(&config).ok()?;
            Some(config.get("name")?.as_str()?.to_owned())
        };
        title().unwrap_or_else(|| self.name.to_owned())
    }
}

macro_rules! models {
    ($($name:literal),* $(,)?) => {
        &[$(FactoryModel {
            name: $name,
            bytes: include_bytes!(concat!("../../factory/", $name, ".safetensors")),
        }),*]
    };
}

/// All factory models, in the order in which a browser shows them.
pub static MODELS: &[FactoryModel] = models![
    "alto_sax",
    "clarinet",
    "oboe",
    "bassoon",
    "flute",
    "trumpet",
    "french_horn",
    "trombone",
    "violin",
    "cello",
    "contrabass",
    "choir",
    "slap_bass",
    "electric_bass",
    "vowel_pad",
    "breath_pipe",
    "pulse_sweep",
    "fm_bell",
];

impl Model {
    /// The factory model of this name.
    ///
    /// # Errors
    /// [`Error::Parameter`] if there is no such model, listing those that exist.
    pub fn factory(name: &str) -> Result<Self> {
        let Some(found) = MODELS.iter().find(|model| model.name == name) else {
            let names: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
            return Err(Error::parameter(format!(
                "there is no factory model {name:?}, wanted one of {}",
                names.join(", ")
            )));
        };
        Self::from_bytes(found.bytes)
            .map_err(|error| Error::parameter(format!("factory model {name}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_load_and_an_unknown_name_is_refused() {
        for model in MODELS {
            let loaded = Model::factory(model.name).unwrap();
            assert_eq!(model.title(), loaded.config().name);
            let about = loaded.config().json();
            for key in ["category", "source", "licence", "playable_range"] {
                assert!(about.contains_key(key), "{}: {key}", model.name);
            }
            assert!(model.bytes.len() <= 1_500_000, "{}", model.name);
        }
        let message = Model::factory("kazoo").unwrap_err().to_string();
        assert!(message.contains("kazoo") && message.contains("alto_sax"), "{message}");
    }
}
