//! Reads models, describes them for the editor, and packs them into projects.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};
use wms::model::{Model, factory};
use wms::synth::TimbreSpace;
use wms::timbre::Direction;

use crate::bank::{self, Source};
use crate::model_info::{ModelInfo, TimbreAxis};
use crate::params::AXES;
use crate::state::{SavedModel, VERSION};

/// The largest number of base-64 characters that a model in a project may have.
const MAX_PACKED: usize = 2 << 20;
/// The largest number of bytes that a model may have in memory, so that a damaged or hostile project
/// cannot exhaust it.
const MAX_UNPACKED: u64 = 64 << 20;

/// A model that can be played.
#[derive(Clone)]
pub struct Loaded {
    /// The network and its description.
    pub model: Arc<Model>,
    /// What the editor shows of it.
    pub info: ModelInfo,
    /// What a project saves of it.
    pub saved: SavedModel,
}

/// Reads a model from the factory or from a file.
///
/// # Errors
/// One line for the user if it cannot be read.
pub fn load(source: &Source) -> Result<Loaded, String> {
    let model = match source {
        Source::Factory(name) => Model::factory(name),
        Source::File(path) => Model::load(path),
    };
    let model = model.map_err(|error| one_line(&without_folder(&error.to_string(), source)))?;
    let sha256 = hash(source).ok_or_else(|| {
        format!("{} has just been moved or is too large. Choose another model.", shown(source))
    })?;
    let name = match source {
        Source::Factory(_) => model.config().name.clone(),
        Source::File(path) => bank::file_title(path),
    };
    let bytes = model.to_bytes(false).map_err(|error| one_line(&error.to_string()))?;
    let saved = SavedModel {
        version: VERSION,
        name,
        source: Some(source.clone()),
        sha256,
        data: pack(&bytes).unwrap_or_default(),
    };
    Ok(prepared(model, saved, false))
}

/// Restores the model that a project holds. Also returns a line for the user if the file that it was
/// loaded from is missing or has changed.
///
/// # Errors
/// One line for the user if the model cannot be restored.
pub fn recall(saved: &SavedModel) -> Result<(Loaded, Option<String>), String> {
    let name = one_line(&saved.name);
    if saved.version > VERSION {
        return Err(format!(
            "{name}: saved by a newer version of WMS (format {}, wanted at most {VERSION}); update WMS \
             to open it",
            saved.version
        ));
    }
    let place = saved.source.as_ref().map_or_else(|| name.clone(), shown);
    let found = saved.source.as_ref().and_then(hash);
    if saved.data.is_empty() {
        let source = saved
            .source
            .as_ref()
            .ok_or_else(|| format!("{name}: the project holds no model; choose one in the list"))?;
        let loaded = load(source)?;
        let changed = loaded.saved.sha256 != saved.sha256;
        let message =
            format!("{place} has changed since the project was saved, and plays as it is now.");
        return Ok((loaded, changed.then_some(message)));
    }
    let bytes = unpack(&saved.data).map_err(|message| format!("{name}: {message}"))?;
    let model = Model::from_bytes(&bytes)
        .map_err(|error| one_line(&format!("{name} in the project: {error}")))?;
    let message = match found {
        None => Some(format!(
            "{place} is missing, so the project's copy plays. To use the file again, open it from its \
             new place."
        )),
        Some(found) if found != saved.sha256 => Some(format!(
            "{place} has changed, so the project's copy plays. To hear the new one, load it again."
        )),
        Some(_) => None,
    };
    Ok((prepared(model, saved.clone(), message.is_some()), message))
}

fn prepared(model: Model, saved: SavedModel, from_project: bool) -> Loaded {
    let info = describe(&model, &saved, from_project);
    Loaded { model: Arc::new(model), info, saved }
}

/// What the editor shows of a model.
fn describe(model: &Model, saved: &SavedModel, from_project: bool) -> ModelInfo {
    let config = model.config();
    let space = TimbreSpace::new(model);
    // The parameters are 0 at the resting timbre.
    let range = |input: usize| {
        let rest = space.value(input, space.rest()[input]).unwrap_or(0.0);
        let end = |value: f32| space.value(input, value).unwrap_or(0.0) - rest;
        [end(config.statistics.min[input]), end(config.statistics.max[input])]
    };
    let directions = model.directions();
    let axes = if directions.is_empty() {
        let inputs = config.timbre_indices().take(AXES).map(|input| {
            let [low, high] = range(input);
            TimbreAxis { name: config.input_names[input].clone(), input, low, high }
        });
        inputs.collect()
    } else {
        let directions = directions.iter().enumerate().take(AXES).map(|(input, direction)| {
            let Direction { low, high, spread, .. } = *direction;
            let name = capitalised(&direction.name);
            TimbreAxis { name, input, low: low / spread, high: high / spread }
        });
        directions.collect()
    };
    ModelInfo {
        serial: 0,
        name: saved.name.clone(),
        source: saved.source.clone(),
        from_project,
        axes,
        voicedness: config.voicedness_index().map(range),
        sample_rate: config.spectrum.sample_rate,
        f0_range_hz: config.f0_range_hz,
    }
}

/// A name as it stands beside the names of other parameters.
fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The SHA-256 of the bytes of a model, in base 64; `None` if they cannot be read.
fn hash(source: &Source) -> Option<String> {
    let digest = match source {
        Source::Factory(name) => {
            Sha256::digest(factory::MODELS.iter().find(|model| model.name == *name)?.bytes)
        }
        Source::File(path) => Sha256::digest(read_bounded(path)?),
    };
    Some(BASE64_STANDARD.encode(digest))
}

/// Reads a file; `None` if it cannot be read or is too large.
fn read_bounded(path: &Path) -> Option<Vec<u8>> {
    let length = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?.len();
    (length <= MAX_UNPACKED).then(|| std::fs::read(path).ok()).flatten()
}

/// The name of a source in messages.
fn shown(source: &Source) -> String {
    match source {
        Source::Factory(name) => format!("factory model {name}"),
        Source::File(path) => path.display().to_string(),
    }
}

/// Shortens the path in a message to the name of the file, because the status line is short.
fn without_folder(message: &str, source: &Source) -> String {
    match source {
        Source::File(path) => {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            message.replace(&path.display().to_string(), &name)
        }
        Source::Factory(_) => message.to_owned(),
    }
}

/// Makes a message fit for one line. Messages quote parts of files, which may hold anything.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

/// Packs a model for a project; `None` if it is too large for one.
fn pack(bytes: &[u8]) -> Option<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    let packed = BASE64_STANDARD.encode(encoder.finish().ok()?);
    (packed.len() <= MAX_PACKED).then_some(packed)
}

fn unpack(data: &str) -> Result<Vec<u8>, String> {
    let damaged = |reason: &dyn std::fmt::Display| {
        format!("the project's copy is damaged ({reason}); choose the model in the list again")
    };
    let packed = BASE64_STANDARD.decode(data).map_err(|e| damaged(&e))?;
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed.as_slice())
        .take(MAX_UNPACKED)
        .read_to_end(&mut bytes)
        .map_err(|e| damaged(&e))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_comes_back_from_its_saved_form() {
        let source = Source::Factory(factory::MODELS[0].name.to_owned());
        let loaded = load(&source).unwrap();
        assert!(!loaded.saved.data.is_empty() && !loaded.info.axes.is_empty());
        let axis = &loaded.info.axes[0];
        assert!(axis.low < 0.0 && axis.high > 0.0, "{axis:?}");
        let (again, message) = recall(&loaded.saved).unwrap();
        assert_eq!((message, &again.info), (None, &loaded.info));
        assert_eq!(again.model.network().to_state_dict(), loaded.model.network().to_state_dict());
    }

    #[test]
    fn a_missing_or_changed_file_is_reported_and_the_copy_plays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.safetensors");
        std::fs::write(&path, factory::MODELS[0].bytes).unwrap();
        let loaded = load(&Source::File(path.clone())).unwrap();
        assert_eq!(recall(&loaded.saved).unwrap().1, None);
        std::fs::write(&path, b"other").unwrap();
        let (again, message) = recall(&loaded.saved).unwrap();
        assert!(message.unwrap().contains("has changed") && again.info.from_project);
        std::fs::remove_file(&path).unwrap();
        let (_, message) = recall(&loaded.saved).unwrap();
        assert!(message.unwrap().contains("mine.safetensors is missing"));
    }

    #[test]
    fn hostile_copies_are_refused_in_one_line() {
        let good = load(&Source::Factory(factory::MODELS[0].name.to_owned())).unwrap().saved;
        let bomb = {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
            let zeros = vec![0; 1 << 20];
            (0..100).for_each(|_| encoder.write_all(&zeros).unwrap());
            BASE64_STANDARD.encode(encoder.finish().unwrap())
        };
        let cut = good.data[..1000].to_owned();
        for data in ["%%%", "AAAA", cut.as_str(), bomb.as_str()] {
            let saved = SavedModel { data: data.into(), name: "a\nb".into(), ..good.clone() };
            let message = recall(&saved).err().unwrap();
            assert!(!message.contains('\n') && message.contains("a b"), "{message}");
        }
        let newer = SavedModel { version: VERSION + 1, ..good };
        assert!(recall(&newer).err().unwrap().contains("newer version"));
        assert!(recall(&SavedModel::default()).is_err());
    }

    #[test]
    fn messages_name_files_without_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broken.safetensors");
        std::fs::write(&path, "not a model").unwrap();
        let message = load(&Source::File(path)).err().unwrap();
        assert!(message.starts_with("broken.safetensors: "), "{message}");
    }
}
