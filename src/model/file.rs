//! The model file: one safetensors file with the weights and, as metadata, everything that is needed
//! to play them. The files of `wms_torch`, which hold weights only, are read too.
//!
//! This is the only writer of model files: training and conversion both save through [`Model`].

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Map, Value};

use super::analysis::Difference;
use super::config::{ModelConfig, sizes_from_params};
use super::half;
use super::network::{Generation, Network, StateDict, Tensor};
use super::sections::Sections;
use super::{directions, wms_torch};
use crate::files::write_atomic;
use crate::limits::MAX_FILE_BYTES;
use crate::timbre::Direction;
use crate::{Error, Result};

/// The "format" in the metadata of a model file.
const FORMAT: &str = "wms-model";
/// The versions of the format that are read. The second has sections.
const VERSIONS: RangeInclusive<u32> = 1..=2;

/// Tensors of fewer values keep full precision: there is little to gain, and the first layer, into
/// which the inputs' mean and scale are folded, takes differences of large numbers.
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
    sections: Sections,
    directions: Vec<Direction>,
}

impl Model {
    /// A model from the content of a model file: the configuration object and the tensors by their
    /// state-dict names.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the key or tensor that is missing, misshapen or out of range.
    pub fn from_state(config: Value, tensors: StateDict) -> Result<Self> {
        let config = ModelConfig::from_json(config)?;
        let network = Network::from_state(tensors, &config)?;
        Self::new(config, network)
    }

    /// Joins a network and its description.
    ///
    /// # Errors
    /// [`Error::Parameter`] if their sizes or generations differ.
    pub fn new(config: ModelConfig, network: Network) -> Result<Self> {
        if network.input_size() != config.input_size() {
            return Err(Error::parameter(format!(
                "the network has {} inputs, but config.input_names names {}",
                network.input_size(),
                config.input_size()
            )));
        }
        if network.output_size() != config.spectrum.n_bins {
            return Err(Error::parameter(format!(
                "the network has {} outputs, but config.spectrum.n_bins is {}",
                network.output_size(),
                config.spectrum.n_bins
            )));
        }
        let given = config.generation();
        let generation = network.generation().name();
        if given != generation {
            return Err(Error::parameter(format!(
                "config.generation is {given}, wanted {generation}, which the tensors are of"
            )));
        }
        Ok(Self { config, network, sections: Sections::default(), directions: Vec::new() })
    }

    /// The same model with these sections in place of its own.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a section that this program knows does not fit the model.
    pub fn with_sections(&self, sections: Sections) -> Result<Self> {
        let directions = directions::read(&sections, &self.config)?;
        Ok(Self { sections, directions, ..self.clone() })
    }

    /// Reads a model file as [`Self::load_with`] does, without params.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::ModelFile`], for the reasons listed at [`Self::load_with`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::load_with(path, None)
    }

    /// Reads a model file of this project, or a `.pth` or `rt_model` JSON of `wms_torch`.
    ///
    /// A file of `wms_torch` holds weights only. The rest comes from the first of these that exists:
    /// the description that `wms convert` wrote beside the file, `params` (the content of a
    /// params.json), a params.json beside the file or in the folder above. What that does not say is
    /// assumed and listed in [`ModelConfig::assumptions`]. A file of this project, or one with a
    /// description, only has to fit `params`.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read. [`Error::ModelFile`] if it is truncated, foreign or
    /// inconsistent, if a tensor is missing, superfluous, misshapen or not finite, if reading it
    /// would execute code, or if it does not fit the params.
    pub fn load_with(path: &Path, params: Option<&Value>) -> Result<Self> {
        let wrong = |error: Error| Error::model(path, error.to_string());
        let length = std::fs::metadata(path).map_err(|e| Error::io(path, e))?.len();
        if length > MAX_FILE_BYTES {
            return Err(Error::model(
                path,
                format!("has {length} bytes, wanted a model of at most {MAX_FILE_BYTES}"),
            ));
        }
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        let model = match wms_torch::state_dict(&bytes) {
            None => Self::from_bytes(&bytes).map_err(wrong)?,
            Some(tensors) => {
                let network = tensors.and_then(Network::from_state_dict).map_err(wrong)?;
                let Some(kept) = wms_torch::description_beside(path).map_err(wrong)? else {
                    return Self::described(path, network, params).map_err(wrong);
                };
                ModelConfig::from_json(kept).and_then(|config| Self::new(config, network)).map_err(
                    |error| Error::model(path, format!("the description beside it: {error}")),
                )?
            }
        };
        if let Some(params) = params {
            model.check_params(params).map_err(wrong)?;
        }
        Ok(model)
    }

    /// A model from a network of `wms_torch`, described by `params` or by a params.json near its
    /// file.
    fn described(path: &Path, network: Network, params: Option<&Value>) -> Result<Self> {
        let name = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        let found = match params {
            Some(_) => None,
            None => wms_torch::params_beside(path)?,
        };
        let config = wms_torch::describe(&network, &name, params.or(found.as_ref()))?;
        Self::new(ModelConfig::from_json(config)?, network)
    }

    /// Checks that what is analysed with a params.json can be played by this model.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming both sizes if those of the networks differ, or both values of a
    /// key in which the analyses differ; or naming the key that is missing.
    pub fn check_params(&self, params: &Value) -> Result<()> {
        let (inputs, outputs) = sizes_from_params(params)?;
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
        let difference = params.as_object().and_then(|params| self.config.difference(params));
        difference.map_or(Ok(()), |Difference { key, wanted, given }| {
            Err(Error::parameter(format!(
                "the model has {key} {wanted}, but the params say {given}; without params, its own \
                 are used"
            )))
        })
    }

    /// Reads a model from the bytes of a model file.
    ///
    /// # Errors
    /// [`Error::Parameter`] saying what is wrong with them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let foreign = |e| Error::parameter(format!("truncated, or no safetensors file ({e})"));
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
        let (config, mut sections) = read_metadata(header.metadata().as_ref())?;
        let mut tensors = StateDict::new();
        for (name, view) in SafeTensors::deserialize(bytes).map_err(foreign)?.iter() {
            if sections.as_mut().is_some_and(|sections| sections.take(name, &view)) {
                continue;
            }
            let data = values(&view).ok_or_else(|| {
                Error::parameter(format!("tensor {name} is {:?}, wanted F32 or F16", view.dtype()))
            })?;
            tensors.insert(name.to_owned(), Tensor { shape: view.shape().to_vec(), data });
        }
        let model = Self::from_state(config, tensors)?;
        match sections {
            Some(sections) => model.with_sections(sections),
            None => Ok(model),
        }
    }

    /// The bytes of a model file, the same for the same model; with `halved`, large tensors of the
    /// network are in half precision.
    ///
    /// A network of `wms_torch`'s generations without sections is written as version 1, which older
    /// programs read too; anything else as version 2.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a weight is too large for half precision, beyond 65504.
    pub fn to_bytes(&self, halved: bool) -> Result<Vec<u8>> {
        let wrong = |error: &dyn std::fmt::Display| Error::parameter(error.to_string());
        let config = serde_json::to_string(self.config.json()).map_err(|e| wrong(&e))?;
        let mut metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("version".to_owned(), self.version().to_string()),
            ("config".to_owned(), config),
        ]);
        metadata.extend(self.sections.metadata());
        let mut tensors: Vec<(String, Vec<usize>, Dtype, Vec<u8>)> = self
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
            .collect::<Result<_>>()?;
        tensors.extend(
            self.sections
                .tensors()
                .map(|(name, dtype, shape, bytes)| (name, shape.to_vec(), dtype, bytes.to_vec())),
        );
        let views: Vec<(&str, TensorView<'_>)> = tensors
            .iter()
            .map(|(name, shape, dtype, data)| {
                Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), data)?))
            })
            .collect::<std::result::Result<_, safetensors::SafeTensorError>>()
            .map_err(|e| wrong(&e))?;
        let mut bytes = safetensors::serialize(views, Some(metadata)).map_err(|e| wrong(&e))?;
        sort_metadata(&mut bytes);
        Ok(bytes)
    }

    /// Writes a model file; an existing one is replaced only when the new one is complete.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.write(path, false)
    }

    /// Writes a model file of about half the size, with large tensors in half precision.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; [`Error::ModelFile`] if a weight is too large
    /// for half precision, beyond 65504.
    pub fn save_halved(&self, path: &Path) -> Result<()> {
        self.write(path, true)
    }

    fn write(&self, path: &Path, halved: bool) -> Result<()> {
        let bytes = self.to_bytes(halved).map_err(|error| Error::model(path, error.to_string()))?;
        write_atomic(path, &bytes)
    }

    /// The version of the format that the model is written in.
    fn version(&self) -> u32 {
        let is_old = self.generation() != Generation::Wms2 && self.sections.is_empty();
        if is_old { *VERSIONS.start() } else { *VERSIONS.end() }
    }

    /// What the model file holds beside the network and its description.
    pub fn sections(&self) -> &Sections {
        &self.sections
    }

    /// The directions in which a player moves the timbre; none if the file has none.
    pub fn directions(&self) -> &[Direction] {
        &self.directions
    }

    /// The description of the network's inputs and outputs.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The family of networks that this one belongs to.
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
                "there are {} input values, wanted {c} a frame",
                inputs.len()
            )));
        }
        if let Some(place) = inputs.iter().position(|v| !v.is_finite()) {
            return Err(Error::parameter(format!(
                "input {} of frame {} is {}, wanted a finite number",
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

    /// Network inputs for analysed frames, (T, C) row-major: standardised `mfcc_raw` (T, `n_mfcc`),
    /// mapped `f0_hz` (T,) and `voicedness` (T,) in this model's order. If the model's own scaling is
    /// not known ([`super::InputScaling::known`]), the coefficients must be standardised already.
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
                 has no projection to compute them",
                timbre.len()
            )));
        }
        let frames = f0_hz.len();
        if mfcc_raw.len() != frames * n_mfcc {
            return Err(Error::parameter(format!(
                "there are {} MFCC values for {frames} frames, wanted {n_mfcc} a frame",
                mfcc_raw.len()
            )));
        }
        let voicedness = match (config.voicedness_index(), voicedness) {
            (Some(index), Some(values)) if values.len() == frames => Some((index, values)),
            (Some(_), given) => {
                return Err(Error::parameter(format!(
                    "there are {} voicedness values for {frames} frames, wanted one a frame",
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
                    "frame {t} has a value that is not finite, wanted finite numbers"
                )));
            }
        }
        Ok(inputs)
    }
}

/// The configuration among a file's metadata, and the texts of its sections if it can have sections.
fn read_metadata(metadata: Option<&HashMap<String, String>>) -> Result<(Value, Option<Sections>)> {
    let metadata = metadata.ok_or_else(|| {
        Error::parameter("has no metadata: not a wms model file, wanted one of wms train")
    })?;
    let entry = |key: &str| metadata.get(key).map_or("missing", String::as_str);
    if entry("format") != FORMAT {
        let format = entry("format");
        return Err(Error::parameter(format!("its format is {format:?}, wanted {FORMAT:?}")));
    }
    let version: Option<u32> = entry("version").parse().ok();
    let Some(version) = version.filter(|version| VERSIONS.contains(version)) else {
        let newer = match version {
            Some(1..) => ": a newer WMS wrote it; update WMS to read it",
            _ => "",
        };
        return Err(Error::parameter(format!(
            "its version is {:?}, wanted {} or {}{newer}",
            entry("version"),
            VERSIONS.start(),
            VERSIONS.end()
        )));
    };
    let config = metadata.get("config");
    let config = config.ok_or_else(|| Error::parameter("its metadata lack config"))?;
    let config = serde_json::from_str(config)
        .map_err(|e| Error::parameter(format!("its config is not valid JSON: {e}")))?;
    Ok((config, (version > 1).then(|| Sections::from_metadata(metadata))))
}

/// The values of a tensor of floats; `None` for other kinds of numbers.
fn values(view: &TensorView<'_>) -> Option<Vec<f32>> {
    match view.dtype() {
        Dtype::F32 => {
            let values = view.data().chunks_exact(4);
            Some(values.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
        }
        Dtype::F16 => {
            let values = view.data().chunks_exact(2);
            Some(values.map(|b| half::to_f32(u16::from_le_bytes([b[0], b[1]]))).collect())
        }
        _ => None,
    }
}

/// Puts a file's metadata in alphabetical order, so that equal models are equal bytes: the library
/// writes them in the order of a hash map. The header keeps its length.
fn sort_metadata(bytes: &mut [u8]) {
    const LENGTH: usize = size_of::<u64>();
    let Some((length, rest)) = bytes.split_first_chunk_mut::<LENGTH>() else { return };
    let Some(header) = rest.get_mut(..u64::from_le_bytes(*length) as usize) else { return };
    let Ok(mut sorted) = serde_json::from_slice::<Map<String, Value>>(header) else { return };
    if let Some(Value::Object(metadata)) = sorted.get_mut("__metadata__") {
        metadata.sort_keys();
    }
    let Ok(text) = serde_json::to_vec(&sorted) else { return };
    if let Some(place) = header.get_mut(..text.len()) {
        place.copy_from_slice(&text);
    }
}

fn half_bytes(name: &str, values: &[f32]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(2 * values.len());
    for &value in values {
        let bits = half::from_f32(value).ok_or_else(|| {
            Error::parameter(format!("tensor {name} holds {value}, too large for half precision"))
        })?;
        bytes.extend_from_slice(&bits.to_le_bytes());
    }
    Ok(bytes)
}
