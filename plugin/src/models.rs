//! Reading models, describing them, and keeping them in projects.

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
use wms::synth::timbre::TimbreSpace;

use crate::bank;
use crate::params::AXES;
use crate::shared::{Axis, ModelInfo, Source};
use crate::state::{SavedModel, VERSION};

/// Most base-64 characters of a model that a project holds.
const MOST_SAVED: usize = 2 << 20;
/// Most bytes that a saved model may become: a project file must not ask for all memory.
const MOST_UNPACKED: u64 = 64 << 20;

/// A model that can be played.
#[derive(Clone)]
pub struct Loaded {
    /// The network and its description.
    pub model: Arc<Model>,
    /// For the editor.
    pub info: ModelInfo,
    /// For projects.
    pub saved: SavedModel,
}

/// Reads a model from where it is.
///
/// # Errors
/// One line for the user.
pub fn load(source: &Source) -> Result<Loaded, String> {
    let model = match source {
        Source::Factory(name) => Model::factory(name),
        Source::File(path) => Model::load(path),
    };
    let model = model.map_err(|error| one_line(&without_folder(&error.to_string(), source)))?;
    let sha256 = hash(source).ok_or_else(|| format!("{} has gone", shown(source)))?;
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

/// The model that a project holds, and a line about it if it is not where it was.
///
/// # Errors
/// One line for the user.
pub fn recall(saved: &SavedModel) -> Result<(Loaded, Option<String>), String> {
    let name = one_line(&saved.name);
    if saved.version > VERSION {
        return Err(format!(
            "{name}: saved by a newer version of WMS (format {}, this one reads {VERSION})",
            saved.version
        ));
    }
    let place = saved.source.as_ref().map_or_else(|| name.clone(), shown);
    let found = saved.source.as_ref().and_then(hash);
    if saved.data.is_empty() {
        let source = saved.source.as_ref().ok_or_else(|| format!("{name}: no model saved"))?;
        let loaded = load(source)?;
        let changed = loaded.saved.sha256 != saved.sha256;
        return Ok((loaded, changed.then(|| format!("{place} has changed since it was saved"))));
    }
    let bytes = unpack(&saved.data).map_err(|message| format!("{name}: {message}"))?;
    let model = Model::from_bytes(&bytes)
        .map_err(|error| one_line(&format!("{name} in the project: {error}")))?;
    let message = match found {
        None => Some(format!("{place} is missing: the project's own copy plays")),
        Some(found) if found != saved.sha256 => {
            Some(format!("{place} has changed: the project's own copy plays"))
        }
        Some(_) => None,
    };
    Ok((prepared(model, saved.clone(), message.is_some()), message))
}

fn prepared(model: Model, saved: SavedModel, from_project: bool) -> Loaded {
    let info = describe(&model, &saved, from_project);
    Loaded { model: Arc::new(model), info, saved }
}

fn describe(model: &Model, saved: &SavedModel, from_project: bool) -> ModelInfo {
    let config = model.config();
    let space = TimbreSpace::new(model);
    // In the parameters' units, which count from the rest.
    let range = |input: usize| {
        let rest = space.value(input, space.rest()[input]).unwrap_or(0.0);
        let end = |value: f32| space.value(input, value).unwrap_or(0.0) - rest;
        [end(config.statistics.min[input]), end(config.statistics.max[input])]
    };
    let axes = config.timbre_indices().take(AXES).map(|input| {
        let [low, high] = range(input);
        Axis { name: config.input_names[input].clone(), input, low, high }
    });
    ModelInfo {
        serial: 0,
        name: saved.name.clone(),
        source: saved.source.clone(),
        from_project,
        axes: axes.collect(),
        voicedness: config.voicedness_index().map(range),
        sample_rate: config.spectrum.sample_rate,
        f0_range_hz: config.f0_range_hz,
    }
}

/// SHA-256 of what is at the source, in base 64; none if it is not there.
fn hash(source: &Source) -> Option<String> {
    let digest = match source {
        Source::Factory(name) => {
            Sha256::digest(factory::MODELS.iter().find(|model| model.name == *name)?.bytes)
        }
        Source::File(path) => Sha256::digest(read_bounded(path)?),
    };
    Some(BASE64_STANDARD.encode(digest))
}

fn read_bounded(path: &Path) -> Option<Vec<u8>> {
    let length = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?.len();
    (length <= MOST_UNPACKED).then(|| std::fs::read(path).ok()).flatten()
}

fn shown(source: &Source) -> String {
    match source {
        Source::Factory(name) => format!("factory model {name}"),
        Source::File(path) => path.display().to_string(),
    }
}

/// A message about a file with its name alone: there is room for one line.
fn without_folder(message: &str, source: &Source) -> String {
    match source {
        Source::File(path) => {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            message.replace(&path.display().to_string(), &name)
        }
        Source::Factory(_) => message.to_owned(),
    }
}

/// Messages may quote what a file holds.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

/// None if it is too large to be saved.
fn pack(bytes: &[u8]) -> Option<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    let packed = BASE64_STANDARD.encode(encoder.finish().ok()?);
    (packed.len() <= MOST_SAVED).then_some(packed)
}

fn unpack(data: &str) -> Result<Vec<u8>, String> {
    let packed =
        BASE64_STANDARD.decode(data).map_err(|e| format!("the project's copy is damaged ({e})"))?;
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed.as_slice())
        .take(MOST_UNPACKED)
        .read_to_end(&mut bytes)
        .map_err(|e| format!("the project's copy is damaged ({e})"))?;
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
    fn a_missing_or_changed_file_is_told_and_the_copy_plays() {
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
