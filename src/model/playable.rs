//! Checks, before a training, that the model it would make could be played.

use super::config::{Domain, PACMAP_COORDINATES, SpectrumLayout};
use super::partials::SPACING as PARTIAL_SPACING;
use crate::limits::{HOP_SIZE, MAX_FILE_BYTES, MAX_LAYER, MAX_ROWS};
use crate::{Error, Params, Result};

/// Room in a model file for everything but the weights, which only a large projection fills.
const DESCRIPTION_BYTES: u64 = 1 << 22;

impl Params {
    /// Checks that a model trained with these parameters could be saved, loaded and played.
    ///
    /// The limits are those of [`Model::load`](super::Model::load) and
    /// [`Engine::new`](crate::synth::Engine::new). Analysis alone takes wider ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first key that stands in the way, and what is wanted.
    pub fn check_playable(&self) -> Result<()> {
        let refuse = |key: &str, wanted: String| {
            let value = self.get(key).map_or_else(|| "missing".into(), ToString::to_string);
            Err(Error::Parameter(format!(
                "\"{key}\" is {value}, wanted {wanted}, for a model that can be played"
            )))
        };
        let analysis = self.analysis();
        let layout = SpectrumLayout {
            domain: Domain::Log1p,
            window_size: analysis.window_size,
            n_fft: analysis.n_fft,
            n_bins: analysis.n_bins,
            cycles_per_window: analysis.cycles_per_window,
            sample_rate: analysis.sample_rate,
        };
        if let Some((name, _, low, high)) = layout.out_of_range() {
            let key = if name == "n_bins" { "n_fft_preserved" } else { name };
            return refuse(key, format!("{low} to {high}"));
        }
        if !HOP_SIZE.contains(&analysis.hop_size) {
            return refuse("hop_size", format!("{} to {}", HOP_SIZE.start(), HOP_SIZE.end()));
        }
        // At least the first partial has to be among the bins.
        let (least, most) = (layout.bins_per_partial().round() as usize + 1, MAX_ROWS);
        if !(least..=most).contains(&layout.n_bins) {
            return refuse("n_fft_preserved", format!("{least} to {most}"));
        }
        if self.get("model_type").and_then(|v| v.as_str()) == Some("WMS-2") {
            if layout.bins_per_partial() != PARTIAL_SPACING as f64 {
                let wanted =
                    PARTIAL_SPACING as f64 * layout.window_size as f64 / layout.n_fft as f64;
                return refuse("cycles_per_window", format!("{wanted} with model_type \"WMS-2\""));
            }
            if !analysis.include_voicedness {
                return refuse("include_voicedness", "true with model_type \"WMS-2\"".into());
            }
            if analysis.n_mfcc > analysis.n_mel {
                return refuse("n_mfcc", format!("at most n_mel, which is {}", analysis.n_mel));
            }
            if self.is_projected() {
                return refuse("mfcc_dim_reduction", "\"\" with model_type \"WMS-2\"".into());
            }
        }
        let hidden = self.get("hidden_size").and_then(serde_json::Value::as_u64).unwrap_or(0);
        let largest = (1..=MAX_LAYER as u64)
            .rev()
            .find(|&hidden| 4 * self.weights(hidden) + DESCRIPTION_BYTES <= MAX_FILE_BYTES);
        match largest {
            Some(largest) if hidden <= largest => Ok(()),
            largest => refuse("hidden_size", format!("1 to {}", largest.unwrap_or(1))),
        }
    }

    /// Number of weights of a network that is trained with these parameters, but with this hidden
    /// size.
    fn weights(&self, hidden: u64) -> u64 {
        let analysis = self.analysis();
        let timbre = if self.is_projected() { PACMAP_COORDINATES } else { analysis.n_mfcc } as u64;
        let inputs = timbre + 1 + u64::from(analysis.include_voicedness);
        let (encoded, bins) = (analysis.n_mfcc as u64 + 2, analysis.n_bins as u64);
        (inputs + 1) * encoded
            + 3 * hidden * (encoded + hidden + 2)
            + (hidden + 1) * hidden
            + (hidden + 1) * bins
    }

    fn is_projected(&self) -> bool {
        self.get("mfcc_dim_reduction").and_then(|v| v.as_str()) == Some("pacmap")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn params(changes: Value) -> Params {
        let Value::Object(changes) = changes else { unreachable!() };
        Params::default().replace(changes).unwrap()
    }

    #[test]
    fn what_is_published_or_shipped_can_be_played() {
        let published = include_str!("../../tests/data/wms_torch_params.json");
        Params::from_json(published).unwrap().check_playable().unwrap();
        for name in ["default", "hifi"] {
            Params::profile(name).unwrap().check_playable().unwrap();
        }
    }

    #[test]
    fn far_edges_are_told_apart_by_one() {
        let wide = json!({"window_size": 65536, "n_fft": 131_072, "n_fft_preserved": 24576});
        let ok = [
            json!({"hop_size": 65536}),
            json!({"cycles_per_window": 64}),
            json!({"n_fft_preserved": 3}),
            json!({"hidden_size": 8000}),
            json!({"sample_rate": 384_000}),
            json!({"mfcc_dim_reduction": "pacmap", "n_mfcc": 40}),
            wide.clone(),
        ];
        for changes in ok {
            params(changes.clone()).check_playable().unwrap_or_else(|e| panic!("{changes}: {e}"));
        }
        let refused = [
            (json!({"hop_size": 65537}), "\"hop_size\" is 65537, wanted 1 to 65536"),
            (json!({"cycles_per_window": 0}), "\"cycles_per_window\" is 0, wanted 1 to 64"),
            (json!({"cycles_per_window": null}), "\"cycles_per_window\" is null, wanted 1 to 64"),
            (json!({"n_fft": 131_073}), "\"n_fft\" is 131073, wanted 1024 to 131072"),
            (json!({"n_fft_preserved": 2}), "\"n_fft_preserved\" is 2, wanted 3 to 24576"),
            (
                json!({"window_size": 65536, "n_fft": 131_072, "n_fft_preserved": null}),
                "\"n_fft_preserved\" is null, wanted 5 to 24576",
            ),
            (
                json!({"window_size": 16, "f_high": 1600, "cycles_per_window": 5}),
                "\"cycles_per_window\" is 5, wanted 1 to 4",
            ),
            (json!({"hidden_size": 8192}), "\"hidden_size\" is 8192, wanted 1 to 81"),
            (
                json!({"model_type": "WMS-2"}),
                "\"cycles_per_window\" is 2, wanted 4 with model_type \"WMS-2\"",
            ),
            (
                json!({"model_type": "WMS-2", "cycles_per_window": 4, "include_voicedness": false}),
                "\"include_voicedness\" is false, wanted true with model_type \"WMS-2\"",
            ),
        ];
        for (changes, wanted) in refused {
            let message = params(changes).check_playable().unwrap_err().to_string();
            assert!(message.starts_with(wanted), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
