//! The model file: one safetensors file with the weights and, as metadata, all that is needed to
//! play them. The files of `wms_torch`, which have the weights only, are read too.

use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;

use super::config::{ModelConfig, sizes_from_params};
use super::half;
use super::network::{Generation, Network, StateDict, Tensor};
use super::wms_torch;
use crate::files::write_atomic;
use crate::{Error, Result};

/// No model comes near this size; a larger file is something else.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Smaller tensors are never halved: there is little to gain, and the first layer, into which the
/// inputs' mean and scale are folded, lives on differences of large numbers.
const LEAST_HALVED: usize = 2048;

/// A network and what its inputs and outputs mean; immutable, to be shared by `Arc`.
///
/// # Examples
/// Spectra that a factory model predicts for two frames whose inputs are all zero, the mean of the
/// sound that it was trained on:
///
/// ```
/// use wms::model::Model;
///
/// let model = Model::factory("flute")?;
/// let inputs = vec![0.0; 2 * model.input_size()];
/// let spectra = model.predict(&inputs, &mut model.network().state())?;
/// assert_eq!(spectra.len(), 2 * model.output_size());
/// # Ok::<(), wms::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Model {
    config: ModelConfig,
    network: Network,
}

impl Model {
    /// Joins a network and its description.
    ///
    /// # Errors
    /// [`Error::Parameter`] if their sizes or generations differ.
    pub fn new(config: ModelConfig, network: Network) -> Result<Self> {
        Self::join(config, network).map_err(Error::Parameter)
    }

    fn join(config: ModelConfig, network: Network) -> std::result::Result<Self, String> {
        if network.input_size() != config.input_size() {
            return Err(format!(
                "the network has {} inputs, but config.input_names names {}",
                network.input_size(),
                config.input_size()
            ));
        }
        if network.output_size() != config.spectrum.n_bins {
            return Err(format!(
                "the network has {} outputs, but config.spectrum.n_bins is {}",
                network.output_size(),
                config.spectrum.n_bins
            ));
        }
        let given = config.json().get("generation").and_then(Value::as_str).unwrap_or("missing");
        let generation = network.generation().name();
        if given != generation {
            return Err(format!(
                "config.generation is {given}, but the tensors are of generation {generation}"
            ));
        }
        Ok(Self { config, network })
    }

    /// [`Self::load_with`] without params.
    ///
    /// # Errors
    /// As there.
    pub fn load(path: &Path) -> Result<Self> {
        Self::load_with(path, None)
    }

    /// Reads a model file of this project, or a `.pth` or `rt_model` JSON of `wms_torch`.
    ///
    /// What `wms_torch`'s files do not tell comes from the description that `wms convert` wrote
    /// beside them, else from `params` (the content of a params.json), else from a params.json
    /// beside the file or in the folder above; what these do not tell either is assumed, see
    /// [`ModelConfig::assumptions`]. A file of this project, or one with a description, only has to
    /// fit `params`.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read; [`Error::ModelFile`] if it is truncated, foreign,
    /// inconsistent, lacks a tensor or has one too many, misshapen, or not finite, asks for code
    /// to be executed, or does not fit the params.
    pub fn load_with(path: &Path, params: Option<&Value>) -> Result<Self> {
        let wrong = |message| Error::model(path, message);
        let length = std::fs::metadata(path).map_err(|e| Error::io(path, e))?.len();
        if length > MAX_FILE_BYTES {
            return Err(wrong(format!("{length} bytes are too many for a model")));
        }
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        let model = match wms_torch::state_dict(&bytes) {
            None => Self::from_bytes(&bytes).map_err(wrong)?,
            Some(tensors) => {
                let network = tensors.and_then(Network::from_state_dict).map_err(wrong)?;
                let Some(kept) = wms_torch::description_beside(path).map_err(wrong)? else {
                    return Self::described(path, network, params).map_err(wrong);
                };
                ModelConfig::from_json(kept)
                    .and_then(|config| Self::join(config, network))
                    .map_err(|message| wrong(format!("the description beside it: {message}")))?
            }
        };
        if let Some(params) = params {
            model.check_params(params).map_err(|error| wrong(error.to_string()))?;
        }
        Ok(model)
    }

    /// A network of `wms_torch` with what params, else a params.json near its file, tell of it.
    fn described(
        path: &Path,
        network: Network,
        params: Option<&Value>,
    ) -> std::result::Result<Self, String> {
        let name = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        let found = match params {
            Some(_) => None,
            None => wms_torch::params_beside(path)?,
        };
        wms_torch::describe(&network, &name, params.or(found.as_ref()))
            .and_then(ModelConfig::from_json)
            .and_then(|config| Self::join(config, network))
    }

    /// Checks that this model is one that a params.json describes.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming both sizes if they differ, or the key that is missing.
    pub fn check_params(&self, params: &Value) -> Result<()> {
        let (inputs, outputs) = sizes_from_params(params).map_err(Error::Parameter)?;
        let (own_inputs, own_outputs) = (self.input_size(), self.output_size());
        if inputs != own_inputs {
            return Err(Error::parameter(format!(
                "the model has {own_inputs} inputs ({}), but the params ask for {inputs}",
                self.config.input_names.join(", ")
            )));
        }
        if outputs != own_outputs {
            return Err(Error::parameter(format!(
                "the model has {own_outputs} outputs, but the params ask for {outputs}"
            )));
        }
        Ok(())
    }

    /// Reads a model from the bytes of a model file.
    ///
    /// # Errors
    /// One line saying what is wrong with them.
    pub fn from_bytes(bytes: &[u8]) -> std::result::Result<Self, String> {
        let foreign = |e| format!("truncated, or no safetensors file ({e})");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
        let metadata = header.metadata().as_ref().ok_or("no metadata: not a wms model file")?;
        let field = |key: &str| metadata.get(key).map(String::as_str);
        if field("format") != Some("wms-model") {
            return Err(format!(
                "its format is {:?}, expected \"wms-model\"",
                field("format").unwrap_or("missing")
            ));
        }
        if field("version") != Some("1") {
            return Err(format!(
                "its version is {:?}, this program reads \"1\"",
                field("version").unwrap_or("missing")
            ));
        }
        let config = field("config").ok_or("its metadata lack config")?;
        let config: Value =
            serde_json::from_str(config).map_err(|e| format!("its config is no JSON: {e}"))?;
        let config = ModelConfig::from_json(config)?;

        let mut tensors = StateDict::new();
        for (name, view) in SafeTensors::deserialize(bytes).map_err(foreign)?.iter() {
            let bytes = view.data();
            let data = match view.dtype() {
                Dtype::F32 => {
                    let values = bytes.chunks_exact(4);
                    values.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
                }
                Dtype::F16 => {
                    let values = bytes.chunks_exact(2);
                    values.map(|b| half::to_f32(u16::from_le_bytes([b[0], b[1]]))).collect()
                }
                other => {
                    return Err(format!("tensor {name} is {other:?}, expected F32 or F16"));
                }
            };
            tensors.insert(name.to_owned(), Tensor { shape: view.shape().to_vec(), data });
        }
        Self::join(config, Network::from_state_dict(tensors)?)
    }

    /// The bytes of a model file; with `halved`, large tensors in half precision.
    ///
    /// # Errors
    /// One line if the format cannot hold this model.
    pub fn to_bytes(&self, halved: bool) -> std::result::Result<Vec<u8>, String> {
        let config = serde_json::to_string(self.config.json()).map_err(|e| e.to_string())?;
        let metadata = HashMap::from([
            ("format".to_owned(), "wms-model".to_owned()),
            ("version".to_owned(), "1".to_owned()),
            ("config".to_owned(), config),
        ]);
        let tensors: Vec<(String, Vec<usize>, Dtype, Vec<u8>)> = self
            .network
            .to_state_dict()
            .into_iter()
            .map(|(name, tensor)| {
                let (dtype, bytes) = if halved && tensor.data.len() >= LEAST_HALVED {
                    (Dtype::F16, half_bytes(&name, &tensor.data)?)
                } else {
                    (Dtype::F32, tensor.data.iter().flat_map(|v| v.to_le_bytes()).collect())
                };
                Ok((name, tensor.shape, dtype, bytes))
            })
            .collect::<std::result::Result<_, String>>()?;
        let views: Vec<(&str, TensorView<'_>)> = tensors
            .iter()
            .map(|(name, shape, dtype, data)| {
                Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), data)?))
            })
            .collect::<std::result::Result<_, safetensors::SafeTensorError>>()
            .map_err(|e| e.to_string())?;
        safetensors::serialize(views, Some(metadata)).map_err(|e| e.to_string())
    }

    /// Writes a model file; an existing one is replaced only when the new one is complete.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.write(path, false)
    }

    /// [`Self::save`] with large tensors in half precision: a file of half the size.
    ///
    /// # Errors
    /// As there; [`Error::ModelFile`] if a weight is beyond 65504.
    pub fn save_halved(&self, path: &Path) -> Result<()> {
        self.write(path, true)
    }

    fn write(&self, path: &Path, halved: bool) -> Result<()> {
        let bytes = self.to_bytes(halved).map_err(|message| Error::model(path, message))?;
        write_atomic(path, &bytes)
    }

    /// What the inputs and outputs mean.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Which family of networks this is.
    pub fn generation(&self) -> Generation {
        self.network.generation()
    }

    /// Number of inputs, C.
    pub fn input_size(&self) -> usize {
        self.network.input_size()
    }

    /// Number of spectrum bins, K.
    pub fn output_size(&self) -> usize {
        self.network.output_size()
    }

    /// Runs the network over frames: `inputs` (T, C) to (T, K), both row-major, advancing `state`.
    ///
    /// # Errors
    /// [`Error::Parameter`] if `inputs` is not whole frames or holds a value that is not finite.
    pub fn predict(&self, inputs: &[f32], state: &mut super::State) -> Result<Vec<f32>> {
        let (c, k) = (self.input_size(), self.output_size());
        if !inputs.len().is_multiple_of(c) {
            return Err(Error::parameter(format!(
                "{} input values are no whole number of frames of {c}",
                inputs.len()
            )));
        }
        if let Some(place) = inputs.iter().position(|v| !v.is_finite()) {
            return Err(Error::parameter(format!(
                "input {} of frame {} is {}, expected a finite number",
                place % c,
                place / c,
                inputs[place]
            )));
        }
        let mut outputs = vec![0.0; inputs.len() / c * k];
        for (input, output) in inputs.chunks_exact(c).zip(outputs.chunks_exact_mut(k)) {
            self.network.step(state, input, output);
        }
        Ok(outputs)
    }

    /// Network inputs for analysed frames: standardised `mfcc_raw` (T, n_mfcc), mapped f0_hz (T,)
    /// and `voicedness` (T,) in this model's order, (T, C) row-major. Where the scaler is not known
    /// ([`super::Scaler::known`]) the coefficients must be standardised already.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a length does not fit, a value is not finite, or the model's timbre
    /// inputs are neither its standardised MFCC nor a projection of them that it knows.
    pub fn inputs(
        &self,
        mfcc_raw: &[f32],
        f0_hz: &[f32],
        voicedness: Option<&[f32]>,
    ) -> Result<Vec<f32>> {
        let config = &self.config;
        let timbre: Vec<usize> = config.timbre_indices().collect();
        let n_mfcc = config.scaler.mean.len();
        if config.projection.is_none() && timbre.len() != n_mfcc {
            return Err(Error::parameter(format!(
                "the model's {} timbre inputs are no plain MFCC (its scaler has {n_mfcc}), and it \
                 has no projection",
                timbre.len()
            )));
        }
        let frames = f0_hz.len();
        if mfcc_raw.len() != frames * n_mfcc {
            return Err(Error::parameter(format!(
                "{} MFCC values for {frames} frames, the model wants {n_mfcc} a frame",
                mfcc_raw.len()
            )));
        }
        let voicedness = match (config.voicedness_index(), voicedness) {
            (Some(index), Some(values)) if values.len() == frames => Some((index, values)),
            (Some(_), given) => {
                return Err(Error::parameter(format!(
                    "{} voicedness values for {frames} frames, the model wants one a frame",
                    given.map_or(0, <[f32]>::len)
                )));
            }
            (None, _) => None,
        };
        let mut inputs = vec![0.0; frames * self.input_size()];
        let mut projected = vec![0.0; timbre.len()];
        for (t, row) in inputs.chunks_exact_mut(self.input_size()).enumerate() {
            let raw = &mfcc_raw[t * n_mfcc..(t + 1) * n_mfcc];
            let moments = config.scaler.mean.iter().zip(&config.scaler.scale);
            let standard = raw.iter().zip(moments).map(|(x, (mean, scale))| (x - mean) / scale);
            if let Some(projection) = &config.projection {
                let standard: Vec<f64> = standard.map(f64::from).collect();
                projection.apply(&standard, &mut projected);
                for (&index, &value) in timbre.iter().zip(&projected) {
                    row[index] = value as f32;
                }
            } else {
                for (&index, value) in timbre.iter().zip(standard) {
                    row[index] = value;
                }
            }
            row[config.pitch_index()] = config.f0_mapping.apply(f64::from(f0_hz[t]));
            if let Some((index, values)) = voicedness {
                row[index] = values[t];
            }
            if f0_hz[t].is_nan() || row.iter().any(|v| !v.is_finite()) {
                return Err(Error::parameter(format!(
                    "frame {t} holds a value that is not finite"
                )));
            }
        }
        Ok(inputs)
    }
}

fn half_bytes(name: &str, values: &[f32]) -> std::result::Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(2 * values.len());
    for &value in values {
        let bits = half::from_f32(value)
            .ok_or_else(|| format!("tensor {name} holds {value}, too large for half precision"))?;
        bytes.extend_from_slice(&bits.to_le_bytes());
    }
    Ok(bytes)
}
