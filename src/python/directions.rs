//! `wms.Directions`: the directions in which a model's timbre is moved.

use std::fmt::Write;
use std::hash::{Hash, Hasher};

use super::arguments::Array;
use crate::Error;
use crate::model;
use crate::synth::Axis;
use crate::timbre;
use numpy::PyArray1;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PySlice, PyType};

/// Most frames that directions are measured on: five minutes at the usual hop and rate tell as much as
/// hours do, and are kept in memory.
const MOST_FRAMES: usize = 50_000;

/// A named direction in the space of a model's inputs.
///
/// Its amounts are counted from the model's rest, in `unit`. `Synth.set_timbre` takes places on a
/// scale from -1, `low`, over 0, the rest, to 1, `high`.
///
/// Attributes
/// ----------
/// name
///     What it moves, such as "brightness".
/// unit
///     The unit of its amounts, such as "dB".
/// meaning
///     What a larger amount means.
/// vector
///     Change of each network input in one unit, (C,).
/// low, high
///     Lowest and highest amount among the sounds that it was measured on, which are not exceeded.
/// spread
///     Standard deviation of the amounts of these sounds.
#[pyclass(frozen, eq, hash, module = "wms", name = "Direction")]
#[derive(PartialEq)]
pub(super) struct PyDirection(timbre::Direction);

/// What pickle keeps of a direction: its words, its vector and its numbers.
type Parts = ([String; 3], Vec<f32>, [f32; 3]);

impl Hash for PyDirection {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

#[pymethods]
impl PyDirection {
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    #[getter]
    fn unit(&self) -> &str {
        &self.0.unit
    }

    #[getter]
    fn meaning(&self) -> &str {
        &self.0.meaning
    }

    #[getter]
    fn vector<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        PyArray1::from_slice(py, &self.0.vector)
    }

    #[getter]
    fn low(&self) -> f32 {
        self.0.low
    }

    #[getter]
    fn high(&self) -> f32 {
        self.0.high
    }

    #[getter]
    fn spread(&self) -> f32 {
        self.0.spread
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Parts)> {
        let timbre::Direction { name, unit, meaning, vector, low, high, spread } =
            slf.get().0.clone();
        let parts = ([name, unit, meaning], vector, [low, high, spread]);
        Ok((slf.get_type().getattr("_restore")?, parts))
    }

    /// The direction of the words, the vector and the numbers that pickle keeps.
    #[classmethod]
    fn _restore(
        _class: &Bound<'_, PyType>,
        words: [String; 3],
        vector: Vec<f32>,
        numbers: [f32; 3],
    ) -> Self {
        let ([name, unit, meaning], [low, high, spread]) = (words, numbers);
        Self(timbre::Direction { name, unit, meaning, vector, low, high, spread })
    }

    fn __repr__(&self) -> String {
        let timbre::Direction { name, unit, low, high, .. } = &self.0;
        format!("Direction({name:?}, {low:.2} to {high:.2} {unit})")
    }
}

/// The directions of a model, in their order: a sequence that also takes names.
///
/// Examples
/// --------
/// >>> model = wms.Model.load("factory:flute")
/// >>> model.directions.names[:3]
/// ['loudness', 'brightness', 'breath']
#[pyclass(frozen, eq, hash, sequence, module = "wms", name = "Directions")]
#[derive(PartialEq)]
pub(super) struct PyDirections(pub Vec<timbre::Direction>);

impl Hash for PyDirections {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|direction| direction.name.hash(state));
    }
}

#[pymethods]
impl PyDirections {
    /// Names of the directions.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.iter().map(|direction| direction.name.clone()).collect()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __getitem__(&self, key: &Bound<'_, PyAny>) -> PyResult<PyDirection> {
        let index = if let Ok(name) = key.extract::<String>() {
            let place = position(&self.0, &name);
            place.ok_or_else(|| PyKeyError::new_err(format!("no direction {name:?}")))?
        } else if let Ok(index) = key.extract::<isize>() {
            let index = if index < 0 { index + self.0.len() as isize } else { index };
            usize::try_from(index).unwrap_or(usize::MAX)
        } else {
            return Err(PyTypeError::new_err("wanted the number or the name of a direction"));
        };
        let direction = self.0.get(index);
        direction
            .cloned()
            .map(PyDirection)
            .ok_or_else(|| PyIndexError::new_err(format!("there are {} directions", self.0.len())))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.0.iter().cloned().map(PyDirection))?.try_iter()
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> bool {
        name.extract::<String>().is_ok_and(|name| position(&self.0, &name).is_some())
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Vec<PyDirection>,))> {
        let directions = slf.get().0.iter().cloned().map(PyDirection).collect();
        Ok((slf.get_type().getattr("_restore")?, (directions,)))
    }

    /// The directions of a list of them, which is what pickle keeps.
    #[classmethod]
    fn _restore(_class: &Bound<'_, PyType>, directions: Vec<PyRef<'_, PyDirection>>) -> Self {
        Self(directions.iter().map(|direction| direction.0.clone()).collect())
    }

    fn __repr__(&self) -> String {
        if self.0.is_empty() {
            return "no directions".into();
        }
        let width = self.0.iter().map(|d| d.name.chars().count()).max().unwrap_or(0).max(4);
        let mut table = format!(
            "{:width$}  {:>8}  {:>8}  {:>8}  unit     a larger amount",
            "name", "low", "high", "spread"
        );
        for direction in &self.0 {
            let timbre::Direction { name, unit, meaning, low, high, spread, .. } = direction;
            // Writing to a string cannot fail.
            let _ = write!(
                table,
                "\n{name:width$}  {low:8.2}  {high:8.2}  {spread:8.2}  {unit:7}  {meaning}"
            );
        }
        table
    }
}

/// The place of a direction of that name; as keywords cannot hold other characters, each may be
/// written as an underscore.
fn position(directions: &[timbre::Direction], name: &str) -> Option<usize> {
    let exactly = directions.iter().position(|direction| direction.name == name);
    exactly.or_else(|| {
        let keyword = |name: &str| name.replace(|c: char| !c.is_alphanumeric(), "_");
        directions.iter().position(|direction| keyword(&direction.name) == name)
    })
}

/// The direction or the timbre input of that name.
///
/// # Errors
/// [`Error::Parameter`] with the names that there are.
pub(super) fn axis(model: &model::Model, name: &str) -> crate::Result<Axis> {
    let (config, directions) = (model.config(), model.directions());
    if let Some(direction) = position(directions, name) {
        return Ok(Axis::Direction(direction));
    }
    let input = config.input_names.iter().position(|own| own == name);
    if let Some(input) = input.filter(|&input| input != config.pitch_index()) {
        return Ok(Axis::Input(input));
    }
    let mut known: Vec<&str> = directions.iter().map(|direction| direction.name.as_str()).collect();
    known.extend(config.input_names.iter().map(String::as_str).filter(|&name| name != "pitch"));
    let kinds = if directions.is_empty() { "" } else { "direction or " };
    Err(Error::parameter(format!(
        "the model has no {kinds}timbre input {name}, wanted one of {}",
        known.join(", ")
    )))
}

/// The same model with directions measured on frames, of which at most [`MOST_FRAMES`] count.
pub(super) fn measured_on(
    model: &model::Model,
    frames: &Bound<'_, PyAny>,
    inputs: &[f32],
) -> PyResult<model::Model> {
    let py = frames.py();
    let attribute = |name: &str| {
        frames.getattr(name).map_err(|_| {
            Error::parameter(format!("frames have no {name}, wanted what wms.analyze returns"))
        })
    };
    let f0_hz = Array::take(&attribute("f0_hz")?, "frames.f0_hz", 1..=1)?.data;
    let targets = attribute("targets")?;
    // Frames of a store have an array for each recording, which is read when its turn comes.
    let parts: Vec<Bound<'_, PyAny>> = if targets.hasattr("dtype")? {
        vec![targets]
    } else {
        targets.try_iter()?.collect::<PyResult<_>>()?
    };
    let counts: Vec<usize> = parts.iter().map(PyAnyMethods::len).collect::<PyResult<_>>()?;
    let (count, width) = (f0_hz.len(), model.input_size());
    let rows: usize = counts.iter().sum();
    if rows != count || inputs.len() != count * width {
        return Err(Error::parameter(format!(
            "frames.f0_hz has {count} values, frames.targets {rows} rows and frames.inputs {} values; \
             wanted a row and {width} inputs for each of f0_hz",
            inputs.len()
        ))
        .into());
    }
    // Every so manieth frame counts, through all parts.
    let step = count.div_ceil(MOST_FRAMES).max(1);
    let f0_hz: Vec<f32> = f0_hz.into_iter().step_by(step).collect();
    let inputs: Vec<f32> =
        inputs.chunks_exact(width.max(1)).step_by(step).flatten().copied().collect();
    let mut measured = Vec::with_capacity(f0_hz.len());
    let mut before = 0usize;
    for (part, count) in parts.into_iter().zip(counts) {
        let first = before.next_multiple_of(step) - before;
        before += count;
        let chosen = PySlice::new(py, first as isize, count as isize, step as isize);
        let part = Array::take(&part.get_item(chosen)?, "frames.targets", 2..=2)?;
        if part.width() != model.output_size() {
            return Err(Error::parameter(format!(
                "frames.targets has {} columns, wanted {}, the number of the model's bins",
                part.width(),
                model.output_size()
            ))
            .into());
        }
        let f0_hz = &f0_hz[measured.len()..measured.len() + part.shape[0]];
        measured.extend(py.detach(|| model.measure(&part.data, f0_hz))?);
    }
    Ok(py.detach(|| model.with_directions(&inputs, &f0_hz, &measured))?)
}
