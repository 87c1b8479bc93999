//! `wms.Model`.

use std::path::PathBuf;
use std::sync::Arc;

use super::arguments::{Array, json};
use super::directions::{PyDirections, axis, measured_on};
use super::params::{PyParams, json_of, to_python};
use crate::Error;
use crate::model::network::{StateDict, Tensor};
use crate::model::{self, Difference};
use crate::synth::{Axis, TimbreSpace};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyType};
use std::ffi::CString;
use std::hash::{Hash, Hasher};

/// A network and what its inputs and outputs mean; immutable.
///
/// Made by `Model.load`. T is the number of frames, C that of network inputs, K that of spectrum
/// bins. Two models are equal if their descriptions, weights and sections are. Where a function
/// takes a model, it takes as well what `Model.load` takes: a path, or "factory:NAME".
///
/// Examples
/// --------
/// >>> model = wms.Model.load("factory:flute")
/// >>> model.input_size, model.output_size, model.sample_rate, model.hop_size
/// (66, 232, 44100, 256)
#[pyclass(frozen, eq, hash, module = "wms")]
pub(super) struct Model {
    pub inner: Arc<model::Model>,
}

impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
            || (self.inner.config() == other.inner.config()
                && self.inner.sections() == other.inner.sections()
                && self.inner.network().to_state_dict() == other.inner.network().to_state_dict())
    }
}

impl Hash for Model {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.config().name.hash(state);
        self.inner.config().input_names.hash(state);
        self.inner.output_size().hash(state);
    }
}

/// A model as an argument of a function: a `Model`, or what `Model.load` takes.
pub(super) struct GivenModel(pub Arc<model::Model>);

impl<'py> FromPyObject<'_, 'py> for GivenModel {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(model) = value.cast::<Model>() {
            return Ok(Self(Arc::clone(&model.get().inner)));
        }
        if let Ok(path) = value.extract::<PathBuf>() {
            return Ok(Self(Model::load(value.py(), path, None)?.inner));
        }
        let kind = value.get_type().name()?;
        Err(Error::Parameter(format!(
            "the model is a {kind}, wanted a wms.Model, the path of a model file or \"factory:NAME\""
        ))
        .into())
    }
}

/// A float32 array of two dimensions.
type Matrix<'py> = Bound<'py, PyArray2<f32>>;

/// The features of analysed frames that a model reads.
pub(super) struct Features {
    pub mfcc: Array,
    pub f0_hz: Array,
    pub voicedness: Option<Array>,
}

impl Features {
    /// Takes the features of frames that were analysed as the model wants it.
    ///
    /// Where frames do not say how they were analysed, that is not checked. A model that does not
    /// say it is played with a warning.
    pub fn take(frames: &Bound<'_, PyAny>, model: &model::Model) -> PyResult<Self> {
        check_analysis(frames, model)?;
        let attribute = |name: &str| {
            frames.getattr(name).map_err(|_| {
                Error::parameter(format!("frames have no {name}, wanted what wms.analyze returns"))
            })
        };
        // If the model does not know its training's scaler, the frames' own has to do, as in wms_torch.
        let name = if model.config().scaler.known { "mfcc_raw" } else { "mfcc" };
        let mfcc = Array::take(&attribute(name)?, &format!("frames.{name}"), 2..=2)?;
        let f0_hz = Array::take(&attribute("f0_hz")?, "frames.f0_hz", 1..=1)?;
        let voicedness = match model.config().voicedness_index() {
            Some(_) => Some(Array::take(&attribute("voicedness")?, "frames.voicedness", 1..=1)?),
            None => None,
        };
        if mfcc.shape[0] != f0_hz.width() {
            return Err(Error::parameter(format!(
                "frames.{name} has {} rows, wanted {}, as many as frames.f0_hz",
                mfcc.shape[0],
                f0_hz.width()
            ))
            .into());
        }
        Ok(Self { mfcc, f0_hz, voicedness })
    }

    /// Network inputs with the pitch taken from `f0_hz`.
    pub fn inputs(&self, model: &model::Model, f0_hz: &[f32]) -> crate::Result<Vec<f32>> {
        let voicedness = self.voicedness.as_ref().map(|v| v.data.as_slice());
        model.inputs(&self.mfcc.data, f0_hz, voicedness)
    }
}

/// Refuses frames of another analysis than the model's.
fn check_analysis(frames: &Bound<'_, PyAny>, model: &model::Model) -> PyResult<()> {
    let Ok(params) = frames.getattr("params") else { return Ok(()) };
    let params = json(&params, "frames.params")?;
    let difference = params.as_object().and_then(|params| model.config().difference(params));
    let Some(Difference { key, wanted, given }) = difference else { return Ok(()) };
    if model.config().knows_its_params() {
        return Err(Error::parameter(format!(
            "the frames were analysed with {key} {given}, wanted {wanted}, as the model was trained \
             with; wms.analyze(sound, model) analyses so"
        ))
        .into());
    }
    let py = frames.py();
    let text = CString::new(format!(
        "the frames were analysed with {key} {given}, but {wanted} was assumed of the model, whose \
         file does not say it; a params.json beside it would"
    ));
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text.unwrap_or_default(), 1)
}

/// A (rows, columns) array of this data.
pub(super) fn matrix(
    py: Python<'_>,
    data: Vec<f32>,
    columns: usize,
) -> PyResult<Bound<'_, PyArray2<f32>>> {
    let rows = data.len() / columns.max(1);
    PyArray1::from_vec(py, data).reshape([rows, columns])
}

#[pymethods]
impl Model {
    /// Read a model file.
    ///
    /// Parameters
    /// ----------
    /// path
    ///     A `.safetensors` file that `Model.save` or the training wrote, or a `.pth` or `rt_model`
    ///     JSON file of `wms_torch` of any generation; the content decides, not the name. Or
    ///     "factory:NAME" with one of the names that `factory_models` lists.
    /// params
    ///     Params with which sound for the model is to be analysed: the model must agree with
    ///     them. The files of `wms_torch` hold weights only; for them the params also tell the
    ///     rest. Where None, such a file takes them from `<path>.params.json`, which `wms convert`
    ///     writes, or from a params.json beside the file or in the folder above.
    ///
    /// Warns
    /// -----
    /// UserWarning
    ///     Names what the file does not tell and was assumed (also in `config["assumed"]`).
    ///
    /// Raises
    /// ------
    /// ModelFileError
    ///     The file is truncated, of another kind, inconsistent, asks for code to be run, or does
    ///     not fit `params`; the message says which.
    /// FileAccessError
    ///     The file cannot be read.
    ///
    /// Examples
    /// --------
    /// >>> model = wms.Model.load("factory:flute")
    /// >>> model.save("flute.safetensors")
    /// >>> wms.Model.load("flute.safetensors").input_names[-2:]
    /// ['pitch', 'voicedness']
    #[staticmethod]
    #[pyo3(signature = (path, params=None))]
    fn load(py: Python<'_>, path: PathBuf, params: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let params = params.map(|params| json_of(params, "params")).transpose()?;
        let factory = path.to_str().and_then(|path| path.strip_prefix("factory:"));
        let inner = match factory {
            Some(name) => {
                let found = model::Model::factory(name)?;
                if let Some(params) = &params {
                    found
                        .check_params(params)
                        .map_err(|error| Error::model(&path, error.to_string()))?;
                }
                found
            }
            None => py.detach(|| model::Model::load_with(&path, params.as_ref()))?,
        };
        let assumed: Vec<&str> = inner.config().assumptions().collect();
        if !assumed.is_empty() {
            let text = format!(
                "{}: its file does not say everything, so this was assumed: {}; a params.json beside \
                 it would say it",
                path.display(),
                assumed.join("; ")
            );
            let text = CString::new(text).unwrap_or_default();
            PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 1)?;
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A model from its configuration and its tensors, as a model file holds them.
    ///
    /// Parameters
    /// ----------
    /// config
    ///     What `Model.config` gives: what the inputs and outputs mean.
    /// tensors
    ///     The weights by their state-dict names, as `Model.state_dict` gives them. They are kept
    ///     as float32.
    /// like
    ///     A model whose `directions`, and what else its file holds, the new one takes over.
    ///
    /// Returns
    /// -------
    /// Model
    ///     A model to play, or to save with `Model.save`.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     A key or a tensor is missing, superfluous, misshapen or out of range, or the directions
    ///     of `like` do not fit. The message names it.
    ///
    /// Examples
    /// --------
    /// >>> flute = wms.Model.load("factory:flute")
    /// >>> config = {**flute.config, "name": "Pan"}
    /// >>> wms.Model.from_state(config, flute.state_dict(), like=flute).name
    /// 'Pan'
    #[staticmethod]
    #[pyo3(signature = (config, tensors, *, like=None))]
    fn from_state(
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        tensors: &Bound<'_, PyDict>,
        like: Option<&Self>,
    ) -> PyResult<Self> {
        let config = json(config, "config")?;
        let mut state = StateDict::new();
        for (name, tensor) in tensors {
            let name: String = name.extract()?;
            let Array { shape, data } = Array::take(&tensor, &format!("tensor {name}"), 1..=2)?;
            state.insert(name, Tensor { shape, data });
        }
        let sections = like.map(|like| like.inner.sections().clone());
        let inner = py.detach(|| {
            let model = model::Model::from_state(config, state)?;
            match sections {
                Some(sections) => model.with_sections(sections),
                None => Ok(model),
            }
        })?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Write the model file; an existing one is replaced when the new one is complete.
    ///
    /// Parameters
    /// ----------
    /// path
    ///     The file.
    /// half
    ///     Keep large tensors in half precision: the file is half the size and is read like any
    ///     other.
    ///
    /// Raises
    /// ------
    /// FileAccessError
    ///     The file cannot be written.
    /// ModelFileError
    ///     With `half`, a weight is beyond 65504.
    #[pyo3(signature = (path, *, half=false))]
    fn save(&self, py: Python<'_>, path: PathBuf, half: bool) -> PyResult<()> {
        Ok(py
            .detach(|| if half { self.inner.save_halved(&path) } else { self.inner.save(&path) })?)
    }

    /// Family of the network, such as "2026-08".
    #[getter]
    fn generation(&self) -> &'static str {
        self.inner.generation().name()
    }

    /// Display name of the model.
    #[getter]
    fn name(&self) -> &str {
        &self.inner.config().name
    }

    /// Names of the network inputs, in order.
    #[getter]
    fn input_names(&self) -> Vec<String> {
        self.inner.config().input_names.clone()
    }

    /// Number of network inputs, C.
    #[getter]
    fn input_size(&self) -> usize {
        self.inner.input_size()
    }

    /// Number of spectrum bins, K.
    #[getter]
    fn output_size(&self) -> usize {
        self.inner.output_size()
    }

    /// Sampling rate of the analysed sound, Hz.
    #[getter]
    fn sample_rate(&self) -> u32 {
        self.inner.config().spectrum.sample_rate
    }

    /// Samples from one frame to the next, at `sample_rate`.
    #[getter]
    fn hop_size(&self) -> usize {
        self.inner.config().hop_size
    }

    /// The params with which to analyse sound for the model: those that it was trained with.
    ///
    /// Where a network of `wms_torch` does not say them, they are the shipped ones, with the values
    /// replaced that its file tells in another way. `analyze` takes a model in place of its params.
    #[getter]
    fn params(&self) -> PyResult<PyParams> {
        Ok(PyParams(self.inner.config().params()?))
    }

    /// Everything that the model file says about the network, as a new dict.
    #[getter]
    fn config<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &serde_json::Value::Object(self.inner.config().json().clone()))
    }

    /// The network's tensors by their state-dict names, as new arrays.
    fn state_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let tensors = PyDict::new(py);
        for (name, tensor) in self.inner.network().to_state_dict() {
            let array = PyArray1::from_vec(py, tensor.data).reshape(tensor.shape)?;
            tensors.set_item(name, array)?;
        }
        Ok(tensors)
    }

    /// Run the network over frames: what PyTorch's forward gives.
    ///
    /// Parameters
    /// ----------
    /// x
    ///     Network inputs, (T, C).
    /// state
    ///     Hidden state, (layers, hidden), to carry on from; zeros where None.
    ///
    /// Returns
    /// -------
    /// y
    ///     Predicted spectra, (T, K).
    /// state
    ///     Hidden state after the last frame, (layers, hidden).
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     `x` or `state` has another shape or holds values that are not finite.
    ///
    /// Examples
    /// --------
    /// >>> model = wms.Model.load("factory:flute")
    /// >>> y, state = model.predict(np.zeros((5, model.input_size)))
    /// >>> y.shape
    /// (5, 232)
    #[pyo3(signature = (x, state=None))]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        state: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Matrix<'py>, Matrix<'py>)> {
        let x = Array::take(x, "x", 2..=2)?;
        let network = self.inner.network();
        if x.width() != network.input_size() {
            return Err(Error::parameter(format!(
                "x has {} columns, wanted {}, the number of the model's inputs",
                x.width(),
                network.input_size()
            ))
            .into());
        }
        let (layers, hidden) = network.hidden_shape();
        let mut running = network.state();
        if let Some(state) = state {
            let state = Array::take(state, "state", 2..=2)?;
            if state.shape != [layers, hidden] {
                return Err(Error::parameter(format!(
                    "state has shape {:?}, wanted [{layers}, {hidden}]",
                    state.shape
                ))
                .into());
            }
            if state.data.iter().any(|v| !v.is_finite()) {
                return Err(Error::parameter(
                    "state has a value that is not finite, wanted finite numbers",
                )
                .into());
            }
            for (own, given) in running.hidden_mut().zip(state.data.chunks_exact(hidden.max(1))) {
                own.copy_from_slice(given);
            }
        }
        let y = py.detach(|| self.inner.predict(&x.data, &mut running))?;
        let state = PyArray1::from_vec(py, running.hidden().concat()).reshape([layers, hidden])?;
        Ok((matrix(py, y, network.output_size())?, state))
    }

    /// Timbre inputs by name: lowest value in the training sound, value at rest, highest value.
    ///
    /// The values are in the units of `Synth.set_timbre`: 0 is the mean of the training data and 1
    /// is a standard deviation, but voicedness stands for itself. `Synth.timbre_range`, to which a
    /// synthesizer holds them, is wider by half of this range on either side.
    #[getter]
    fn timbre_axes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let config = self.inner.config();
        let space = TimbreSpace::new(&self.inner);
        let axes = PyDict::new(py);
        for (index, name) in config.input_names.iter().enumerate() {
            if index == config.pitch_index() {
                continue;
            }
            let rest = space.rest().get(index).and_then(|&rest| space.value(index, rest));
            if let (Some((low, high)), Some(rest)) = (space.known_range(index), rest) {
                axes.set_item(name, (low, rest, high))?;
            }
        }
        Ok(axes)
    }

    /// The named directions in which the timbre is moved, such as loudness and brightness.
    ///
    /// Models of generation "wms-2" have them from their training. Others have none, unless
    /// `with_directions` has made some.
    #[getter]
    fn directions(&self) -> PyDirections {
        PyDirections(self.inner.directions().to_vec())
    }

    /// Measure directions on frames: the same model with these in place of its own.
    ///
    /// There is one for each of loudness, brightness, breath and odd/even balance, if the frames
    /// differ in it: the change of the inputs that is to be expected with one unit of it while the
    /// pitch and the others stay. The principal components of what these leave follow, up to 12
    /// directions in all.
    ///
    /// Parameters
    /// ----------
    /// frames
    ///     What `analyze` returns, with the spectra that the model's params give. Of more than
    ///     50,000 frames, as many as that are taken, at equal distances.
    ///
    /// Returns
    /// -------
    /// Model
    ///     The model with directions, to play or to save.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     The frames do not fit the model, or fewer than 50 of them sound with a pitch.
    ///
    /// Examples
    /// --------
    /// >>> flute = wms.Model.load("factory:flute")
    /// >>> noise = np.random.default_rng(0).normal(size=44100)
    /// >>> y = np.sin(2 * np.pi * 440 * np.arange(44100) / 44100) * np.linspace(0.1, 0.5, 44100)
    /// >>> frames = wms.analyze(y + 0.01 * noise, flute, sample_rate=44100)
    /// >>> flute.with_directions(frames).directions.names[:2]
    /// ['loudness', 'brightness']
    fn with_directions(&self, frames: &Bound<'_, PyAny>) -> PyResult<Self> {
        // Frames that were made for a training have its inputs already.
        let inputs = if frames.hasattr("inputs")? && !frames.hasattr("mfcc_raw")? {
            Array::take(&frames.getattr("inputs")?, "frames.inputs", 2..=2)?.data
        } else {
            let features = Features::take(frames, &self.inner)?;
            features.inputs(&self.inner, &features.f0_hz.data)?
        };
        let inner = measured_on(&self.inner, frames, &inputs)?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Network inputs of a steady tone, as a synthesizer feeds them.
    ///
    /// Parameters
    /// ----------
    /// f0_hz
    ///     Pitch, above 0; beyond the pitches of the training sound, the nearest of them counts.
    /// **timbre
    ///     Values of directions and timbre inputs by name, in the units of `Synth.set_timbre`; the
    ///     others are at rest. They are held within `Synth.timbre_range`.
    ///
    /// Returns
    /// -------
    /// x
    ///     Network inputs, (C,).
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     The model has no direction or input of that name, or a value is not a finite number.
    ///
    /// Examples
    /// --------
    /// >>> model = wms.Model.load("factory:flute")
    /// >>> x = model.tone_inputs(440, voicedness=0.5)
    /// >>> spectra, _ = model.predict(np.tile(x, (60, 1)))
    /// >>> spectra[-1].shape
    /// (232,)
    #[pyo3(signature = (f0_hz, **timbre))]
    fn tone_inputs<'py>(
        &self,
        py: Python<'py>,
        f0_hz: f64,
        timbre: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        if !(f0_hz > 0.0 && f0_hz.is_finite()) {
            return Err(Error::parameter(format!("f0_hz is {f0_hz}, wanted above 0")).into());
        }
        let directions = self.inner.directions();
        let (mut values, mut amounts) = (Vec::new(), vec![0.0; directions.len()]);
        for (name, value) in timbre.into_iter().flatten() {
            let name: String = name.extract()?;
            let axis = axis(&self.inner, &name)?;
            let value: Option<f32> = value.extract().ok();
            let Some(value) = value.filter(|value| value.is_finite()) else {
                return Err(Error::parameter(format!("{name} is not a finite number")).into());
            };
            match axis {
                Axis::Input(input) => values.push((input, value)),
                Axis::Direction(index) => amounts[index] = directions[index].amount(value),
            }
        }
        let inputs = TimbreSpace::new(&self.inner).inputs_along(f0_hz, &values, &amounts);
        Ok(PyArray1::from_vec(py, inputs))
    }

    /// Analysed frames as this model's inputs: its scaler, projection, f0 mapping and order.
    ///
    /// Parameters
    /// ----------
    /// frames
    ///     Anything with `mfcc_raw` (T, n_mfcc), `f0_hz` (T,) and `voicedness` (T,), such as
    ///     `Frames`. Models of `wms_torch`, whose scaler is not known, read the standardised `mfcc`
    ///     (T, n_mfcc) in place of `mfcc_raw`.
    ///
    /// Returns
    /// -------
    /// x
    ///     Network inputs, (T, C).
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     An attribute is missing, or the shapes do not fit each other or the model. Or the frames
    ///     have `params` with which sound for this model is not analysed.
    ///
    /// Warns
    /// -----
    /// UserWarning
    ///     The same, but the model's file does not say how its sound was analysed.
    ///
    /// Examples
    /// --------
    /// >>> y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
    /// >>> model = wms.Model.load("factory:flute")
    /// >>> model.inputs(wms.analyze(y, model, sample_rate=44100)).shape
    /// (173, 66)
    fn inputs<'py>(
        &self,
        py: Python<'py>,
        frames: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let features = Features::take(frames, &self.inner)?;
        let inputs = features.inputs(&self.inner, &features.f0_hz.data)?;
        matrix(py, inputs, self.inner.input_size())
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let bytes = slf.get().inner.to_bytes(false)?;
        Ok((slf.get_type().getattr("_restore")?, (PyBytes::new(slf.py(), &bytes),)))
    }

    /// The model of the bytes of a model file, which is what pickle keeps.
    #[classmethod]
    fn _restore(_class: &Bound<'_, PyType>, bytes: &[u8]) -> PyResult<Self> {
        Ok(Self { inner: Arc::new(model::Model::from_bytes(bytes)?) })
    }

    /// What Jupyter shows.
    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("wms._html")?.call_method1("model_html", (slf,))
    }

    fn __repr__(&self) -> String {
        let directions = match self.inner.directions().len() {
            0 => String::new(),
            count => format!(", {count} directions"),
        };
        format!(
            "<wms.Model {:?}: {}, {} inputs, {} bins{directions}>",
            self.inner.config().name,
            self.inner.generation().name(),
            self.inner.input_size(),
            self.inner.output_size()
        )
    }
}

/// Names of the models that come with the package, for `Model.load("factory:NAME")`.
///
/// Examples
/// --------
/// >>> "flute" in wms.factory_models()
/// True
#[pyfunction]
pub(super) fn factory_models() -> Vec<&'static str> {
    model::factory::MODELS.iter().map(|model| model.name).collect()
}
