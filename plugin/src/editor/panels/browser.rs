//! The list of models, and ways to open a model from another folder.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use egui::{Align2, FontSelection, Rect, ScrollArea, Sense, TextEdit, Ui, pos2, vec2};

use super::panel;
use crate::bank::{Bank, EXTENSIONS, Entry, Source};
use crate::editor::theme;
use crate::editor::widgets::button::{self, Sign};
use crate::model_info::ModelInfo;
use crate::shared::{Request, Shared};

/// Height of a row of the list, points.
const ROW: f32 = 25.0;
/// The search field is shown from this number of models on.
const MIN_SEARCHED: usize = 16;

/// What the browser remembers from frame to frame.
#[derive(Default)]
pub struct Browser {
    /// The path that is being typed.
    path: String,
    /// The words that are searched for.
    search: String,
    /// The names of the categories that are folded up.
    closed: BTreeSet<String>,
    /// Whether the file dialog is open.
    dialog_is_open: Arc<AtomicBool>,
}

/// Opens the system's file dialog, and loads the model that is chosen in it. The dialog has a thread of
/// its own, because it returns only when it is closed.
fn open_dialog(is_open: &Arc<AtomicBool>, folder: Option<PathBuf>, shared: &Arc<Shared>) {
    if is_open.swap(true, Ordering::Relaxed) {
        return;
    }
    let (is_open_there, shared_there) = (Arc::clone(is_open), Arc::clone(shared));
    let thread = std::thread::Builder::new().name("wms dialog".to_owned()).spawn(move || {
        let mut dialog =
            rfd::FileDialog::new().set_title("Open a model").add_filter("Models", &EXTENSIONS);
        if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
            dialog = dialog.set_directory(folder);
        }
        if let Some(path) = dialog.pick_file() {
            shared_there.request(Request::Load(Source::File(path)));
        }
        is_open_there.store(false, Ordering::Relaxed);
    });
    if thread.is_err() {
        is_open.store(false, Ordering::Relaxed);
        let text = "The system refused a thread for the file dialog. Type or paste the path of the \
                    model into the field below the list instead.";
        shared.set_status(text, true);
    }
}

/// Reads a path that was typed or pasted. Quotes around it are removed, `file:` addresses are decoded,
/// and `~` is the home folder. `None` if the text is not a path.
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

/// Decodes the characters that an address writes as `%` and two digits.
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

/// The label of an entry whose file is not in this project's own format.
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
    let refresh = Rect::from_center_size(
        pos2(rect.right() - 20.0, rect.top() + theme::INSET + 6.0),
        vec2(22.0, 22.0),
    );
    if button::show(
        ui,
        refresh,
        "refresh",
        Sign::Refresh,
        "List the models in your folder again, for example after you have added one.",
    )
    .clicked()
    {
        shared.request(Request::Refresh);
    }
    let bank = shared.bank();
    let foot = Rect::from_min_max(pos2(inner.left(), inner.bottom() - 26.0), inner.max);
    let mut list = Rect::from_min_max(inner.min, pos2(inner.right(), foot.top() - 6.0));
    let count: usize = bank.categories.iter().map(|category| category.entries.len()).sum();
    if count >= MIN_SEARCHED {
        let field = Rect::from_min_size(list.min, vec2(list.width(), 24.0));
        field_at(ui, field, &mut browser.search, "Search");
        list.min.y += 30.0;
    } else {
        browser.search.clear();
    }
    let mut area = ui.new_child(egui::UiBuilder::new().max_rect(list));
    area.set_clip_rect(list.expand2(vec2(4.0, 0.0)));
    ScrollArea::vertical().id_salt("models").auto_shrink(false).show(&mut area, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        categories(ui, browser, &bank, model, shared);
    });
    open_row(ui, foot, browser, &bank, shared);
}

/// Draws the categories and their models.
fn categories(ui: &mut Ui, browser: &mut Browser, bank: &Bank, model: &ModelInfo, shared: &Shared) {
    let search = browser.search.to_lowercase();
    for category in &bank.categories {
        let found: Vec<&Entry> = category
            .entries
            .iter()
            .filter(|entry| entry.name.to_lowercase().contains(&search))
            .collect();
        if found.is_empty() && !search.is_empty() {
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

/// Draws one model of the list.
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

/// Draws the field for a path and the button for the file dialog.
fn open_row(ui: &mut Ui, foot: Rect, browser: &mut Browser, bank: &Bank, shared: &Arc<Shared>) {
    let side = Rect::from_min_max(pos2(foot.right() - 58.0, foot.top()), foot.max);
    let hint = "Opens a model file: .safetensors, or .json or .pth of wms_torch.";
    if button::show(ui, side, "open", Sign::Word("Open\u{2026}"), hint).clicked() {
        open_dialog(&browser.dialog_is_open, bank.folder.clone(), shared);
    }
    let field = Rect::from_min_max(foot.min, pos2(side.left() - 6.0, foot.bottom()));
    let response = field_at(ui, field, &mut browser.path, "Path of a model");
    if response.lost_focus()
        && ui.input(|input| input.key_pressed(egui::Key::Enter))
        && let Some(path) = path_of(&browser.path)
    {
        shared.request(Request::Load(Source::File(path)));
    }
    response.on_hover_text("Type or paste the path of a model file, then press Enter to load it.");
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
    fn foreign_formats_are_labelled() {
        let entry =
            |name: &str| Entry { name: String::new(), source: Source::File(PathBuf::from(name)) };
        assert_eq!(tag(&entry("a.pth")), "wms_torch");
        assert_eq!(tag(&entry("a.safetensors")), "");
    }
}
