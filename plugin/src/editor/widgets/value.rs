//! The value of a control as text, which becomes a field to type into when it is clicked.

use egui::text::CCursorRange;
use egui::{Align2, FontSelection, Id, Key, Rect, Sense, TextEdit, Ui, vec2};
use nice_plug::context::gui::ParamSetter;

use crate::editor::control::{self, Control};
use crate::editor::theme;

/// The text field that is open. There is at most one.
#[derive(Clone)]
struct Field {
    /// The id of the widget whose value is edited.
    of: Id,
    text: String,
    /// Whether it has not been drawn yet.
    new: bool,
}

/// Where the window's memory keeps the open field.
fn field_id() -> Id {
    Id::unique("wms value field")
}

/// Opens the text field of a control; `of` is the id of its widget.
pub fn open(ui: &Ui, of: Id, control: &dyn Control) {
    let field = Field { of, text: control::text(control), new: true };
    ui.data_mut(|data| data.insert_temp(field_id(), field));
}

/// Shows the value in `rect`, or the text field while it is open; `of` is the id of the widget.
pub fn show(ui: &mut Ui, rect: Rect, of: Id, control: &dyn Control, setter: &ParamSetter) {
    match ui.data(|data| data.get_temp::<Field>(field_id())) {
        Some(field) if field.of == of => edit(ui, rect, field, control, setter),
        _ => label(ui, rect, of, control),
    }
}

fn label(ui: &Ui, rect: Rect, of: Id, control: &dyn Control) {
    let response =
        ui.interact(rect, of.with("value"), Sense::click()).on_hover_cursor(egui::CursorIcon::Text);
    let color = if response.hovered() { theme::ACCENT } else { theme::TEXT };
    let painter = ui.painter();
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        control::text(control),
        theme::small(),
        color,
    );
    if response.clicked() || response.secondary_clicked() {
        open(ui, of, control);
    }
}

fn edit(ui: &mut Ui, rect: Rect, mut field: Field, control: &dyn Control, setter: &ParamSetter) {
    let rect = Rect::from_center_size(rect.center(), vec2(rect.width().max(58.0), 20.0));
    let is_readable = control.read(&field.text).is_some();
    let id = field.of.with("field");
    let output = ui
        .new_child(egui::UiBuilder::new().max_rect(rect))
        .scope(|ui| {
            ui.visuals_mut().selection.stroke.color = theme::ACCENT;
            TextEdit::singleline(&mut field.text)
                .id(id)
                .font(FontSelection::FontId(theme::small()))
                .text_color(if is_readable { theme::TEXT } else { theme::ERROR })
                .margin(vec2(3.0, 2.0))
                .align(egui::Align2::CENTER_CENTER)
                .desired_width(rect.width())
                .show(ui)
        })
        .inner;
    if field.new {
        field.new = false;
        output.response.request_focus();
        let mut state = output.state;
        state.cursor.set_char_range(Some(CCursorRange::select_all_str(&field.text)));
        state.store(ui.ctx(), id);
        ui.data_mut(|data| data.insert_temp(field_id(), field));
        return;
    }
    let done = output.response.lost_focus();
    if done
        && ui.input(|input| input.key_pressed(Key::Enter))
        && let Some(to) = control.read(&field.text)
    {
        control::set(control, setter, to);
    }
    if done {
        ui.data_mut(|data| data.remove::<Field>(field_id()));
    } else {
        ui.data_mut(|data| data.insert_temp(field_id(), field));
    }
}
