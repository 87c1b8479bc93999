//! The models that can be chosen: the factory's, and the files in the user's folder.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use serde::{Deserialize, Serialize};
use wms::model::factory;

/// File name extensions of the formats that are listed, in lower case: this project's own, and the two
/// of `wms_torch`.
pub const EXTENSIONS: [&str; 3] = ["safetensors", "json", "pth"];
/// How many levels of subfolders are searched.
const MAX_DEPTH: usize = 6;
/// How many files and folders are looked at in all, so that a link to a whole disk does not keep the
/// search busy for ever.
const MAX_PATHS: usize = 20_000;

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A model that is built into the program, by its name.
    Factory(String),
    /// A file, by its path.
    File(PathBuf),
}

/// A model in the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name that the list shows.
    pub name: String,
    /// Where the model is loaded from.
    pub source: Source,
}

/// The models under one heading of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Category {
    /// "Factory", "User", or the path of a folder inside the user's folder.
    pub name: String,
    /// The models, in the order of the list.
    pub entries: Vec<Entry>,
}

/// All models that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bank {
    /// The categories, the factory's first.
    pub categories: Vec<Category>,
    /// The folder of the user's own models, which need not exist.
    pub folder: Option<PathBuf>,
}

impl Bank {
    /// The model `steps` places after `source` in the list, which wraps around at both ends. The
    /// first model if `source` is not in the list, and `None` if the list is empty.
    pub fn neighbour(&self, source: Option<&Source>, steps: isize) -> Option<Source> {
        let all: Vec<&Source> =
            self.categories.iter().flat_map(|c| &c.entries).map(|entry| &entry.source).collect();
        let count = isize::try_from(all.len()).ok().filter(|&count| count > 0)?;
        let place = all.iter().position(|&known| Some(known) == source);
        let next = place.map_or(0, |place| (place as isize + steps).rem_euclid(count));
        all.get(next as usize).map(|&source| source.clone())
    }
}

/// The folder of the user's own models: the environment variable `WMS_MODELS` if it is set, otherwise
/// `WMS/models` in the folder where the platform keeps the data of programs.
pub fn user_folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("WMS_MODELS").filter(|folder| !folder.is_empty()) {
        return Some(folder.into());
    }
    Some(ProjectDirs::from("", "", "WMS")?.data_dir().join("models"))
}

/// Lists the factory's models and those in `folder` and its subfolders. Folders that cannot be read
/// are left out.
pub fn scan(folder: Option<PathBuf>) -> Bank {
    let factory = factory::MODELS
        .iter()
        .map(|model| Entry { name: model.title(), source: Source::Factory(model.name.to_owned()) });
    let mut categories = vec![Category { name: "Factory".into(), entries: factory.collect() }];
    if let Some(folder) = &folder {
        let mut paths_left = MAX_PATHS;
        scan_folder(folder, "User", MAX_DEPTH, &mut paths_left, &mut categories);
    }
    Bank { categories, folder }
}

/// Whether a file looks like a model by its name.
fn is_model(path: &Path) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
    // The parameters of a training often lie beside its model, in a JSON file that is not a model.
    extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
        && stem.is_some_and(|stem| !stem.ends_with("params"))
        && path.is_file()
}

/// Appends the category `name` with the models in `folder`, then those of its subfolders.
fn scan_folder(
    folder: &Path,
    name: &str,
    depth: usize,
    paths_left: &mut usize,
    categories: &mut Vec<Category>,
) {
    let Ok(listed) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> =
        listed.flatten().map(|entry| entry.path()).take(*paths_left).collect();
    *paths_left -= paths.len();
    paths.sort();
    let entries: Vec<Entry> = paths
        .iter()
        .filter(|path| is_model(path))
        .map(|path| Entry { name: file_title(path), source: Source::File(path.clone()) })
        .collect();
    if !entries.is_empty() {
        categories.push(Category { name: name.to_owned(), entries });
    }
    if depth == 0 {
        return;
    }
    for path in paths.iter().filter(|path| path.is_dir()) {
        let own = path.file_name().unwrap_or_default().to_string_lossy();
        let name = if name == "User" { own.into_owned() } else { format!("{name} / {own}") };
        scan_folder(path, &name, depth - 1, paths_left, categories);
    }
}

/// The name of a file without its folder and its extension.
pub fn file_title(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_categories() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("strings/low")).unwrap();
        for name in ["b.pth", "a.safetensors", "params.json", "notes.txt", "strings/low/cello.JSON"]
        {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let bank = scan(Some(folder.path().to_owned()));
        let names: Vec<(&str, Vec<&str>)> = bank
            .categories
            .iter()
            .skip(1)
            .map(|c| (c.name.as_str(), c.entries.iter().map(|e| e.name.as_str()).collect()))
            .collect();
        assert_eq!(names, [("User", vec!["a", "b"]), ("strings / low", vec!["cello"])]);
        let first = &bank.categories[0].entries[0].source;
        let last = &bank.categories[2].entries[0].source;
        assert_eq!(bank.neighbour(Some(first), -1).as_ref(), Some(last));
        assert_eq!(bank.neighbour(Some(last), 1).as_ref(), Some(first));
        assert_eq!(bank.neighbour(None, 1).as_ref(), Some(first));
        assert_eq!(Bank::default().neighbour(None, 1), None);
    }
}
