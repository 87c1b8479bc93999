//! The models that can be chosen: the factory's and those in the user's folder.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use wms::model::factory;

use crate::shared::{Bank, Category, Entry, Source};

/// What model files end in.
pub const EXTENSIONS: [&str; 3] = ["safetensors", "json", "pth"];
/// Folders within folders that are looked through.
const DEPTH: usize = 6;
/// Files and folders that are looked at: a link to a whole disk must not take forever.
const MOST: usize = 20_000;

/// The folder of the user's models: `WMS/models` in the platform's place for programs' data, or
/// what the environment variable `WMS_MODELS` says.
pub fn user_folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("WMS_MODELS").filter(|folder| !folder.is_empty()) {
        return Some(folder.into());
    }
    Some(ProjectDirs::from("", "", "WMS")?.data_dir().join("models"))
}

/// Looks through the factory and a folder. What cannot be read is left out.
pub fn scan(folder: Option<PathBuf>) -> Bank {
    let factory = factory::MODELS
        .iter()
        .map(|model| Entry { name: model.title(), source: Source::Factory(model.name.to_owned()) });
    let mut categories = vec![Category { name: "Factory".into(), entries: factory.collect() }];
    if let Some(folder) = &folder {
        let mut left = MOST;
        scan_folder(folder, "User", DEPTH, &mut left, &mut categories);
    }
    Bank { categories, folder }
}

fn scan_folder(
    folder: &Path,
    name: &str,
    depth: usize,
    left: &mut usize,
    categories: &mut Vec<Category>,
) {
    let Ok(listed) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).take(*left).collect();
    *left -= paths.len();
    paths.sort();
    let is_model = |path: &PathBuf| {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
        // Parameters of a training, and descriptions of models, lie beside them.
        extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
            && stem.is_some_and(|stem| !stem.ends_with("params"))
            && path.is_file()
    };
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
        scan_folder(path, &name, depth - 1, left, categories);
    }
}

/// A file's name without what it ends in.
pub fn file_title(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The model `steps` places after `source`, around the ends; the first one if it is not there.
pub fn neighbour(bank: &Bank, source: Option<&Source>, steps: isize) -> Option<Source> {
    let all: Vec<&Source> =
        bank.categories.iter().flat_map(|c| &c.entries).map(|entry| &entry.source).collect();
    let count = isize::try_from(all.len()).ok().filter(|&count| count > 0)?;
    let place = all.iter().position(|&known| Some(known) == source);
    let next = place.map_or(0, |place| (place as isize + steps).rem_euclid(count));
    all.get(next as usize).map(|&source| source.clone())
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
        assert_eq!(neighbour(&bank, Some(first), -1).as_ref(), Some(last));
        assert_eq!(neighbour(&bank, Some(last), 1).as_ref(), Some(first));
        assert_eq!(neighbour(&bank, None, 1).as_ref(), Some(first));
        assert_eq!(neighbour(&Bank::default(), None, 1), None);
    }
}
