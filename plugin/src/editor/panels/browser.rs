//! The models that there are, and ways to those that are elsewhere.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use egui::{Align2, FontSelection, Rect, ScrollArea, Sense, TextEdit, Ui, pos2, vec2};

use super::panel;
use crate::editor::theme;
use crate::editor::widgets::button::{self, Sign};
use crate::shared::{Bank, Entry, ModelInfo, Request, Shared, Source};

const ROW: f32 = 25.0;
/// Models from which on there is a field to search in.
const MANY: usize = 16;
/// Kinds of files that are models.
const KINDS: [&str; 3] = ["safetensors", "json", "pth"];

/// What the browser remembers.
#[derive(Default)]
pub struct Browser {
    path: String,
    wanted: String,
    closed: BTreeSet<String>,
    /// Whether a dialog is open.
    asking: Arc<AtomicBool>,
}

/// Opens the system's dialog on a thread of its own; what is chosen there is loaded.
fn ask(asking: &Arc<AtomicBool>, folder: Option<PathBuf>, shared: &Arc<Shared>) {
    if asking.swap(true, Ordering::Relaxed) {
        return;
    }
    let (done, shared) = (Arc::clone(asking), Arc::clone(shared));
    let thread = std::thread::Builder::new().name("wms dialog".to_owned()).spawn(move || {
        let mut dialog =
            rfd::FileDialog::new().set_title("Open a model").add_filter("Models", &KINDS);
        if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
            dialog = dialog.set_directory(folder);
        }
        if let Some(path) = dialog.pick_file() {
            shared.request(Request::Load(Source::File(path)));
        }
        done.store(false, Ordering::Relaxed);
    });
    if thread.is_err() {
        asking.store(false, Ordering::Relaxed);
    }
}

/// The path that was typed, pasted or dropped: without quotes, of `file:` addresses too.
pub fn path_of(text: &str) -> Option<PathBuf> {
    let text = text.trim().trim_matches(['"', '\'']);
    if let Some(address) = text.strip_prefix("file://") {
        return percent_decoded(address).map(PathBuf::from);
    }
    if let Some(rest) = text.strip_prefix("~/") {
        let home = directories::BaseDirs::new()?;
        return Some(home.home_dir().join(rest));
    }
    (!text.is_empty() && !text.contains('\n')).then(|| PathBuf::from(text))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Where an entry's format is told, if it is not this project's.
fn tag(entry: &Entry) -> &'static str {
    match &entry.source {
        Source::File(path) if path.extension().is_some_and(|kind| kind != "safetensors") => {
            "wms_torch"
        }
        _ => "",
    }
}

/// Draws the browser.
pub fn show(
    ui: &mut Ui,
    rect: Rect,
    browser: &mut Browser,
    model: &ModelInfo,
    shared: &Arc<Shared>,
) {
    let inner = panel(ui, rect, "Models");
    let again = Rect::from_center_size(
        pos2(rect.right() - 20.0, rect.top() + theme::INSET + 6.0),
        vec2(22.0, 22.0),
    );
    if button::show(ui, again, "refresh", Sign::Again, "Look through the folder again").clicked() {
        shared.request(Request::Refresh);
    }
    let bank = shared.bank();
    let foot = Rect::from_min_max(pos2(inner.left(), inner.bottom() - 26.0), inner.max);
    let mut list = Rect::from_min_max(inner.min, pos2(inner.right(), foot.top() - 6.0));
    let count: usize = bank.categories.iter().map(|category| category.entries.len()).sum();
    if count >= MANY {
        let field = Rect::from_min_size(list.min, vec2(list.width(), 24.0));
        field_at(ui, field, &mut browser.wanted, "Search");
        list.min.y += 30.0;
    } else {
        browser.wanted.clear();
    }
    let mut area = ui.new_child(egui::UiBuilder::new().max_rect(list));
    area.set_clip_rect(list.expand2(vec2(4.0, 0.0)));
    ScrollArea::vertical().id_salt("models").auto_shrink(false).show(&mut area, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        categories(ui, browser, &bank, model, shared);
    });
    open(ui, foot, browser, &bank, shared);
}

fn categories(ui: &mut Ui, browser: &mut Browser, bank: &Bank, model: &ModelInfo, shared: &Shared) {
    let wanted = browser.wanted.to_lowercase();
    for category in &bank.categories {
        let found: Vec<&Entry> = category
            .entries
            .iter()
            .filter(|entry| entry.name.to_lowercase().contains(&wanted))
            .collect();
        if found.is_empty() && !wanted.is_empty() {
            continue;
        }
        let is_closed = browser.closed.contains(&category.name);
        let (head, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
        let color = if response.hovered() { theme::TEXT } else { theme::SECONDARY };
        let at = pos2(head.left() + 2.0, head.center().y);
        let name =
            ui.painter().text(at, Align2::LEFT_CENTER, &category.name, theme::small(), color);
        button::caret(ui.painter(), pos2(name.right() + 9.0, at.y), !is_closed, color);
        if response.clicked() && !browser.closed.remove(&category.name) {
            browser.closed.insert(category.name.clone());
        }
        if !is_closed {
            found.into_iter().for_each(|entry| row(ui, entry, model, shared));
        }
    }
    if bank.categories.len() < 2 {
        let text = match &bank.folder {
            Some(folder) => format!("Your own models: put them into\n{}", folder.display()),
            None => String::new(),
        };
        ui.add_space(8.0);
        ui.label(egui::RichText::new(text).font(theme::small()).color(theme::SECONDARY));
    }
}

fn row(ui: &mut Ui, entry: &Entry, model: &ModelInfo, shared: &Shared) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let plays = model.source.as_ref() == Some(&entry.source);
    let painter = ui.painter();
    if plays {
        painter.rect_filled(rect, theme::CORNER, theme::RAISED);
    } else if response.hovered() {
        painter.rect_filled(rect, theme::CORNER, theme::RAIL);
    }
    let y = rect.center().y;
    let tag = painter.text(
        pos2(rect.right() - 8.0, y),
        Align2::RIGHT_CENTER,
        tag(entry),
        theme::small(),
        theme::SECONDARY,
    );
    let color = if plays { theme::ACCENT } else { theme::TEXT };
    painter.with_clip_rect(rect.with_max_x(tag.left() - 4.0).intersect(ui.clip_rect())).text(
        pos2(rect.left() + 10.0, y),
        Align2::LEFT_CENTER,
        &entry.name,
        theme::body(),
        color,
    );
    if response.clicked() {
        shared.request(Request::Load(entry.source.clone()));
    }
    if let Source::File(path) = &entry.source {
        response.on_hover_text(path.display().to_string());
    }
}

fn field_at(ui: &mut Ui, rect: Rect, text: &mut String, hint: &str) -> egui::Response {
    ui.place(
        rect,
        TextEdit::singleline(text)
            .font(FontSelection::FontId(theme::small()))
            .hint_text(egui::RichText::new(hint).font(theme::small()).color(theme::SECONDARY))
            .margin(vec2(7.0, 5.0))
            .desired_width(rect.width()),
    )
}

fn open(ui: &mut Ui, foot: Rect, browser: &mut Browser, bank: &Bank, shared: &Arc<Shared>) {
    let side = Rect::from_min_max(pos2(foot.right() - 58.0, foot.top()), foot.max);
    let hint = "Choose a model file: .safetensors, or .json and .pth of wms_torch";
    if button::show(ui, side, "open", Sign::Word("Open\u{2026}"), hint).clicked() {
        ask(&browser.asking, bank.folder.clone(), shared);
    }
    let field = Rect::from_min_max(foot.min, pos2(side.left() - 6.0, foot.bottom()));
    let response = field_at(ui, field, &mut browser.path, "Path of a model");
    if response.lost_focus()
        && ui.input(|input| input.key_pressed(egui::Key::Enter))
        && let Some(path) = path_of(&browser.path)
    {
        shared.request(Request::Load(Source::File(path)));
    }
    response.on_hover_text("Type or paste the path of a model file, then press Enter");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_file_managers_write_them() {
        assert_eq!(path_of("  \"/a b/c.pth\" "), Some(PathBuf::from("/a b/c.pth")));
        assert_eq!(path_of("file:///a%20b/c.json\n"), Some(PathBuf::from("/a b/c.json")));
        assert_eq!(path_of("file:///a%2"), None);
        assert_eq!(path_of(" "), None);
        assert_eq!(path_of("two\nlines"), None);
        let home = path_of("~/model.safetensors").unwrap();
        assert!(home.is_absolute() && home.ends_with("model.safetensors"));
    }

    #[test]
    fn foreign_formats_are_told() {
        let entry =
            |name: &str| Entry { name: String::new(), source: Source::File(PathBuf::from(name)) };
        assert_eq!(tag(&entry("a.pth")), "wms_torch");
        assert_eq!(tag(&entry("a.safetensors")), "");
    }
}
