//! How a model wants sound to be analysed, and which other analyses it cannot play.

use serde_json::{Map, Value, json};

use super::config::ModelConfig;
use crate::params::same;
use crate::{Params, Result};

/// The keys of a params.json that decide what the features mean that a network reads.
const KEYS: [&str; 10] = [
    "sample_rate",
    "hop_size",
    "window_size",
    "n_fft",
    "cycles_per_window",
    "n_mfcc",
    "n_mel",
    "f_low",
    "pitch_detection_method",
    "compatibility",
];

/// A key of params in which an analysis is not as a model wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The key.
    pub key: &'static str,
    /// Its value for the model.
    pub wanted: Value,
    /// Its value in the analysis.
    pub given: Value,
}

impl ModelConfig {
    /// The params of the analysis that made the model's inputs.
    ///
    /// For a model file without params, these are the default params, with the values replaced that
    /// the file tells in another way, such as the number of outputs.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) if the params in the file are not complete and
    /// allowed.
    pub fn params(&self) -> Result<Params> {
        match self.own_params() {
            Some(own) => Params::from_map(own.clone()),
            None => Params::default().replace(self.described()),
        }
    }

    /// Whether the model's file says how its sound was analysed. Networks of `wms_torch` whose
    /// params.json is not beside them do not.
    pub fn knows_its_params(&self) -> bool {
        self.own_params().is_some()
    }

    /// The first key in which params of an analysis are not as the model wants them. Keys that
    /// either side lacks are not compared.
    pub fn difference(&self, given: &Map<String, Value>) -> Option<Difference> {
        let described = self.described();
        let own = self.own_params().unwrap_or(&described);
        KEYS.into_iter().find_map(|key| {
            let (wanted, given) = (own.get(key)?, given.get(key)?);
            let difference = || Difference { key, wanted: wanted.clone(), given: given.clone() };
            (!same(wanted, given)).then(difference)
        })
    }

    fn own_params(&self) -> Option<&Map<String, Value>> {
        self.json().get("params").and_then(Value::as_object).filter(|params| !params.is_empty())
    }

    /// What the description of the inputs and outputs tells of the analysis, as keys of params.
    fn described(&self) -> Map<String, Value> {
        let spectrum = &self.spectrum;
        let pairs = [
            ("sample_rate", json!(spectrum.sample_rate)),
            ("hop_size", json!(self.hop_size)),
            ("window_size", json!(spectrum.window_size)),
            ("n_fft", json!(spectrum.n_fft)),
            ("cycles_per_window", json!(spectrum.cycles_per_window)),
            ("n_fft_preserved", json!(spectrum.n_bins)),
            ("n_mfcc", json!(self.scaler.mean.len())),
            ("f_low", json!(self.f0_mapping.f_low_hz)),
            ("include_voicedness", json!(self.voicedness_index().is_some())),
        ];
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

#[cfg(all(test, feature = "factory"))]
mod tests {
    use super::*;
    use crate::model::Model;

    #[test]
    fn a_model_wants_its_own_params_and_names_the_key_that_differs() {
        let model = Model::factory("flute").unwrap();
        let params = model.config().params().unwrap();
        assert!(model.config().knows_its_params());
        assert_eq!(model.config().difference(&params.to_map()), None);
        let mut given = params.to_map();
        given.insert("seed".into(), json!(7));
        given.insert("hop_size".into(), json!(128));
        let found = model.config().difference(&given).unwrap();
        assert_eq!((found.key, found.given), ("hop_size", json!(128)));
        let message = model.check_params(&Value::Object(given)).unwrap_err().to_string();
        assert!(message.contains("hop_size 256, but the params say 128"), "{message}");
        // Numbers are compared by value, and what is not said is not compared.
        let said = [("f_low".to_owned(), json!(model.config().f0_mapping.f_low_hz))];
        assert_eq!(model.config().difference(&said.into_iter().collect()), None);
    }

    #[test]
    fn a_model_without_params_tells_what_its_description_says() {
        let bell = Model::factory("fm_bell").unwrap();
        let mut bare = Value::Object(bell.config().json().clone());
        bare["params"] = json!({});
        let config = ModelConfig::from_json(bare).unwrap();
        assert!(!config.knows_its_params());
        let (own, described) = (bell.config().params().unwrap(), config.params().unwrap());
        for key in ["sample_rate", "hop_size", "n_fft", "n_fft_preserved", "n_mfcc"] {
            assert_eq!(own.get(key), described.get(key), "{key}");
        }
    }
}
